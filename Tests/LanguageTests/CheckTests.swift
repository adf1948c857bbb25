import Language
import Testing

@Suite struct CheckTests {
    private func check(_ text: String, defined: Set<String> = [], environment: [String: String] = [:]) -> Check {
        Check(parsed(text), defined: defined, environment: environment)
    }

    private func problems(_ text: String, defined: Set<String> = []) -> [String] {
        check(text, defined: defined).problems.map { "\($0.code) \($0.span?.text ?? "")" }
    }

    @Test func variablesAreKnownFromWhereTheyAreMade() {
        #expect(problems("print $a\nlet a = 1\nprint $a") == ["E0308 $a"])
        #expect(problems("let a = $a") == ["E0308 $a"])
        #expect(problems("print $a", defined: ["a"]) == [])
        #expect(problems("for x in [1] { print $x }\nif $x == 1 { print \"${y}\" }") == ["E0308 ${y}"])
        #expect(
            problems("assert $a else \"${b}\"\nstep $c { print $d }") == [
                "E0308 $a", "E0308 ${b}", "E0308 $c", "E0308 $d",
            ])
        #expect(
            problems("peek \"db:${c}\" where x == $d limit $e format $f") == [
                "E0308 ${c}", "E0308 $d", "E0308 $e", "E0308 $f",
            ])
        #expect(problems("watch $w print 1") == ["E0308 $w"])
    }

    @Test func anIncludedFileMayDefineMore() {
        #expect(problems("print $a\ninclude ./x.vsh\nprint $b") == ["E0308 $a"])
    }

    @Test func errorsAreVariablesInHandlersOnly() {
        #expect(problems("on error { print \"${error.code} $error.line\" }") == [])
        #expect(problems("on error { print 1 }\nprint $error.code") == ["E0308 $error.code"])
    }

    @Test func theEnvironmentIsLookedAtFirst() {
        #expect(
            problems("print env(A); print \"${env.B}\"; print env('C'); print env(D, 'x')") == [
                "E0309 env(A)", "E0309 ${env.B}", "E0309 env('C')",
            ])
        #expect(check("print env(A)", environment: ["A": ""]).problems.isEmpty)
        #expect(problems("connect a to mem://x password env NOPE") == ["E0309 NOPE"])
    }

    @Test func whatIsDestroyed() {
        let text = """
            drop db:a yes
            if true { delete db:b where x == 1 }
            create db:c like db:d if exists replace
            create db:c like db:d if exists skip
            put db:e '{}'
            plan drop db:f
            for x in [1] { step "s" { always { drop index db:g i yes } } }
            on error { drop alias db:h }
            """
        let found = check(text).destructive.map { "\($0.call.signature.name) \($0.isConfirmed)" }
        #expect(found == ["drop true", "delete false", "create false", "drop false", "drop true", "drop false"])
    }

    @Test func everyProblemIsReportedOnce() {
        let text = """
            prnit 1
            if tru = 1 {
                foo
                print $nope
            } else {
                bar; baz
            }
            for x in [1, 2] { peek db:n limt 3; print $x }
            print "open
            step "a" {
                put db:n {"key": 1}
            }
            print 1 }
            let y 3
            print @ and more
            connect db to mem://x with (a=1, a=2)
            print (1 + ]
            print "end"
            """
        let found = check(text).problems.map { problem in
            "\(problem.span.map { $0.source.position(of: $0.range.lowerBound).line } ?? 0) \(problem.code)"
        }
        #expect(
            found == [
                "1 E0202", "2 E0205", "3 E0202", "6 E0202", "6 E0202", "8 E0201", "9 E0101", "11 E0201", "13 E0201",
                "14 E0201", "15 E0103", "16 E0203", "17 E0201",
            ])
    }

    @Test func thereAreNeverTooManyProblems() {
        let text = String(repeating: "prnit\n", count: 1_000)
        #expect((1...20).contains(check(text).problems.count))
    }

    @Test func stepsAreKnown() {
        let script = check("step 'a' { step \"b\" { print 1 } }\nif true { step 'c' { print 1 } }")
        #expect(script.steps == ["a", "b", "c"])
        #expect(script.mayHave(step: "b") && !script.mayHave(step: "d"))
        #expect(check("let x = 1; step \"s${x}\" { print 1 }").mayHave(step: "s1"))
        #expect(check("include x.vsh").mayHave(step: "any"))
    }
}
