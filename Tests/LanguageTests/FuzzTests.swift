import Foundation
import Language
import Shell
import TestSupport
import Testing

/// Texts that nobody would write. `FUZZ_SEED` runs one seed again, `FUZZ_SECONDS` says how long each test takes.
@Suite(.serialized) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private let time = Duration.seconds(Double(environment["FUZZ_SECONDS"] ?? "") ?? 7)
    private let seed = UInt64(environment["FUZZ_SEED"] ?? "") ?? .random(in: .min ... .max)

    private static let fragments: [String] =
        Symbol.allCases.map(\.rawValue) + Grammar.vecsh.verbNames + (Grammar.control + Grammar.prefixes).map(\.word) + [
            " ", "  ", "\n", "\r\n", "\t", "\\\n", "\\", "#", "'", "\"", "'''", "$", "${", "$x", "${x}", "db:", "db:n",
            ":",
            "mem://x", "/", "./a", "~/", "..", "-", "-1", "1", "1e9", "1_0", "0x", "30s", "99%", "7f3a", "e\u{301}",
            "文",
            "👩‍🚀", "\u{0}", "\u{FEFF}", "\u{200D}", "where ", "fields ", "with ", "format ", "limit ", "else ", " in ",
            " not ",
            " and ", "count(", "env(", "```", "```vecsh\n", "# h\n", "~~~", "error ", "\u{1b}[31m",
        ]

    private static let words = CompletionTests.lines.flatMap { line in
        (try? tokens(line))?.map(\.text) ?? []
    }

    private func text(_ chance: inout Chance) -> String {
        switch chance.below(4) {
        case 0: chance.mutated(chance.one(of: CompletionTests.lines), with: Self.fragments)
        case 1:
            (0..<chance.below(9)).map { _ in chance.one(of: Self.words) }.joined(
                separator: chance.one(of: [" ", "", "\n"]))
        case 2: (0..<chance.below(14)).map { _ in chance.one(of: Self.fragments) }.joined()
        default: String(decoding: (0..<chance.below(24)).map { _ in UInt8(chance.below(256)) }, as: UTF8.self)
        }
    }

    /// Says which text it was, also when the test crashes: the text lies in a file until it has been survived.
    private func survive(_ name: String, _ body: (String, inout Chance) -> Void) {
        var chance = Chance(seed: seed)
        let file = fopen("\(NSTemporaryDirectory())/vecsh-fuzz-\(name)", "w")
        defer {
            fclose(file)
            unlink("\(NSTemporaryDirectory())/vecsh-fuzz-\(name)")
        }
        setvbuf(file, nil, _IONBF, 0)
        fputs("FUZZ_SEED=\(seed)\n", file)
        let count = repeating(for: time) { body(text(&chance), &chance) }
        print("fuzz \(name): \(count) texts, FUZZ_SEED=\(seed)")
        #expect(count > 1_000)
    }

    @Test func theLexerCutsEverything() {
        survive("lexer") { text, _ in
            var lexer = Lexer(Source(name: "", text: text))
            let most = text.utf8.count + 1
            for step in 0... {
                guard step <= most else {
                    Issue.record("FUZZ_SEED=\(seed): no end of \(text.debugDescription)")
                    return
                }
                let before = lexer.offset
                guard let token = try? lexer.next() else {
                    if lexer.offset == before { Issue.record("FUZZ_SEED=\(seed): stuck in \(text.debugDescription)") }
                    continue
                }
                if token.kind == .end { break }
            }
            _ = Unfinished.reason(text)
        }
    }

    @Test func theParserReadsEverything() {
        survive("parser") { text, chance in
            let source = Source(name: "t", text: text)
            let script = chance.below(4) == 0 ? Markdown.parse(source, .vecsh) : Parser.parse(source, nil, .vecsh)
            let check = Check(script, defined: [], environment: [:])
            if chance.below(8) == 0 { for problem in check.problems { _ = problem.rendered() } }
            if script.problems.count > 21 {
                Issue.record("FUZZ_SEED=\(seed): many problems in \(text.debugDescription)")
            }
        }
    }

    @Test func completionAndHintAnswerEverywhere() {
        survive("completion") { text, chance in
            let place = chance.below(text.utf8.count + 1)
            let found = CompletionTests.completion.candidates(text, at: place)
            if found.replacing.lowerBound < 0 || found.replacing.upperBound > text.utf8.count {
                Issue.record("FUZZ_SEED=\(seed): \(found.replacing) in \(text.debugDescription)")
            }
            _ = Hint.text(text, at: text.utf8.count, .vecsh)
        }
    }
}
