import Language
import TestSupport
import Testing

@Suite struct LexerTests {
    /// Each marked part is one token, and nothing else stands between them.
    private func expectTokens(_ marked: String, _ kinds: [Token.Kind]) throws {
        let marked = MarkedText(marked)
        let found = try tokens(marked.text)
        #expect(found.map(\.span.range) == marked.parts)
        #expect(found.map(\.kind) == kinds)
    }

    @Test func wordsAndReferences() throws {
        try expectTokens("⟦copy⟧ ⟦a-b.c⟧ ⟦größe⟧ ⟦文档⟧ ⟦_x1⟧", [.word, .word, .word, .word, .word])
        try expectTokens(
            "⟦src:docs⟧ ⟦src:*⟧ ⟦q:<p>-docs⟧ ⟦:docs⟧ ⟦src:⟧ ⟦a:b/c?⟧",
            [
                .reference(connection: "src", name: [.text("docs")]), .reference(connection: "src", name: [.text("*")]),
                .reference(connection: "q", name: [.text("<p>-docs")]),
                .reference(connection: "", name: [.text("docs")]), .reference(connection: "src", name: []),
                .reference(connection: "a", name: [.text("b/c?")]),
            ])
        try expectTokens(
            "⟦src:\"my docs\"⟧ ⟦src:'it''s'⟧",
            [
                .reference(connection: "src", name: [.text("my docs")]),
                .reference(connection: "src", name: [.text("it's")]),
            ])
    }

    @Test func urisAndPaths() throws {
        try expectTokens("⟦mem://x⟧ ⟦qdrant+https://h:6333⟧ ⟦archive:///a/b,c⟧", [.uri, .uri, .uri])
        try expectTokens("⟦/a⟧ ⟦./b⟧ ⟦../c⟧ ⟦~/d⟧ ⟦.⟧ ⟦..⟧", [.path, .path, .path, .path, .path, .path])
        try expectTokens("⟦a⟧ ⟦/⟧ ⟦b⟧", [.word, .symbol(.divide), .word])
    }

    @Test func whatEndsURIsAndPaths() throws {
        try expectTokens(
            "⟦[⟧⟦/a⟧⟦,⟧ ⟦mem://x⟧⟦]⟧", [.symbol(.openBracket), .path, .symbol(.comma), .uri, .symbol(.closeBracket)])
        try expectTokens(
            "⟦a⟧⟦=⟧⟦/p⟧⟦,⟧ ⟦b⟧⟦=⟧⟦mem://x⟧⟦,⟧",
            [.word, .symbol(.assign), .path, .symbol(.comma), .word, .symbol(.assign), .uri, .symbol(.comma)])
        try expectTokens("⟦/a⟧⟦;⟧⟦mem://x⟧⟦}⟧", [.path, .symbol(.semicolon), .uri, .symbol(.closeBrace)])
        try expectTokens("⟦/a,b⟧", [.path])
    }

    @Test func numbersAndQuantities() throws {
        for text in ["0", "2048", "1_000", "-0.2", "1e-3", "1E+5", "9223372036854775808"] {
            #expect(try tokens(text).map(\.kind) == [.number], "\(text)")
        }
        for text in ["30s", "64MB", "99%", "1.5h", "-3d", "10KiB", "500ms"] {
            #expect(try tokens(text).map(\.kind) == [.quantity], "\(text)")
        }
        for text in ["7f3a", "20251219_213814x", "1__0", "1.", "1_", "1e400"] {
            #expect(try tokens(text).map(\.kind) == [.id], "\(text)")
        }
    }

    @Test func strings() throws {
        #expect(try tokens("'it''s'").map(\.kind) == [.string([.text("it's")])])
        #expect(try tokens("''").map(\.kind) == [.string([])])
        #expect(try tokens(#""a\t\"\\\$\u{1F600}""#).map(\.kind) == [.string([.text("a\t\"\\$😀")])])
        #expect(try tokens("'''\nmany\nlines'''").map(\.kind) == [.string([.text("many\nlines")])])
        #expect(try tokens(#"'raw $x \n'"#).map(\.kind) == [.string([.text(#"raw $x \n"#)])])
    }

    @Test func variablesInStrings() throws {
        guard case .string(let parts)? = try tokens(#""a ${b}c$d. ${env.X}$error.code $5""#).first?.kind else {
            Issue.record("no string")
            return
        }
        let outline = parts.map { part in
            switch part {
            case .text(let text): text
            case .variable(let name, _): "<\(name)>"
            }
        }
        #expect(outline == ["a ", "<b>", "c", "<d>", ". ", "<env.X>", "<error.code>", " $5"])
    }

    @Test func commentsAndLines() throws {
        #expect(try tokens("#!/usr/bin/env vecsh\nprint # more\n# all").map(\.text) == ["\n", "print", "\n"])
    }

    @Test func hashInsideAWordIsNoComment() {
        #expect(throws: Diagnostic.self) { try tokens("a#b") }
    }

    @Test func newlinesInsideBracketsAreSpace() throws {
        #expect(try tokens("[\n1,\r\n2 # two\n]").filter { $0.kind == .newline }.isEmpty)
        #expect(try tokens("{\n}").filter { $0.kind == .newline }.count == 1)
        #expect(try tokens("a \\\n  b \\ \r\n c").map(\.text) == ["a", "b", "c"])
        #expect(try tokens("a\r\nb").map(\.text) == ["a", "\r\n", "b"])
    }

    @Test(arguments: [
        ("'abc", "E0101"), ("\"abc\n\"", "E0101"), ("'''abc", "E0102"), ("@", "E0103"), ("a \\ b", "E0104"),
        ("db:$x", "E0105"), ("$", "E0106"), ("${a", "E0106"), ("\"${\"", "E0106"), (#""\q""#, "E0107"),
        (#""\u{110000}""#, "E0107"), (#""\u{zz}""#, "E0107"),
    ])
    func whatIsNoToken(_ text: String, _ code: String) {
        #expect { try tokens(text) } throws: { ($0 as? Diagnostic)?.code == code }
    }

    @Test func symbolsAreTheLongest() throws {
        #expect(
            try tokens("== != <= >= ?= = < >").map(\.kind) == [
                .symbol(.equal), .symbol(.unequal), .symbol(.lessOrEqual), .symbol(.greaterOrEqual),
                .symbol(.fallback), .symbol(.assign), .symbol(.less), .symbol(.greater),
            ])
    }
}
