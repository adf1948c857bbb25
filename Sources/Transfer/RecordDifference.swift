import JSON
import Model

/// In which fields two records of one key differ, in words for people.
struct RecordDifference: Sendable {
    private let rules: ValueRules
    private static let most = 3

    init(_ rules: ValueRules) { self.rules = rules }

    /// The first record of each batch; nil where no field explains it.
    func text(_ expected: Batch, _ a: Collection, _ found: Batch, _ b: Collection) -> String? {
        let all = vectors(expected, a, found, b) + fields(RecordFields(expected, a), RecordFields(found, b))
        guard !all.isEmpty else { return nil }
        let rest = all.count > Self.most ? "; and \(all.count - Self.most) more" : ""
        return all.prefix(Self.most).joined(separator: "; ") + rest
    }

    // MARK: Vectors

    private func vectors(_ expected: Batch, _ a: Collection, _ found: Batch, _ b: Collection) -> [String] {
        var names: [String] = []
        for name in (a.vectors + b.vectors).map(\.name) where !names.contains(name) { names.append(name) }
        return names.compactMap { name in
            difference(VectorInRecord(name, expected, a), VectorInRecord(name, found, b), rules.vectors[name])
                .map { "vector \(name): \($0)" }
        }
    }

    private func difference(_ a: VectorInRecord, _ b: VectorInRecord, _ rule: ValueRules.VectorRule?) -> String? {
        if case .leftOut = rule { return nil }
        guard let left = a.numbers, let right = b.numbers else {
            let isAlike =
                a.mark == b.mark || rules.field(a.name).contains(.mergesNull) && a.mark != .value && b.mark != .value
            return isAlike ? nil : "expected \(a.mark.noun), found \(b.mark.noun)"
        }
        switch rule {
        case .compared(let comparison): return comparison.difference(left, right)
        case .element(let element):
            return left.difference(from: right) { element.bits($0) != element.bits($1) }
        case .leftOut, nil: return left.difference(from: right) { $0.bitPattern != $1.bitPattern }
        }
    }

    // MARK: Payload

    private func fields(_ a: RecordFields, _ b: RecordFields) -> [String] {
        var (left, right) = (a.byName, b.byName)
        let names = a.names + b.names.filter { left[$0] == nil }
        return names.compactMap { name in
            let text = name.description
            let rule = rules.field(text)
            let (expected, found) = (left.removeValue(forKey: name), right.removeValue(forKey: name))
            guard !rule.contains(.leftOut), !isAlike(expected, found, rule) else { return nil }
            return "field \(text): expected \(brief(expected)), found \(brief(found))"
        }
    }

    private func isAlike(_ a: [UInt8]?, _ b: [UInt8]?, _ rule: ValueRules.FieldRule) -> Bool {
        if a == b { return true }
        let null = Array("null".utf8)
        if rule.contains(.mergesNull), a ?? null == null, b ?? null == null { return true }
        guard rule.contains(.byMeaning), let a, let b else { return false }
        return Hash.of(json: a, byMeaning: true) == Hash.of(json: b, byMeaning: true)
    }

    private func brief(_ text: [UInt8]?) -> String {
        guard let text else { return "nothing" }
        let whole = String(decoding: text, as: UTF8.self)
        return whole.count > 40 ? whole.prefix(39) + "…" : whole
    }
}

/// A vector of the first record of a batch.
private struct VectorInRecord {
    let name: String
    var mark = Column.Mark.absent
    var numbers: VectorNumbers?

    init(_ name: String, _ batch: Batch, _ shape: Collection) {
        self.name = name
        guard let place = shape.vectors.firstIndex(where: { $0.name == name }) else { return }
        mark = batch.vectors[place].mark(0)
        if mark == .value { numbers = VectorNumbers(shape.vectors[place], batch.vectors[place], row: 0) }
    }
}

/// The payload of the first record of a batch, as canonical text.
private struct RecordFields {
    private(set) var names: [Text] = []
    private(set) var byName: [Text: [UInt8]] = [:]

    init(_ batch: Batch, _ shape: Collection) {
        var (bare, json) = (shape, JSONWriter())
        bare.vectors = []
        RecordWriter(bare).write(batch, row: 0, to: &json)
        // It was written just now, so it can be read.
        try? json.bytes.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, part) throws(JSONError) in
                guard scanner.raw(part).elementsEqual("fields".utf8) else { return _ = try scanner.skip() }
                try scanner.object { (scanner, name) throws(JSONError) in
                    let name = Text(utf8: try scanner.decoded(name))
                    let value = Array(scanner.raw(try scanner.skip()))
                    if byName.updateValue(value, forKey: name) == nil { names.append(name) }
                }
            }
        }
    }
}

extension Column.Mark {
    fileprivate var noun: String {
        switch self {
        case .value: "a vector"
        case .null: "null"
        case .absent: "nothing"
        }
    }
}

extension Element {
    /// The number as this type has it.
    fileprivate func bits(_ number: Float) -> [UInt8] {
        var bytes: [UInt8] = []
        if !append([number], to: &bytes) { _ = Element.float32.append([number], to: &bytes) }
        return bytes
    }
}
