import JSON
import Language

/// What stands at one place of a table, before anything is left out of it.
enum Cell: Hashable, Sendable {
    case text(String)
    /// Aligned to the right, and never shortened while there is room for one column.
    case number(String)
    case null
    case absent

    /// The value in a line of words: lists as `a, b`, objects as `name=value, …`, deeper ones as JSON.
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .integer, .double: self = .number(value.text)
        case .raw(let bytes): self = (try? JSONValue(bytes)).map(Cell.init) ?? .text(value.text)
        default: self = .text(value.words)
        }
    }

    /// The value as `value` names it, or nothing.
    init(_ value: JSONValue?) { self = value.map { Cell($0) } ?? .absent }

    var isNumber: Bool { if case .number = self { true } else { false } }
    var isMissing: Bool { self == .null || self == .absent }

    /// The text on one line. Null has a sign, what is absent is blank, and text that would look like either is quoted.
    func shown(_ signs: Signs) -> String {
        switch self {
        case .text(let text): text.isEmpty || text == signs.null ? "\"\(text)\"" : Language.shown(text)
        case .number(let digits): digits
        case .null: signs.null
        case .absent: ""
        }
    }

    /// The text with its own line breaks.
    func shownLines(_ signs: Signs) -> [String] {
        guard case .text(let text) = self, text.contains(where: \.isNewline) else { return [shown(signs)] }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { Language.shown($0) }
    }
}

extension JSONValue {
    /// The value for reading: text without quotes, plain lists and objects without brackets.
    var words: String {
        switch self {
        case .string(let text): text
        case .array(let elements) where !elements.isEmpty && !elements.contains(where: \.isNested):
            elements.map(\.words).joined(separator: ", ")
        case .object(let members) where !members.isEmpty:
            members.map { "\($0.name)=\($0.value.isNested ? $0.value.text : $0.value.words)" }
                .joined(separator: ", ")
        default: text
        }
    }

    var isNested: Bool { array != nil || members != nil }

    /// The elements of a list of objects, which is drawn as a table.
    var records: [JSONValue]? {
        guard let array, !array.isEmpty, array.allSatisfy({ $0.members != nil }) else { return nil }
        return array
    }
}

extension [JSONValue] {
    /// The names of all members of these objects, in the order in which they first appear.
    var memberNames: [String] {
        var seen: Set<String> = []
        return flatMap { ($0.members ?? []).map(\.name) }.filter { seen.insert($0).inserted }
    }
}
