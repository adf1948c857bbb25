import Language
import Shell
import TestSupport
import Testing

@Suite struct CompletionTests {
    static let completion = Completion(.vecsh, FixedNames())

    private func offered(_ marked: String) -> [String] {
        let text = MarkedText(marked)
        return Self.completion.candidates(text.text, at: text.cursor).items.map(\.text)
    }

    // MARK: Places

    @Test func atTheBeginningOfAStatement() {
        for place in [
            "‸", "print 1; ‸", "print 1\n‸", "if true { ‸", "if true { print 1; ‸", "always {\n  ‸", "step 's' { ‸ }",
        ] {
            let words = offered(place)
            for word in ["peek", "let", "if", "on", "plan", "watch"] {
                #expect(words.contains(word), "\(place) \(word)")
            }
        }
        #expect(offered("if true { print 1 } ‸").contains("else"))
        #expect(offered("if true { print 1 } else ‸").contains("if"))
        #expect(offered("on ‸") == ["error"])
        #expect(offered("on error ‸").starts(with: ["stop", "continue"]))
        #expect(offered("plan ‸").contains("drop"))
        #expect(offered("time dr‸") == ["drop"])
    }

    @Test func namesAndClauses() {
        #expect(offered("peek ‸").contains("db"))
        #expect(offered("peek db:‸").contains("db:notes"))
        #expect(offered("peek db:my‸") == ["db:\"my docs\""])
        #expect(offered("peek db:grö‸") == ["db:größe"])
        #expect(offered("peek db:notes ‸").starts(with: ["fields", "where", "id", "limit", "format"]))
        #expect(!offered("peek db:notes limit 3 ‸").contains("limit"))
        #expect(offered("peek db:notes where ‸").contains("page"))
        #expect(offered("peek db:notes fields [title, ‸").contains("page"))
        #expect(offered("peek db:notes fields title, pa‸") == ["page"])
        #expect(offered("peek db:notes format ‸") == ["table", "vertical", "json", "jsonl", "csv"])
        #expect(offered("peek db:notes where page > 3 an‸") == ["and"])
        #expect(offered("create db:n fields (id int‸").sorted() == ["int16", "int32", "int64", "int8", "int8vector"])
        #expect(Set(offered("create db:n fields (id int64 ‸")).isSuperset(of: ["key", "auto", "null", "metric"]))
        #expect(offered("diff db:notes to old:notes where p == 1 and pa‸") == ["page"])
        #expect(offered("peek db:notes where exists(‸").contains("page"))
        #expect(!offered("peek db:notes where title == ‸").contains("page"))
        #expect(offered("drop index db:notes ‸") == ["page_index"])
        #expect(offered("index db:notes on page using ‸") == ["btree", "hnsw"])
        #expect(offered("index db:notes on v using hnsw with ‸").contains("M"))
        #expect(offered("search db:notes near [1] with metric=‸").contains("cosine"))
        #expect(offered("set format ‸").contains("json"))
        #expect(offered("connect db to ‸").contains("sqlite://"))
        #expect(offered("lock ‸").contains("dynamodb://") && !offered("lock ‸").contains("sqlite://"))
        #expect(offered("point fil‸") == ["file://"] && offered("print pointed(s3‸") == ["s3://"])
        #expect(offered("connect db to mem://x with ‸").contains("create"))
        #expect(offered("alias db:live for ‸").contains("notes"))
        #expect(offered("print coun‸") == ["count"])
        #expect(offered("print $n‸") == ["$name", "$n"])
        #expect(offered("print count(‸").contains("db"))
        #expect(offered("PEEK db:notes WH‸") == ["where"])
    }

    @Test func onlyWhatStandsBeforeTheCursorCounts() {
        #expect(offered("peek‸ db:notes limit 3") == ["peek"])
        #expect(offered("pe‸ek db:notes") == ["peek"])
        #expect(offered("peek db:notes ‸limit 3").contains("limit"))
    }

    @Test func theWordIsReplacedAndNothingElse() {
        for (marked, word) in [
            ("peek db:no‸tes", "db:no"), ("peek ‸", ""), ("print $na‸", "$na"), ("peek db:größe whe‸", "whe"),
        ] {
            let text = MarkedText(marked)
            let found = Self.completion.candidates(text.text, at: text.cursor).replacing
            #expect(Source(name: "", text: text.text).text(found) == word, "\(marked)")
        }
    }

    @Test func placesOutsideOfTheTextAreNoPlace() {
        #expect(Self.completion.candidates("peek", at: -5).replacing == 0..<0)
        #expect(Self.completion.candidates("peek", at: 500).replacing == 0..<4)
    }

    // MARK: Every example

