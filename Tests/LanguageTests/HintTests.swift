import Language
import Shell
import Testing

@Suite struct HintTests {
    private func hint(_ line: String) -> String { Hint.text(line, at: line.utf8.count, .vecsh) }

    @Test func saysWhatComesNext() {
        #expect(hint("alias db:live ") == "for <target>")
        #expect(hint("count db:n ") == "[where <condition>]")
        #expect(hint("delete db:n where p == 1 ") == "[id <id>, …]")
        #expect(
            hint("create db:n ")
                == "{fields (<name> <type> …, …) | like <conn:collection>} [open] [if exists fail|skip|replace]")
        #expect(hint("save last ") == "<n> to <path>")
        #expect(hint("connect db to mem://x password ").hasPrefix("{env <variable> | file <path> | command"))
    }

    @Test func saysWhatIsWrongWhenTheWordIsWhole() {
        #expect(hint("cuont ") == "unknown command 'cuont': did you mean 'count'?")
        #expect(hint("count db:n whre ") == "unexpected 'whre': did you mean 'where'?")
        #expect(hint("cuont").isEmpty || hint("cuont").hasPrefix("unknown"))
    }

    @Test func isSilentWhereThereIsNothingToSay() {
        for line in ["", "   ", "print \"abc ", "print '''a ", "print \"${", "if true { print 1", "print 1"] {
            #expect(hint(line) == "", "\(line)")
        }
        #expect(Hint.text("count db:n", at: 5, .vecsh) == "")
    }
}
