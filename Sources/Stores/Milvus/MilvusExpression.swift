import Model

/// Conditions as Milvus spells them.
struct MilvusExpression: Sendable {
    let engine: MilvusEngine
    /// The key's field.
    let key: String
    /// Whether keys are texts there, whatever they are here.
    let isText: Bool

    init(_ table: MilvusTable, _ engine: MilvusEngine) {
        self.engine = engine
        key = table.schema.key?.name ?? ""
        isText = table.schema.key?.type != .int64
    }

    /// Nil where the engine has no spelling for the text.
    func literal(_ text: Text) -> String? {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A, 0x0D:
                guard engine.spellsLineBreaks else { return nil }
                bytes += byte == 0x0A ? Array("\\n".utf8) : Array("\\r".utf8)
            case 0x09 where engine.spellsLineBreaks: bytes += Array("\\t".utf8)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return text + "\""
    }

    /// Keys that are no integers are kept as text.
    func literal(_ key: Key) -> String? {
        switch key {
        case .integer(let value) where !isText: String(value)
        case .integer, .natural, .uuid: "\"\(key)\""
        case .text(let text): literal(text)
        }
    }

    /// Records behind a key; Milvus cannot read the least integer in an expression.
    func above(_ place: Key) -> String? {
        if place == .integer(.min), !isText { return "\(key) >= \(Int64.min + 1)" }
        return literal(place).map { "\(key) > \($0)" }
    }

    func upTo(_ place: Key) -> String? {
        if place == .integer(.min), !isText { return "\(key) < \(Int64.min + 1)" }
        return literal(place).map { "\(key) <= \($0)" }
    }

    /// The records with these keys; throws for a key that cannot be asked for.
    func among(_ keys: [Key]) throws(StoreError) -> String {
        var literals: [String] = []
        var isLeastMeant = false
        for one in keys {
            if one == .integer(.min), !isText {
                isLeastMeant = true
            } else if let literal = literal(one) {
                literals.append(literal)
            } else {
                throw StoreError(
                    .unsupported, "Milvus Lite 2 cannot be asked for a key with a line break in it",
                    help: "Milvus Lite 3 can")
            }
        }
        let list = literals.isEmpty ? [] : ["\(key) in [\(literals.joined(separator: ","))]"]
        let least = isLeastMeant ? ["\(key) < \(Int64.min + 1)"] : []
        return (list + least).joined(separator: " or ")
    }

    static func joined(_ parts: [String?]) -> String {
        let all = parts.compactMap(\.self).filter { !$0.isEmpty }
        return all.count == 1 ? all[0] : all.map { "(\($0))" }.joined(separator: " and ")
    }
}

extension String {
    /// Nil for bytes that are no text.
    fileprivate init?(validating bytes: [UInt8], as: UTF8.Type) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { return nil }
        self = text
    }
}
