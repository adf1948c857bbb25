/// What is known at the moment about the world outside the text; every answer comes at once.
package protocol NameSource: Sendable {
    func connections() -> [Candidate]
    /// The collections and aliases of a connection; of the one in use for nil.
    func collections(of connection: String?) -> [Candidate]
    func fields(of reference: Reference) -> [Candidate]
    func indexes(of reference: Reference) -> [Candidate]
    func indexTypes(of reference: Reference) -> [Candidate]
    func indexParameters(of reference: Reference, type: String) -> [Candidate]
    func schemes(of purpose: Slot.URIPurpose) -> [Candidate]
    func options(ofURI uri: String) -> [Candidate]
    func files(_ prefix: String) -> [Candidate]
    func variables() -> [Candidate]
    func settings() -> [Candidate]
    func values(ofSetting name: String) -> [Candidate]
    func topics() -> [Candidate]
}

extension NameSource {
    package func values(ofSetting name: String) -> [Candidate] { [] }
}

/// What may be written at a place in a text.
package struct Completion {
    private let grammar: Grammar
    private let names: any NameSource

    package init(_ grammar: Grammar, _ names: any NameSource) {
        self.grammar = grammar
        self.names = names
    }

    /// The candidates at a UTF-8 offset; only what lies before it counts.
    package func candidates(_ text: String, at cursor: Int) -> Candidates {
        let source = Source(name: "", text: text)
        let cursor = min(max(0, cursor), source.utf8.count)
        let word = Completion.word(in: source, before: cursor)
        let typed = source.text(word)
        if let name = typed.variablePrefix {
            let items = names.variables().filter { $0.text.dropFirst().hasPrefix(name) }
            return Candidates(replacing: word, items: items)
        }
        var parser = Parser(source, 0..<word.lowerBound, grammar)
        _ = parser.statements(until: nil)
        let found = parser.expectedAtEnd.flatMap { items($0, typed, parser.call) }
        return Candidates(replacing: word, items: Completion.matching(typed, found))
    }

    /// The word that ends at the cursor, empty behind a space or a bracket.
    private static func word(in source: Source, before cursor: Int) -> Range<Int> {
        var lexer = Lexer(source, 0..<cursor)
        while true {
            do throws(Diagnostic) {
                let token = try lexer.next()
                switch token.kind {
                case .end: return cursor..<cursor
                case .symbol, .newline: continue
                default: if token.span.range.upperBound == cursor { return token.span.range }
                }
            } catch {
                return unfinished(error, cursor) ?? cursor..<cursor
            }
        }
    }

    private static func unfinished(_ error: Diagnostic, _ cursor: Int) -> Range<Int>? {
        guard let start = error.span?.range.lowerBound, ["E0101", "E0102", "E0105", "E0106"].contains(error.code)
        else { return nil }
        return start..<cursor
    }

    /// Those that begin like what is typed; each once, in the order in which the grammar has them.
    private static func matching(_ typed: String, _ found: [Candidate]) -> [Candidate] {
        var seen: Set<String> = []
        let wanted = plain(typed)
        return found.filter { plain($0.text).hasPrefix(wanted) && seen.insert($0.text).inserted }
    }

    /// Without the quotes that a name may need, in lower case.
    private static func plain(_ text: String) -> String { text.replacing("\"", with: "").lowercased() }

    // MARK: Expectations

    private func items(_ expectation: Expectation, _ typed: String, _ call: ParsedCall?) -> [Candidate] {
        switch expectation.kind {
        case .verb: [Candidate(expectation.label, kind: "verb", note: expectation.note)]
        case .control: [Candidate(expectation.label, kind: "control", note: expectation.note)]
        case .prefix: [Candidate(expectation.label, kind: "prefix", note: expectation.note)]
        case .keyword: [Candidate(expectation.label, kind: "keyword", note: expectation.note)]
        case .clause: [Candidate(expectation.label, kind: "clause", note: expectation.note)]
        case .function: [Candidate(expectation.label, kind: "function", note: expectation.note, follow: "(")]
        case .symbol: typed.isEmpty ? [Candidate(expectation.label, kind: "symbol")] : []
        case .slot(let slot): items(slot.kind, typed, call)
        case .option(let choices, let used): options(choices, used, call)
        case .optionValue(let name): values(of: name)
        case .newName: []
        }
    }

    private func items(_ kind: Slot.Kind, _ typed: String, _ call: ParsedCall?) -> [Candidate] {
        switch kind {
        case .connection: names.connections().map { $0.following(" ") }
        case .collection, .target, .targetOrURI: references(typed)
        case .uri(let purpose): typed.contains("://") ? names.files(typed) : names.schemes(of: purpose)
        case .path: names.files(typed)
        case .field(let slot): reference(in: slot, call).map { names.fields(of: $0) } ?? []
        case .vectorField(let slot):
            reference(in: slot, call).map { names.fields(of: $0).filter { $0.kind == "vector" } } ?? []
        case .index(let slot): reference(in: slot, call).map { names.indexes(of: $0) } ?? []
        case .indexType(let slot): reference(in: slot, call).map { names.indexTypes(of: $0) } ?? []
        case .sibling(let slot): reference(in: slot, call).map { names.collections(of: $0.connection) } ?? []
        case .filter, .expression: fields(call) + references(typed)
        case .words(let choices): choices.map { Candidate($0.word, kind: "word", note: $0.summary) }
        case .list(let element): items(element, typed, call)
        case .setting: names.settings()
        case .topic: names.topics()
        case .settingValue(let slot): call?.word(in: slot).map { names.values(ofSetting: $0) } ?? []
        case .name, .environment, .text, .shell, .number, .quantity, .id, .vector, .options, .assignments, .definitions,
            .type:
            []
        }
    }

    private func references(_ typed: String) -> [Candidate] {
        guard let colon = typed.firstIndex(of: ":") else {
            return names.connections() + names.collections(of: nil)
        }
        let connection = String(typed[..<colon])
        let prefix = connection.isEmpty ? ":" : connection + ":"
        return names.collections(of: connection.isEmpty ? nil : connection).map { candidate in
            var whole = candidate
            let isPlain = candidate.text.utf8.allSatisfy { isNameByte($0) }
            whole.text = prefix + (isPlain ? candidate.text : "\"\(candidate.text)\"")
            return whole
        }
    }

    /// The fields of whatever collection the command is about.
    private func fields(_ call: ParsedCall?) -> [Candidate] {
        let slots = call?.signature.form.slots ?? []
        let slot = slots.first { slot in
            switch slot.kind {
            case .collection, .target, .targetOrURI: true
            default: false
            }
        }
        return slot.flatMap { reference(in: $0.name, call) }.map { names.fields(of: $0) } ?? []
    }

    private func reference(in slot: String, _ call: ParsedCall?) -> Reference? {
        guard case .expression(let expression)? = call?.arguments[slot], case .literal(let value) = expression.kind
        else { return nil }
        switch value {
        case .reference(let reference): return reference
        case .word(let name): return Reference(connection: nil, name: name)
        case .text(let text): return Reference(text)
        default: return nil
        }
    }

    private func options(_ choices: [Slot.Choice], _ used: [String], _ call: ParsedCall?) -> [Candidate] {
        var found = choices.map { Candidate($0.word, kind: "option", note: $0.summary, follow: "=") }
        if case .expression(let uri)? = call?.arguments["uri"], case .literal(let value) = uri.kind {
            found += names.options(ofURI: value.description)
        }
        if let type = call?.word(in: "type"), let reference = reference(in: "collection", call) {
            found += names.indexParameters(of: reference, type: type)
        }
        return found.filter { !used.contains($0.text) }
    }

    private func values(of option: String) -> [Candidate] {
        switch option {
        case "metric": Slot.metrics.map { Candidate($0.word, kind: "metric", note: $0.summary) }
        case "vectors": ["exact", "direction", "tolerance"].map { Candidate($0, kind: "word", note: "") }
        default: []
        }
    }
}

extension Candidate {
    fileprivate func following(_ follow: String) -> Candidate {
        var candidate = self
        candidate.follow = follow
        return candidate
    }
}

extension String {
    /// The name behind a `$` or `${` that is being written.
    fileprivate var variablePrefix: String? {
        guard first == "$" else { return nil }
        return String(dropFirst(hasPrefix("${") ? 2 : 1))
    }
}
