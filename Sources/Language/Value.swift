import JSON
import Model

/// What a variable, an operand or an expression is, once it is known.
package indirect enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Only above `Int64.max`.
    case natural(UInt64)
    case number(Double)
    case text(String)
    /// A bare word: a name or a keyword, whatever the place takes it for.
    case word(String)
    case reference(Reference)
    case uri(String)
    case path(String)
    case quantity(Quantity)
    case list([Value])
    case document(JSONValue)
}

/// `conn:name`, or a part of it; the name may be a pattern.
package struct Reference: Hashable, Sendable {
    /// Nil where only a collection is named: `:docs`.
    package var connection: String?
    /// Nil for the connection as a whole.
    package var name: String?

    package init(connection: String?, name: String?) {
        self.connection = connection
        self.name = name
    }

    /// Reads `conn:name` out of text, as a string or a variable may hold it.
    package init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.init(connection: parts[0].isEmpty ? nil : parts[0], name: parts.count > 1 ? parts[1] : nil)
    }
}

extension Reference: CustomStringConvertible {
    package var description: String { (connection ?? "") + (name.map { ":\($0)" } ?? "") }
}

extension Value: CustomStringConvertible {
    /// The text that it stands for, as `print` shows it and a string takes it in.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .natural(let value): String(value)
        case .number(let value):
            value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
        case .text(let text), .word(let text), .uri(let text), .path(let text): text
        case .reference(let reference): reference.description
        case .quantity(let quantity): quantity.spelling
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .document(let document): document.text
        }
    }

    /// What it is, for a message.
    package var noun: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .integer, .natural, .number: "a number"
        case .text: "text"
        case .word: "a word"
        case .reference: "a collection"
        case .uri: "a URI"
        case .path: "a path"
        case .quantity(let quantity):
            switch quantity.kind {
            case .duration: "a duration"
            case .size: "a size"
            case .percent: "a percentage"
            }
        case .list: "a list"
        case .document: "a document"
        }
    }

    /// The value as JSON, as `print … format json` shows it.
    package var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .natural(let value): .raw(Array(String(value).utf8))
        case .number(let value): .double(value)
        case .list(let values): .array(values.map(\.json))
        case .document(let document): document
        case .text, .word, .uri, .path, .reference, .quantity: .string(description)
        }
    }

    /// A number, also where text spells one, as the command line gives it.
    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .natural(let value): Double(value)
        case .number(let value): value
        case .quantity(let quantity): quantity.amount
        case .text(let text), .word(let text): NumberText.double(text)
        default: nil
        }
    }

    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .text(let text), .word(let text): NumberText.integer(text)
        default: nil
        }
    }

    /// `yes`, `no`, `true`, `false`, in any spelling that the language has for them.
    package var truth: Bool? {
        switch self {
        case .bool(let value): value
        case .word(let word), .text(let word):
            ["yes": true, "true": true, "no": false, "false": false][word.lowercased()]
        default: nil
        }
    }

    /// Nil for what a filter cannot compare with.
    package var scalar: Scalar? {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .natural(let value): .natural(value)
        case .number(let value): .double(value)
        case .text(let text), .uri(let text), .path(let text): .text(Text(text))
        case .word, .reference, .quantity, .list, .document: nil
        }
    }
}
