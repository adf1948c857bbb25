import Language
import Testing

@Suite struct ExpressionTests {
    @Test(arguments: [
        ("1 + 2 * 3", "(1 + (2 * 3))"), ("1 - 2 - 3", "((1 - 2) - 3)"), ("8 / 4 / 2", "((8 / 4) / 2)"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"), ("a or b and c", "(a or (b and c))"), ("not a and b", "((not a) and b)"),
        ("not not a", "(not (not a))"), ("not a == b", "(not (a == b))"), ("a + 1 < b * 2", "((a + 1) < (b * 2))"),
        ("a in [1, 2]", "(a in [1 2])"), ("a not in $list", "(not (a in $list))"), ("not a in [1]", "(not (a in [1]))"),
        ("a like 'x%' or b", "((a like 'x%') or b)"), ("f(1)", "nil"), ("count(db:x)", "count(db:x)"),
        ("count(collections(c)) == $n", "(count(collections(c)) == $n)"), ("env(X, 'd')", "env(X 'd')"),
        ("now()", "now()"), ("[1, [2], ]", "[1 [2]]"), ("[]", "[]"), ("-1 - -2", "(-1 - -2)"), ("1 -2", "nil"),
        ("a = b", "nil"), ("a == b == c", "nil"), ("a in", "nil"), ("and", "nil"), ("(a", "nil"), ("a)", "nil"),
        ("TRUE and Null", "(true and null)"), ("A AND b Or NOT c", "((A and b) or (not c))"),
        ("count (db:x)", "nil"), ("'a' + \"b${c}\"", "('a' + \"b{c}\")"), ("7f3a", "nil"),
        ("exists(db)", "exists(db)"), ("a <= 1 and b != 2", "((a <= 1) and (b != 2))"), ("30s", "30s"),
    ])
    func shape(_ text: String, _ outline: String) {
        #expect(expression(text)?.outline ?? "nil" == outline)
    }

    @Test func keywordsInAnyCaseAndNamesAsTheyAre() {
        #expect(codes("COUNT db:Notes WHERE Page == 1 FORMAT json").isEmpty)
        guard case .command(let call)? = parsed("Count db:Notes").statements.first?.kind else { return }
        #expect(call.signature.name == "count")
        #expect(call.arguments["collection"]?.expressions.first?.outline == "db:Notes")
    }

    // MARK: Values

    private func value(_ text: String) -> Value? { expression(text).flatMap { Arithmetic.value($0) } }

    @Test(arguments: [
        ("1 + 2", "3"), ("7 / 2", "3.5"), ("6 / 3", "2"), ("2 * 2.5", "5"), ("'a' + 'b'", "ab"), ("1 < 2", "true"),
        ("'a' < 'b'", "true"), ("'b' < 'B'", "false"), ("3 in [1, 2, 3]", "nil"), ("'abc' like 'a%'", "true"),
        ("'abc' like '%b%'", "true"), ("'abc' like 'b%'", "false"), ("'abc' like 'abc'", "true"),
        ("'' like '%'", "true"),
        ("9007199254740993 == 9007199254740992.0", "false"), ("1 == 1.0", "true"), ("'1' == 1", "true"),
        ("'x' == 1", "nil"), ("null == null", "true"), ("null == 0", "false"), ("null < 1", "nil"),
        ("yes == true", "true"), ("'no' == false", "true"), ("'yes' == 'true'", "false"), ("'a' == false", "nil"),
        ("1 / 0", "nil"), ("'a' * 2", "nil"), ("1 + 'a'", "nil"),
        ("18446744073709551615 == 18446744073709551614", "false"),
        ("18446744073709551615 > 1", "true"), ("30s + 1", "31"), ("1m == 60s", "true"), ("1KB < 1KiB", "true"),
        ("9223372036854775807 + 0", "9223372036854775807"), ("true and false", "false"), ("true or false", "true"),
        ("'e\u{301}' == 'é'", "false"),
    ])
    func result(_ text: String, _ expected: String) {
        #expect(value(text)?.description ?? "nil" == expected)
    }

    @Test(arguments: [
        ("*", "", true), ("*", "abc", true), ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "acb", false),
        ("?", "a", true), ("?", "", false), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("", "", true),
        ("a*b*c", "abbbbbc", true), ("größe*", "größe_1", true), ("??", "é", false),
    ])
    func globs(_ pattern: String, _ text: String, _ fits: Bool) {
        #expect(text.matches(glob: pattern) == fits)
    }

    @Test func globsTakeNoLongerThanTheyMust() {
        let pattern = String(repeating: "*a", count: 30) + "b"
        #expect(!String(repeating: "a", count: 300).matches(glob: pattern))
    }

    @Test func variablesAreFoundWhereverTheyStand() {
        let names = expression(#"[$a, "x${b}"] == count("c:${d}") or not $e in [$f + 1]"#)?.variables.map(\.value)
        #expect(names == ["a", "b", "d", "e", "f"])
    }

    @Test func nestingIsBounded() {
        for open in ["(", "[", "not ", "count(", "[("] {
            let text = "print " + String(repeating: open, count: 20_000)
            #expect(codes(text).contains("E0211"), "\(open)")
        }
        #expect(!codes(String(repeating: "if true {", count: 20_000)).isEmpty)
        #expect(!codes(String(repeating: "{", count: 20_000)).isEmpty)
        #expect(codes("print " + String(repeating: "(", count: 20) + "1" + String(repeating: ")", count: 20)).isEmpty)
    }

    @Test func longChainsAreRead() {
        let text = "print " + Array(repeating: "1", count: 3_000).joined(separator: " + ")
        #expect(codes(text).isEmpty)
        #expect(expression(String(text.dropFirst(6))).flatMap { Arithmetic.value($0) } == .integer(3_000))
    }
}
