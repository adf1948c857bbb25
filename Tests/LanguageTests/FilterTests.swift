import Language
import Model
import Testing

@Suite struct FilterTests {
    private func filter(_ text: String) throws -> Filter {
        let script = parsed("count db:n where \(text)")
        guard script.problems.isEmpty, case .command(let call)? = script.statements.first?.kind,
            case .expression(let condition)? = call.arguments["where"]
        else { throw script.problems.first ?? Diagnostic("none", text, at: nil) }
        return try FilterMaker.filter(condition)
    }

    @Test func everyOperator() throws {
        #expect(try filter("page == 3") == .compare(field: "page", is: .equal, to: .integer(3)))
        #expect(try filter("a.b != 'x'") == .compare(field: "a.b", is: .unequal, to: .text("x")))
        #expect(try filter("p < 1.5") == .compare(field: "p", is: .less, to: .double(1.5)))
        #expect(try filter("p <= -1") == .compare(field: "p", is: .lessOrEqual, to: .integer(-1)))
        #expect(try filter("p > 1 + 2 * 3") == .compare(field: "p", is: .greater, to: .integer(7)))
        #expect(try filter("p >= true") == .compare(field: "p", is: .greaterOrEqual, to: .bool(true)))
        #expect(try filter("f == null") == .compare(field: "f", is: .equal, to: .null))
        #expect(try filter("f in [1, 'a', null]") == .within(field: "f", values: [.integer(1), .text("a"), .null]))
        #expect(try filter("f not in [1]") == .not(of: .within(field: "f", values: [.integer(1)])))
        #expect(try filter("f in []") == .within(field: "f", values: []))
        #expect(try filter("f like '%a%'") == .like(field: "f", pattern: "%a%"))
        #expect(try filter("exists(f)") == .exists(field: "f"))
        #expect(try filter("native 'a > 1'") == .native(text: "a > 1"))
    }

    @Test func combinations() throws {
        let (a, b, c) = (Filter.exists(field: "a"), Filter.exists(field: "b"), Filter.exists(field: "c"))
        #expect(
            try filter("exists(a) and not exists(b) or exists(c)") == .any(of: [.all(of: [a, .not(of: b)]), c]))
        #expect(try filter("(exists(a) or exists(b)) and exists(c)") == .all(of: [.any(of: [a, b]), c]))
    }

    @Test func quotesDoNotChangeWhatStandsLeft() throws {
        let wanted = Filter.compare(field: "my field", is: .equal, to: .integer(1))
        #expect(try filter("'my field' == 1") == wanted)
        #expect(try filter("\"my field\" == 1") == wanted)
    }

    @Test func numbersBeyondDoublesStayExact() throws {
        #expect(
            try filter("f == 9007199254740993") == .compare(field: "f", is: .equal, to: .integer(9_007_199_254_740_993))
        )
        #expect(try filter("f == 18446744073709551615") == .compare(field: "f", is: .equal, to: .natural(.max)))
    }

    @Test(arguments: [
        ("page == abc", "E0303"), ("page in [abc]", "E0303"), ("page like abc", "E0303"), ("3 == page", "E0302"),
        ("page + 1 == 2", "E0302"), ("db:x == 2", "E0302"), ("page", "E0301"), ("not page", "E0301"),
        ("page == 1 and 5", "E0301"), ("count(x)", "E0301"), ("page in 3", "E0305"), ("page like 3", "E0306"),
        ("page like 'a%b'", "E0307"), ("page like '%%%'", "E0307"), ("page == [1]", "E0304"), ("page == db:x", "E0304"),
        ("page == 30s", "E0304"),
    ])
    func whatIsNoCondition(_ text: String, _ code: String) {
        #expect { try filter(text) } throws: { ($0 as? Diagnostic)?.code == code }
    }

    @Test func aBareWordOnTheRightProposesQuotes() {
        #expect { try filter("title == Größe") } throws: { error in
            (error as? Diagnostic)?.help == ["write 'Größe'"] && (error as? Diagnostic)?.span?.text == "Größe"
        }
    }

    /// What can be seen before anything runs is said then; what variables hold comes later.
    @Test func scriptsAreCheckedBeforeTheyRun() {
        func problems(_ text: String) -> [String] {
            let check = Check(parsed("count db:n where \(text)"), defined: ["x", "xs", "f"], environment: ["E": "1"])
            return check.problems.map(\.code)
        }
        for text in [
            "page == $x", "page in $xs", "page like $x", "$f == 1", "page == \"${x}\"", "page == env(E)",
            "page in [$x, 1]", "page == $x + 1", "native $x", "exists($f)", "page == now()", "not $f in $xs and p == 1",
        ] { #expect(problems(text) == [], "\(text)") }
        #expect(problems("page == abc") == ["E0303"])
        #expect(problems("page == $x and 3 == p") == ["E0302"])
        #expect(problems("page in 3 or p == $y") == ["E0305", "E0308"])
    }
}
