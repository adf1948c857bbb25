import Language
import Shell
import Testing

/// Diagnostics as people read them.
@Suite struct DiagnosticTests {
    @Test func anUnexpectedWord() {
        #expect(
            rendered("peek db:docs wiht (limit=3)") == """
                error[E0201]: unexpected 'wiht'
                 --> t.vsh:1:14
                  |
                1 | peek db:docs wiht (limit=3)
                  |              ^^^^ expected fields, where, id, limit, format, output, pipe, timeout, yes, quiet
                """)
    }

    @Test func aWordThatIsNearlyRight() {
        #expect(
            rendered("search db:docs naer [1]") == """
                error[E0201]: unexpected 'naer'
                 --> t.vsh:1:16
                  |
                1 | search db:docs naer [1]
                  |                ^^^^ expected near
                  = help: did you mean 'near'?
                """)
    }

    @Test func assignmentForComparison() {
        #expect(
            rendered("assert count(dst:a) = count(src:a)") == """
                error[E0205]: '=' assigns; comparison is '=='
                 --> t.vsh:1:21
                  |
                1 | assert count(dst:a) = count(src:a)
                  |                     ^ use '=='
                """)
    }

    @Test func stringsWithoutAnEnd() {
        #expect(
            rendered("print \"abc") == """
                error[E0101]: unterminated string
                 --> t.vsh:1:7
                  |
                1 | print "abc
                  |       ^ opened here
                  = help: close it before the end of the line, or use '''...''' for several lines
                """)
        #expect(
            rendered("print 1\nprint '''abc\nmore") == """
                error[E0102]: unterminated string
                 --> t.vsh:2:7
                  |
                2 | print '''abc
                  |       ^^^ opened here
                  = help: close it with '''
                """)
    }

    /// Carets stand under what they mean, however wide it is.
    @Test func caretsCountDisplayWidth() {
        #expect(
            rendered("print \"日本語\" 文档") == """
                error[E0201]: unexpected '文档'
                 --> t.vsh:1:13
                  |
                1 | print "日本語" 文档
                  |                ^^^^ expected format, output, pipe, timeout, yes, quiet, like, in, not, and, …
                """)
        #expect(
            rendered("print '👩‍🚀e\u{301}' @") == """
                error[E0103]: nothing begins with '@'
                 --> t.vsh:1:12
                  |
                1 | print '👩‍🚀e\u{301}' @
                  |             ^
                  = help: put text in quotes
                """)
        #expect(
            rendered("\tprint\t@") == """
                error[E0103]: nothing begins with '@'
                 --> t.vsh:1:8
                  |
                1 |     print    @
                  |              ^
                  = help: put text in quotes
                """)
    }

    @Test func twoPlaces() {
        #expect(
            rendered("count db:a where x == 1 where y == 2") == """
                error[E0203]: a second 'where'
                 --> t.vsh:1:25
                  |
                1 | count db:a where x == 1 where y == 2
                  |            ----- first here
                1 | count db:a where x == 1 where y == 2
                  |                         ^^^^^ each clause at most once
                """)
    }

    @Test func numbersOfLinesStandRight() {
        let text = String(repeating: "print 1\n", count: 8) + "if true {\nprint 2\n"
        #expect(
            rendered(text) == """
                error[E0207]: the block is not closed
                  --> t.vsh:10:8
                   |
                 9 | if true {
                   |         - opened here
                10 | print 2
                   |        ^ expected '}'
                """)
    }

    @Test func bracketsWithoutAnEnd() {
        let text = rendered("print [1,\n  2\nprint 3")
        #expect(text.contains("unexpected 'print'"))
        #expect(rendered("print (1").contains("opened here"))
    }

    @Test func linesMayEndInCarriageReturns() {
        #expect(rendered("print 1\r\nprint @\r\n") == rendered("print 1\nprint @\n"))
    }

    @Test func aProblemWithoutAPlace() {
        #expect(Diagnostic("E1", "m", at: nil, help: ["h"]).rendered() == "error[E1]: m\n  = help: h")
    }

    @Test func atThePromptTheSourceHasNoName() {
        let script = Parser.parse(Source(name: "", text: "prnit 1"), nil, .vecsh)
        #expect(script.problems.first?.rendered().contains(" --> prompt:1:1\n") == true)
    }

    @Test func colourTouchesNothingElse() {
        let problem = parsed("count db:a where x == 1 where y == 2").problems.first
        let painted = problem?.rendered { part, text in part == .caret ? "<\(text)>" : text }
        #expect(painted?.contains("<^^^^^ each clause at most once>") == true)
    }

    @Test func placesCountCharacters() {
        let source = Source(name: "", text: "é👩‍🚀x\r\ny")
        #expect(source.position(of: "é👩‍🚀".utf8.count) == (1, 3))
        #expect(source.position(of: source.utf8.count) == (2, 2))
        #expect(source.position(of: 1_000) == (2, 2))
    }

    /// The list of what is expected is the parser's own, so each of its words must be taken there.
    @Test(arguments: [
        "peek db:n x", "list x", "x", "create db:n x", "search db:n near [1] x", "connect a to mem://x x",
    ])
    func everyExpectedWordFits(_ text: String) throws {
        let label = try #require(parsed(text).problems.first?.label)
        let words = label.dropFirst("expected ".count).split(separator: ", ").map(String.init)
        for word in words where word.allSatisfy(\.isLetter) {
            let other = parsed(text.dropLast() + word).problems.first
            #expect(other?.span?.text != word || other?.code == "E0203", "\(word) behind \(text.dropLast())")
        }
    }
}
