import JSON
import Model

/// A filter in Chroma's own words, where it means exactly the same: `where` and `where_document`.
struct ChromaCondition: Hashable, Sendable {
    /// JSON, or empty.
    private var metadata = ""
    private var document = ""

    init() {}

    var isEmpty: Bool { metadata.isEmpty && document.isEmpty }

    /// Nil if Chroma means something else, or knows no such thing.
    init?(_ filter: Filter, _ reading: ChromaReading) {
        let shape = reading.description.collection
        var parts: (metadata: [String], document: [String]) = ([], [])
        for conjunct in filter.conjuncts {
            if let text = Self.document(conjunct, shape, reading.server.engine) {
                parts.document.append(text)
            } else if let text = ChromaWords(shape: shape, engine: reading.server.engine).words(conjunct) {
                parts.metadata.append(text)
            } else {
                return nil
            }
        }
        metadata = ChromaWords.joined(parts.metadata, "$and")
        document = ChromaWords.joined(parts.document, "$and")
    }

    func write(to body: inout JSONWriter) {
        for (name, text) in [("where", metadata), ("where_document", document)] where !text.isEmpty {
            body.name(name.utf8)
            body.raw(text.utf8)
        }
    }

    /// Texts in the middle of the document; before 1.0 their case does not count.
    private static func document(_ filter: Filter, _ shape: Collection, _ engine: ChromaEngine) -> String? {
        guard case .like(ChromaTable.document, let pattern) = filter, engine.isRust,
            shape.fields.contains(where: { $0.name == ChromaTable.document && $0.type.isText }),
            pattern.utf8.count > 2, pattern.utf8.first == 0x25, pattern.utf8.last == 0x25, !pattern.utf8.contains(0)
        else { return nil }
        let part = Array(pattern.utf8.dropFirst().dropLast())
        return JSONValue.object([.init("$contains", .string(String(decoding: part, as: UTF8.self)))]).text
    }
}

/// Conditions on metadata.
private struct ChromaWords {
    let shape: Collection
    let engine: ChromaEngine

    func words(_ filter: Filter) -> String? {
        switch filter {
        case .all(let filters): joined(filters, "$and")
        case .any(let filters): joined(filters, "$or")
        case .compare(let field, let comparison, let value): compare(field, comparison, value)
        case .within(let field, let values):
            values.isEmpty ? nil : joined(values.map { .compare(field: field, is: .equal, to: $0) }, "$or")
        case .not, .like, .exists, .native: nil
        }
    }

    private func joined(_ filters: [Filter], _ word: String) -> String? {
        let parts = filters.compactMap(words)
        return parts.count == filters.count && !parts.isEmpty ? Self.joined(parts, word) : nil
    }

    static func joined(_ parts: [String], _ word: String) -> String {
        parts.count > 1 ? "{\"\(word)\":[\(parts.joined(separator: ","))]}" : parts.first ?? ""
    }

    private func compare(_ field: String, _ comparison: Filter.Comparison, _ value: Scalar) -> String? {
        guard isMetadata(field), let operand = operand(value) else { return nil }
        // Minus zero is no number of Chroma's, and equal to zero.
        if operand == .integer(0), !isNumber(field) { return nil }
        // Before 1.0 whole numbers and fractions are apart, and what is missing is not unequal.
        if !engine.isRust, comparison == .unequal || value.isInteger && !isNumber(field) { return nil }
        let word: String
        switch comparison {
        case .equal: word = "$eq"
        // What is missing, or of another kind, is unequal for Chroma too.
        case .unequal: word = "$ne"
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard isNumber(field), case .integer = operand else { return nil }
            word = Self.orders[comparison] ?? ""
        }
        return JSONValue.object([.init(field, .object([.init(word, operand)]))]).text
    }

    private static let orders: [Filter.Comparison: String] = [
        .less: "$lt", .lessOrEqual: "$lte", .greater: "$gt", .greaterOrEqual: "$gte",
    ]

    /// Whether a name means one member of the metadata and nothing else.
    private func isMetadata(_ field: String) -> Bool {
        let isOwn = [shape.key.name, "key", ChromaTable.document, ChromaTable.uri].contains(field)
        guard !isOwn, ChromaPayload.inner(Text(field)) == Text(field) else { return false }
        switch shape.fields.first(where: { $0.name == field })?.type {
        case .array, .json, .timestamp: return false
        case nil: return !field.contains(".") && !shape.vectors.contains { $0.name == field }
        default: return true
        }
    }

    /// Only fields whose numbers are surely all in the metadata have an order there.
    private func isNumber(_ field: String) -> Bool {
        switch shape.fields.first(where: { $0.name == field })?.type {
        case .int8, .int16, .int32, .int64: true
        default: false
        }
    }

    /// Whole numbers up to 2^53, as Chroma compares fractions with the whole part of others.
    private func operand(_ value: Scalar) -> JSONValue? {
        switch value {
        case .integer(let number) where number.magnitude < 1 << 53: .integer(number)
        case .bool(let truth): .bool(truth)
        case .text(let text) where !text.utf8.contains(0): .string(text.description)
        case .null, .natural, .double, .text, .integer: nil
        }
    }
}

extension FieldType {
    fileprivate var isText: Bool { if case .text = self { true } else { false } }
}

extension Scalar {
    fileprivate var isInteger: Bool { if case .integer = self { true } else { false } }
}
