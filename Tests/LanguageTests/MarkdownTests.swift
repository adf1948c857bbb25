import Language
import Shell
import Testing

@Suite struct MarkdownTests {
    /// One line a statement: `step <title>: <statements>`, or the statement's text.
    private func outline(_ text: String) -> [String] {
        Markdown.parse(Source(name: "t.md", text: text), .vecsh).statements.map { statement in
            guard case .step(let title, let body, true) = statement.kind, case .literal(let value) = title.kind else {
                return statement.span.text
            }
            return "\(value): \(body.map(\.span.text).joined(separator: " | "))"
        }
    }

    @Test func headingsAreSteps() {
        #expect(
            outline(
                """
                ```vecsh
                print 0
                ```
                # One
                ```vecsh
                print 1
                ```
                text
                ```vecsh
                print 2
                ```
                ### Two ###
                no block here
                ## Three
                ```vecsh
                print 3; print 4
                ```
                """) == ["print 0", "One: print 1 | print 2", "Three: print 3 | print 4"])
    }

    @Test func whatIsNoHeading() {
        #expect(outline("####### seven\n#none\n```vecsh\nprint 1\n```") == ["print 1"])
    }

    @Test func otherLanguagesArePassedOver() {
        #expect(outline("```sh\nrm -rf /\n```\n```\nplain\n```\n```vecsh2\nprint 1\n```") == [])
        #expect(outline("```vecsh title=\"x\"\nprint 1\n```\n```vecsh {.x}\nprint 2\n```") == ["print 1", "print 2"])
    }

    @Test func fencesOfEveryKind() {
        #expect(outline("~~~vecsh\nprint 1\n~~~") == ["print 1"])
        #expect(outline("````vecsh\nprint '```'\n````") == ["print '```'"])
        #expect(outline("   ```vecsh\n   print 1\n  ```") == ["print 1"])
        #expect(outline("    ```vecsh\n    print 1\n    ```") == [])
        #expect(outline("```sh\n~~~vecsh\nprint 1\n~~~\n```") == [])
        #expect(outline("```vecsh\nprint 1") == ["print 1"])
        #expect(outline("```vecsh\n# a comment, no heading\nprint 1\n```") == ["print 1"])
        #expect(outline("```` vecsh\nprint 1\n```\nprint 2\n`````") != [])
    }

    @Test func placesAreThoseOfTheFile() {
        for end in ["\n", "\r\n"] {
            let text = ["# A", "", "```vecsh", "print 1", "prnit 2", "```", "```vecsh", "prnit 3", "```"].joined(
                separator: end)
            let problems = Markdown.parse(Source(name: "t.md", text: text), .vecsh).problems
            #expect(problems.compactMap(\.span).map { $0.source.position(of: $0.range.lowerBound).line } == [5, 8])
        }
    }

    @Test func aBlockIsClosedWithItsFence() {
        let script = Markdown.parse(
            Source(name: "t.md", text: "```vecsh\nif true {\n```\n```vecsh\nprint 1\n}\n```"), .vecsh)
        #expect(script.problems.map(\.code) == ["E0207", "E0201"])
    }

    @Test(arguments: [
        "", "\n", "#", "```", "```vecsh", "~~~\n", "# \n```vecsh\n```", "\r\r\n\r", "```vecsh\r\n```\r\n",
    ])
    func emptyTextsHaveNoStatements(_ text: String) { #expect(outline(text).isEmpty) }
}
