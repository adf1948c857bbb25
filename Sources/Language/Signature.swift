/// All there is to know about a command's text: its parser, completion, hint, help and manual read this one value.
package struct Signature: Sendable {
    package var name: String
    package var aliases: [String]
    package var group: Group
    /// One sentence without a full stop.
    package var summary: String
    package var form: [Form]
    package var clauses: [Clause]
    /// How many of the clauses are the verb's own; those that every command takes stand behind them.
    var ownCount: Int
    /// One of these clauses must be there.
    package var needsOneOf: [String]
    package var details: String
    package var examples: [Example]
    /// Whether a call of it destroys something, as far as its text tells.
    package var destroys: @Sendable (ParsedCall) -> Bool

    package init(
        _ name: String, aliases: [String] = [], _ group: Group, _ summary: String, _ form: [Form] = [],
        clauses: [Clause] = [], needsOneOf: [String] = [], details: String = "", examples: [Example] = [],
        destroys: @escaping @Sendable (ParsedCall) -> Bool = { _ in false }
    ) {
        self.name = name
        self.aliases = aliases
        self.group = group
        self.summary = summary
        self.form = form
        self.clauses = clauses
        ownCount = clauses.count
        self.needsOneOf = needsOneOf
        self.details = details
        self.examples = examples
        self.destroys = destroys
    }

    package enum Group: String, Sendable, CaseIterable {
        case session = "Session"
        case look = "Look"
        case move = "Move"
        case change = "Change records"
        case keep = "Back up"
        case shape = "Shape"
        case prove = "Prove and cut over"
        case jobs = "Jobs"
        case script = "Script"
    }
}

package struct Example: Sendable {
    package var line: String
    /// One sentence.
    package var meaning: String

    package init(_ line: String, _ meaning: String) {
        self.line = line
        self.meaning = meaning
    }
}

/// What the words of a command may be, told apart by the first of them.
package indirect enum Form: Sendable {
    case word(String)
    case slot(Slot)
    case optional([Form])
    case choice([[Form]])
}

/// A clause: its keyword and what stands behind it.
package struct Clause: Sendable {
    package var keyword: String
    package var form: [Form]
    package var summary: String

    package init(_ keyword: String, _ form: [Form] = [], _ summary: String) {
        self.keyword = keyword
        self.form = form
        self.summary = summary
    }
}

/// A place for a value.
package struct Slot: Sendable {
    package var name: String
    package var kind: Kind
    package var summary: String

    package init(_ name: String, _ kind: Kind, _ summary: String) {
        self.name = name
        self.kind = kind
        self.summary = summary
    }

    package indirect enum Kind: Sendable {
        case connection, collection, target, targetOrURI, name, path, text, shell, number, quantity
        case uri(of: URIPurpose)
        /// The name of an environment variable.
        case environment
        /// A key or a job: the whole word is text.
        case id
        case expression, filter, vector
        case words([Choice])
        case list(Kind)
        case options([Choice])
        case assignments
        case definitions
        /// What a field holds: `text(64)`, `vector(768)`.
        case type
        /// Names in a collection that stands in another slot.
        case field(of: String), vectorField(of: String), index(of: String), indexType(of: String)
        /// Another collection of the same connection.
        case sibling(of: String)
        case topic, setting
        /// What the setting in another slot may be.
        case settingValue(of: String)
    }

    /// What is to be found at a URI: each has schemes of its own.
    package enum URIPurpose: Sendable {
        case store, lock, pointer, folder
        /// A store or a pointer.
        case anything
    }

    /// One of several words, and what it means.
    package struct Choice: Sendable {
        package var word: String
        package var summary: String

        package init(_ word: String, _ summary: String = "") {
            self.word = word
            self.summary = summary
        }
    }
}

extension Slot {
    /// As usage lines show it: `<conn:collection>`, `csv|json`.
    package var placeholder: String { placeholder(of: kind) }

    private func placeholder(of kind: Kind) -> String {
        switch kind {
        case .connection: "<connection>"
        case .collection: "<conn:collection>"
        case .target: "<conn[:collection]>"
        case .targetOrURI: "<conn[:collection]|uri>"
        case .uri: "<uri>"
        case .path: "<path>"
        case .text, .shell: "'<\(name)>'"
        case .number: "<n>"
        case .quantity: "<duration>"
        case .filter: "<condition>"
        case .vector: "<vector>"
        case .words(let choices): choices.map(\.word).joined(separator: "|")
        case .list(let element): "\(placeholder(of: element)), …"
        case .options, .assignments: "<name>=<value>, …"
        case .definitions: "(<name> <type> …, …)"
        case .type: "<type>"
        case .field, .vectorField: "<field>"
        case .name, .environment, .id, .expression, .index, .indexType, .sibling, .topic, .setting, .settingValue:
            "<\(name)>"
        }
    }
}

extension [Form] {
    /// As usage lines show it.
    package var usage: String { map(\.usage).joined(separator: " ") }

    /// Every slot, in order.
    package var slots: [Slot] {
        flatMap { form -> [Slot] in
            switch form {
            case .word: []
            case .slot(let slot): [slot]
            case .optional(let forms): forms.slots
            case .choice(let branches): branches.flatMap(\.slots)
            }
        }
    }
}

extension Form {
    package var usage: String {
        switch self {
        case .word(let word): word
        case .slot(let slot): slot.placeholder
        case .optional(let forms): "[\(forms.usage)]"
        case .choice(let branches): "{\(branches.map(\.usage).joined(separator: " | "))}"
        }
    }
}

extension Clause {
    package var usage: String { form.isEmpty ? keyword : "\(keyword) \(form.usage)" }
}

extension Signature {
    package var usage: String {
        let needed = clauses.filter { needsOneOf.contains($0.keyword) }.map(\.usage).joined(separator: " | ")
        let others = clauses.filter { !needsOneOf.contains($0.keyword) }.map { "[\($0.usage)]" }
        return ([name, form.usage, needed.isEmpty ? "" : "{\(needed)}"] + others).filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    package var ownClauses: ArraySlice<Clause> { clauses.prefix(ownCount) }

    package func clause(_ keyword: String) -> Clause? { clauses.first { $0.keyword == keyword } }

    package var slots: [Slot] { form.slots + clauses.flatMap(\.form.slots) }
}
