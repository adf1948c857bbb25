import Language
import Shell
import Testing

/// The grammar of the language: what must be taken, and what must not.
@Suite struct ParserTests {
    /// One of each form of each command, and of each of its clauses.
    static let taken = [
        "connect a to mem://x", "connect a to \"mem://x\" user me password env A readonly lazy with b=1, c='d'",
        "connect a to $uri password file ./p", "connect a to mem://x password command 'c'",
        "connect a to mem://x password prompt lazy readonly", "connect 'my db' to mem://x with (\n a=1,\n b=2\n)",
        "use a", "use $a", "disconnect a", "set format json", "show", "show format", "show $x", "history", "history 20",
        "help", "help peek", "help 'peek'", "edit", "save last 6 to ./fix.vsh", "save last $n to fix.vsh", "quit",
        "quit 3", "exit", "exit 3", "list collections", "list collections a", "list collections a:q*",
        "list aliases a format json", "list indexes a:n", "list partitions a:n", "list connections", "list stores",
        "describe a", "describe a:n", "describe a:*", "describe :n", "describe $x", "describe \"a:${x}\"",
        "describe a:\"my docs\"", "count a:n", "count n", "count a:n where p > 3", "peek a:n",
        "peek a:n fields [a, b] where p == 1 limit 5", "peek a:n fields a, b id x, 7f3a, 20251219_213814 limit 5",
        "peek a:n id [x, 'y z', $k]", "peek a:n where native 'TEXT'", "search a:n near [0.1, -2, 1e-3]",
        "search a:n near $q using v where p == 1 limit 3 fields [a] with metric=ip", "search a:n near '[1,2]'",
        "diff a:n to b:m", "diff a to b", "diff a:* to b:* where p == 1 limit 5", "put a:n '{}'", "put a:n $record",
        "put a:n '''\n{}\n'''", "put a:n from ./x.jsonl", "put a:n from x.jsonl", "put a:n from sub/x.jsonl",
        "put a:n from -", "put a:n from '~/x y.jsonl'", "delete a:n where p < 3 yes", "delete a:n id x, y yes",
        "delete a:n id x where p == 1", "create a:n fields (id int64 key)",
        "create a:n fields (\n  id text(64) key auto,\n  v vector(3) metric cosine null,\n  \"my field\" array(text(3)) null,\n) open if exists skip",
        "create a:n like b:m", "create a:n like b:m open if exists replace yes", "index a:n on f using btree",
        "index a:n on v using hnsw metric IP with M=32, efConstruction=500 as v_index",
        "index a:n on $f using $t as \"${f}_i\"",
        "index a:n like b:m", "alias a:live for n", "alias a:live for $n", "rename a:n to m", "drop a:n",
        "drop a:n yes",
        "drop a:n if exists including aliases yes", "drop index a:n i yes", "drop alias a:live yes", "load a:n",
        "release a:n", "flush a:n", "wait until exists(a)", "wait until count(a:n) > 3 timeout 30s", "include ./x.vsh",
        "include x.vsh", "include $x", "print 1", "print count(a:n) + 1",
        "print 'x' format json output ./o pipe 'cat' timeout 3s yes quiet",
        "confirm \"Really?\"", "confirm 'x' yes", "run 'ls'", "run \"ls ${x}\"", "run '''\nls\n'''", "sleep 2s",
        "sleep 2",
        "plan drop a:n", "time count a:n", "watch 5s count a:n", "plan time count a:n", "let a = 1", "let a ?= [1, 2]",
        "assert a == 1", "assert $x else 'no'", "if a == 1 { print 1 }", "if a { print 1 } else { print 2 }",
        "if a { print 1 } else if b { print 2 } else { print 3 }", "if a {\n print 1\n}", "if a { }",
        "for x in [1] { print $x }",
        "for x in lines(./f) {\n print $x\n}", "step \"s\" { print 1 }", "step $s { print 1 }", "on error stop",
        "on error continue", "on error { print 1 }", "always { print 1 }", "print 1; print 2 ;; print 3", ";", "",
        "# only",
        "print 1 \\\n  format json", "PRINT 1 FORMAT json", "count a:n where (\n p == 1 or\n p == 2\n)",
    ]