    /// Lines as people write them, from everyday use.
    static let lines =
        Grammar.vecsh.signatures.flatMap { $0.examples.map(\.line) } + [
            "on error stop", "let name = 'colpali_kanna_128'", "describe \"src:${name}\"",
            "assert exists(src:docs) else \"source collection is missing\"",
            "step \"1 dense patches\" { index dst:docs on v using hnsw metric IP with M=32, efConstruction=500 as vector_index }",
            "for f in [file_id, page, title] { index dst:docs on $f using btree as \"${f}_index\" }",
            "index dst:docs like src:docs", "alias dst:live for docs",
            "wait until index_state(dst:docs) == finished timeout 30m",
            "assert count(dst:docs) == count(src:docs) else \"row counts differ\"", "print dim(db:docs)",
            "assert dim(db:docs) == dim(db:notes) else \"mixed embedding dimensions\"",
            "count db:docs where project_id == 'my-important-project' and migrated_at != null",
            "search db:docs near [0.1, 0.2, 0.3] where project_id == \"my-project\" limit 10", "let expected = 14",
            "assert count(collections(db)) == $n else \"expected ${n} collections\"",
            "for c in collections(db) { count \"db:${c}\" }", "confirm \"Swap the words pointer?\"",
            "list collections src format json output -",
            "peek src:docs fields [id, file_id, page] where page > 3 limit 5",
            "time count dst:docs where file_id in ['a', 'b'] or not page == 0", "watch 5s list connections",
            "if exists(dst:copy) { drop dst:copy yes } else { print \"nothing to clean\" }",
            "describe db:docs pipe 'jq .vectors'", "include ./common.vsh",
            #"put dst:docs '{"key":"a","vectors":{"v":[1,2,3]},"fields":{"page":1}}'"#,
            "peek src:docs limit 100 format jsonl output ./some.jsonl", "put dst:docs from ./some.jsonl",
            "delete dst:docs where page < 3 yes",
            "create dst:notes fields (id text(64) key, v vector(3) metric cosine, page int64 null) open",
            "on error continue", "on error { print \"${error.message}\" }", "always { disconnect db }",
            "if true { print 1 } else if false { print 2 } else { print 3 }", "let n ?= env(HOME, 'none')",
            "connect db to mem://größe user me readonly lazy", "plan drop db:docs",
            "count db:docs where exists(title) and page not in [1, 2]",
            "peek db:docs where title like '%文档%' id a, b", "run 'echo 日本語'; sleep 10ms; quit 3",
        ]

    @Test(arguments: lines) func everyLineIsTaken(_ line: String) { #expect(rendered(line) == "") }

    @Test(arguments: lines) func everyPrefixIsSurvived(_ line: String) {
        for end in line.indices {
            let prefix = String(line[..<end])
            let found = Self.completion.candidates(prefix, at: prefix.utf8.count)
            #expect(found.replacing.upperBound == prefix.utf8.count)
            #expect(found.items.count == Set(found.items.map(\.text)).count)
            _ = Hint.text(prefix, at: prefix.utf8.count, .vecsh)
            _ = Unfinished.reason(prefix)
            _ = parsed(prefix)
        }
    }

    @Test(arguments: lines) func whatFollowsIsOffered(_ line: String) throws {
        let tokens = try tokens(line)
        for (place, token) in tokens.enumerated() {
            guard let word = Self.offeredWord(tokens, place) else { continue }
            let start = token.span.range.lowerBound
            let length = token.kind == .word ? 2 : 0
            for end in [start, min(start + length, token.span.range.upperBound)] {
                let prefix = token.span.source.text(0..<end)
                let found = Self.completion.candidates(prefix, at: end).items.map { $0.text.lowercased() }
                #expect(found.contains(word.lowercased()), "\(prefix)‸ does not offer \(word)")
            }
        }
    }

    /// What should be offered where a token begins; nil where anything may stand: made-up names, numbers, text.
    private static func offeredWord(_ tokens: [Token], _ place: Int) -> String? {
        let token = tokens[place]
        let before = place > 0 ? tokens[place - 1] : nil
        switch token.kind {
        case .reference(let connection, _): return connection.isEmpty || before?.text == "alias" ? nil : connection
        case .word: break
        default: return nil
        }
        let isNew = ["let", "for", "connect", "as", "user", "env", "id", "="].contains(before?.text.lowercased() ?? "")
        if isNew && token.text != "error" && !(before?.text == "=" && place > 1 && tokens[place - 2].text == "metric") {
            return nil
        }
        let isDefinition = tokens.prefix(place).contains { $0.text == "fields" } && tokens[0].text == "create"
        if isDefinition && ["(", ","].contains(before?.text)
            || tokens[0].text == "for" && before?.text != "}" && place < 10
        {
            return nil
        }
        if isKeyword(token.text.lowercased()) { return token.text }
        return isName(token.text) ? token.text : nil
    }

    private static func isName(_ word: String) -> Bool {
        let names = FixedNames()
        let reference = Reference(connection: "db", name: "notes")
        let known = names.connections() + names.collections(of: "db") + names.fields(of: reference) + names.settings()
        return known.contains { $0.text == word }
    }

    private static let keywords: Set<String> = {
        let grammar = Grammar.vecsh
        func words(_ forms: [Form]) -> [String] {
            forms.flatMap { form in
                switch form {
                case .word(let word): [word]
                case .slot(let slot):
                    if case .words(let choices) = slot.kind { choices.map(\.word) } else { [String]() }
                case .optional(let inner): words(inner)
                case .choice(let branches): branches.flatMap(words)
                }
            }
        }
        let signatures = grammar.signatures.flatMap { signature in
            [signature.name] + words(signature.form) + signature.clauses.flatMap { [$0.keyword] + words($0.form) }
        }
        let types =
            Slot.types.map(\.word) + [
                "key", "auto", "null", "metric", "and", "or", "not", "in", "like", "else", "error",
            ]
        return Set(
            signatures + types + grammar.functions.map(\.name) + (Grammar.control + Grammar.prefixes).map(\.word)
        )
        .subtracting(["null"])
    }()

    private static func isKeyword(_ word: String) -> Bool { keywords.contains(word) }
}
