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

    private static func text(_ chance: inout Chance) -> String {
        switch chance.below(4) {
        case 0: chance.mutated(chance.one(of: CompletionTests.lines), with: fragments)
        case 1:
            (0..<chance.below(9)).map { _ in chance.one(of: words) }.joined(separator: chance.one(of: [" ", "", "\n"]))
        case 2: (0..<chance.below(14)).map { _ in chance.one(of: fragments) }.joined()
        default: String(decoding: (0..<chance.below(24)).map { _ in UInt8(chance.below(256)) }, as: UTF8.self)
        }
    }

    /// Runs `body`, which says what is wrong, on text after text.
    ///
    /// The seed lies in a file as long as the test runs, for the case that it crashes.
    private func survive(
        _ name: String, _ body: @escaping @Sendable (String, inout Chance) -> String?
    ) async throws {
        let (time, seed) = (time, seed)
        let file = "\(NSTemporaryDirectory())/vecsh-fuzz-\(name)"
        try "FUZZ_SEED=\(seed)\n".write(toFile: file, atomically: true, encoding: .utf8)
        let (count, problems) = try await apart {
            var chance = Chance(seed: seed)
            var problems: [String] = []
            let count = repeating(for: time) {
                let text = Self.text(&chance)
                if problems.count < 5, let problem = body(text, &chance) {
                    problems.append("\(problem): \(text.debugDescription)")
                }
            }
            return (count, problems)
        }
        unlink(file)
        print("fuzz \(name): \(count) texts, FUZZ_SEED=\(seed)")
        #expect(count > 500)
        for problem in problems { Issue.record("FUZZ_SEED=\(seed): \(problem)") }
    }

    @Test func theLexerCutsEverything() async throws {
        try await survive("lexer") { text, _ in
            _ = Unfinished.reason(text)
            var lexer = Lexer(Source(name: "", text: text))
            for _ in 0...text.utf8.count + 1 {
                let before = lexer.offset
                guard let token = try? lexer.next() else {
                    if lexer.offset == before { return "stuck" }
                    continue
                }
                if token.kind == .end { return nil }
            }
            return "no end"
        }
    }

    @Test func theParserReadsEverything() async throws {
        try await survive("parser") { text, chance in
            let source = Source(name: "t", text: text)
            let script = chance.below(4) == 0 ? Markdown.parse(source, .vecsh) : Parser.parse(source, nil, .vecsh)
            let check = Check(script, defined: [], environment: [:])
            if chance.below(8) == 0 { for problem in check.problems { _ = problem.rendered() } }
            return script.problems.count > 21 ? "\(script.problems.count) problems" : nil
        }
    }

    @Test func completionAndHintAnswerEverywhere() async throws {
        try await survive("completion") { text, chance in
            _ = Hint.text(text, at: text.utf8.count, .vecsh)
            let found = CompletionTests.completion.candidates(text, at: chance.below(text.utf8.count + 1)).replacing
            return found.upperBound > text.utf8.count ? "replaces \(found)" : nil
        }
    }
}