    @Test(arguments: taken) func takes(_ text: String) {
        #expect(rendered(text) == "")
    }

    static let refused = [
        "copy a", "copy a b", "merge a to b", "sync a:n", "verify a:n", "apply", "resume", "cancel", "connect",
        "connect a", "connect a mem://x", "connect a to", "connect a to x.db",
        "connect a to mem://x password", "connect a to mem://x password env", "connect a to mem://x readonly readonly",
        "connect a to mem://x with", "connect a to mem://x with a", "connect a to mem://x with a=", "use", "use a b",
        "set format", "set", "save last 3", "save 3 to x", "quit x", "list", "list things", "list collections a b",
        "describe", "describe a b", "count", "count a:n b", "count a:n where", "count a:n limit 3", "peek a:n limit",
        "peek a:n limit x", "peek a:n fields", "peek a:n fields []", "peek a:n id",
        "peek a:n where p == 1 where p == 2",
        "search a:n", "search a:n near", "search a:n near x", "search a:n near 1, 2", "search a:n near [1] using",
        "search a:n near [1] with speed=1", "diff a:n", "diff a:n b:m", "diff a:n to", "put a:n", "put a:n x",
        "put a:n {}",
        "put a:n from", "delete a:n", "delete a:n yes", "create a:n", "create a:n fields", "create a:n fields ()x",
        "create a:n fields (id)", "create a:n fields (id int64 key", "create a:n fields (id int65)",
        "create a:n fields id int64",
        "create a:n like", "create a:n fields (id int64 key) like b:m", "create a:n fields (id int64 key) if exists",
        "create a:n fields (v vector(x))", "index a:n", "index a:n on", "index a:n on f", "index a:n on f using",
        "index a:n like", "index a:n on f using x metric y", "alias a:n", "alias a:n n", "rename a:n", "rename a:n m",
        "drop", "drop index a:n", "drop a:n if", "drop a:n including", "wait", "wait exists(a)", "wait until",
        "include",
        "print", "print 1 2", "print 1 format", "print 1 format xml", "print 1 timeout x", "print 1 output", "confirm",
        "confirm x", "run", "run ls", "sleep", "sleep x", "plan", "plan let a = 1", "watch print 1", "watch 5s", "time",
        "let", "let a", "let a 1", "let a = ", "let 1 = 1", "assert", "assert a else", "assert a = 1", "if", "if a",
        "if a print 1", "if a { print 1 } else", "if a {", "if a { print 1", "else { print 1 }", "for", "for x",
        "for x in",
        "for x [1] { }", "for x in [1]", "step", "step s { }", "step 's'", "on", "on error", "on error retry", "always",
        "always print 1", "}", "{ print 1 }", "print 1 }", "print 1, 2", "print )", "print 1 print 2",
    ]

    @Test(arguments: refused) func refuses(_ text: String) {
        let problems = parsed(text).problems
        #expect(!problems.isEmpty)
        for problem in problems { #expect(problem.span != nil && !problem.message.isEmpty) }
    }

    @Test func clausesInAnyOrder() {
        let clauses = ["fields [a]", "where p == 1", "limit 3", "format json", "quiet", "timeout 3s"]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            #expect(codes("peek a:n " + clauses.shuffled(using: &random).joined(separator: " ")) == [])
        }
    }

    @Test func everyClauseAtMostOnce() {
        for signature in Grammar.vecsh.signatures {
            for clause in signature.clauses where clause.form.isEmpty {
                guard let example = signature.examples.first?.line else { continue }
                let line = example + (codes("\(example) \(clause.keyword)").isEmpty ? " \(clause.keyword)" : "")
                #expect(codes("\(line) \(clause.keyword)") == ["E0203"], "\(line) \(clause.keyword)")
            }
        }
    }

    @Test func statementsKnowWhereTheyStand() {
        let script = parsed("  print 1 ; plan count a:n where p == 1 # c\nif a {\n print 2\n}")
        #expect(
            script.statements.map(\.span.text) == ["print 1", "plan count a:n where p == 1", "if a {\n print 2\n}"])
    }
}
