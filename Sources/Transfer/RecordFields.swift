import JSON
import Model

/// A record's vectors and fields by name, as canonical text.
package struct RecordFields {
    private let shape: Collection
    private let writer: RecordWriter

    package init(_ shape: Collection) {
        self.shape = shape
        writer = RecordWriter(shape)
    }

    package func values(_ batch: Batch, _ row: Int) -> [(name: String, text: [UInt8])] {
        var json = JSONWriter()
        writer.write(batch, row: row, to: &json)
        var values: [(name: String, text: [UInt8])] = []
        // It was written just now, so it can be read.
        try? json.bytes.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, part) throws(JSONError) in
                let what = String(decoding: scanner.raw(part), as: UTF8.self)
                guard what != "key" else { return _ = try scanner.skip() }
                try scanner.object { (scanner, name) throws(JSONError) in
                    let member = String(decoding: try scanner.decoded(name), as: UTF8.self)
                    values.append(
                        ("\(what == "vectors" ? "vector" : "field") \(member)", Array(scanner.raw(try scanner.skip()))))
                }
            }
        }
        return values
    }

    package static func difference(_ a: [(name: String, text: [UInt8])], _ b: [(name: String, text: [UInt8])])
        -> String?
    {
        var left = Dictionary(a.map { ($0.name, $0.text) }) { first, _ in first }
        for (name, text) in b {
            guard let other = left.removeValue(forKey: name) else { return "\(name) is only in the target" }
            if other != text {
                return name.hasPrefix("vector") ? "\(name) differs" : "\(name): \(brief(other)) ≠ \(brief(text))"
            }
        }
        return left.keys.min().map { "\($0) is only in the source" }
    }

    private static func brief(_ text: [UInt8]) -> String {
        let whole = String(decoding: text, as: UTF8.self)
        return whole.count > 40 ? whole.prefix(39) + "…" : whole
    }
}
