import Foundation
import Shell
import TestSupport
import Testing

/// The prompt as a person meets it: keys in, screen out.
@Suite(.serialized) struct PromptTests {
    private func start(
        _ environment: [String: String] = [:], history: String? = nil, columns: Int = 80, rows: Int = 24
    ) throws -> Pty {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "prompt-trial").path
        let pty = try Pty(
            program, history.map { [$0] } ?? [], environment: environment, columns: columns, rows: rows)
        try #require(pty.waits { $0.text == "trial>" })
        return pty
    }

    // MARK: Completion and hint

    @Test func theOnlyCandidateIsWrittenWithWhatFollows() throws {
        let pty = try start()
        pty.send("ec\t")
        pty.expect("the word and a space") { $0.lines[0].hasPrefix("trial> echo ") && $0.cursor.column == 12 }
        pty.send("\u{15}copy d\t")
        pty.expect("trial> copy docs:")
    }

    @Test func severalCandidatesAreListedUntilTheNextKey() throws {
        let pty = try start()
        pty.send("co\t")
        pty.expect(
            """
            trial> co
            copy     verb  Copy a collection into another store
            count    verb  Count the records
            connect  verb
            """)
        pty.send("u")
        pty.expect("the list is gone") { $0.text == "trial> cou" }
        pty.send("\t")
        pty.expect("the word is whole") { $0.text == "trial> count" }
    }

    @Test func whatAllCandidatesBeginWithIsWritten() throws {
        let pty = try start()
        pty.send("copy col\t")
        pty.expect("trial> copy colpali_\n")
        pty.expect("colpali_größe      collection  40 rows")
    }

    @Test func aLongListStaysOnOneScreen() throws {
        let pty = try start(rows: 10)
        pty.send("copy many\t")
        pty.expect("the line and the list") {
            $0.lines[0].hasPrefix("trial> copy many_") && $0.text.hasSuffix("more") && $0.lines.count == 10
        }
    }

    @Test func theHintComesAndGoes() throws {
        let pty = try start()
        pty.send("copy")
        pty.expect("trial> copy")
        pty.send(" ")
        pty.expect("the hint stands at the right, the cursor stays") {
            $0.lines[0].hasSuffix("<source> to <target>") && $0.lines[0].count == 79 && $0.cursor.column == 12
        }
        pty.send("d")
        pty.expect("the hint is gone") { $0.text == "trial> copy d" }
    }

    // MARK: Several lines

    @Test func enterGoesOnWhileTheStatementIsUnfinished() throws {
        let pty = try start()
        pty.send("echo {\r")
        pty.expect("trial> echo {\n{ ...")
        pty.send("(\r1)\r}")
        pty.expect("trial> echo {\n{ ... (\n{ ... 1)\n{ ... }")
        pty.send("\r")
        pty.expect("<echo {|(|1)|}>\ntrial>")
    }

    @Test func altEnterAlwaysBeginsALine() throws {
        let pty = try start()
        pty.send("echo a\u{1B}\rb")
        pty.expect("trial> echo a\n ... b")
        pty.send("\r")
        pty.expect("<echo a|b>")
    }

    @Test func aStatementOfSeveralLinesIsRecalledAndEdited() throws {
        let pty = try start()
        pty.send("echo {\rone\r}\r")
        pty.expect("<echo {|one|}>\ntrial>")
        pty.send("draft\u{1B}[A")
        pty.expect("<echo {|one|}>\ntrial> echo {\n{ ... one\n{ ... }")
        pty.send("\u{1B}[A\u{1B}[Fs")
        pty.expect("{ ... ones\n{ ... }")
        pty.send("\u{1B}[B\u{1B}[B")
        pty.expect("the draft is back") { $0.text.hasSuffix("<echo {|one|}>\ntrial> draft") }
        pty.send("\u{1B}[A\r")
        pty.expect("<echo {|ones|}>")
    }

    @Test func recallAtTheLastRowOfTheScreen() throws {
        let pty = try start(rows: 6)
        pty.send("echo {\rone\r}\recho two\r")
        pty.expect("<echo two>\ntrial>")
        pty.send("\u{1B}[A\u{1B}[A")
        pty.expect("<echo two>\ntrial> echo {\n{ ... one\n{ ... }")
        pty.send("\u{1B}[A\u{1B}[A\u{1B}[A\u{1B}[B")
        pty.send("\r")
        pty.expect("<echo {|one|}>\ntrial>")
    }

    @Test func aStatementTallerThanTheScreenCanBeWalkedThrough() throws {
        let pty = try start(rows: 6)
        pty.send("echo {\r" + (1...20).map { "line \($0)\r" }.joined())
        pty.expect("{ ... line 20\n{ ...")
        pty.send(String(repeating: "\u{1B}[A", count: 21))
        pty.expect("the first line, the cursor on it") { $0.lines[0] == "trial> echo {" && $0.cursor.row == 0 }
        pty.send(String(repeating: "\u{1B}[B", count: 21) + "}\r")
        pty.expect("all of it has run") { $0.lines.joined().contains("|line 19|line 20|}>trial>") }
    }

    // MARK: Paste

    @Test func aPasteOfManyLinesArrivesWhole() throws {
        let pty = try start()
        let lines = (1...500).map { "\($0)\tq\t日本語 größe (\($0))" }
        pty.send("count \u{1B}[200~" + lines.joined(separator: "\r") + "\u{1B}[201~")
        pty.expect("the end of the paste") { $0.lines[23].hasSuffix("500        q       日本語 größe (500)") }
        #expect(!pty.screen.text.contains("lines"))
        pty.send("\r")
        pty.expect("500 lines \(lines.joined(separator: "\n").utf8.count + 6) bytes\ntrial>")
        #expect(pty.screen.modes.contains("2004"))
    }

    @Test func aPasteThatNeverEndsIsLeftByCtrlC() throws {
        let pty = try start()
        pty.send("\u{1B}[200~abc\u{3}")
        pty.expect("^C")
        pty.send("echo on\r")
        pty.expect("<echo on>")
    }

    // MARK: Search

    @Test func searchFindsAnyPartInAnyCase() throws {
        let pty = try start()
        pty.send("echo größe 1\recho other\recho GRÖSSE größe 2\r")
        pty.expect("größe 2>\ntrial>")
        pty.send("\u{12}GRÖße")
        pty.expect("search 'GRÖße' 1/2> echo GRÖSSE größe 2")
        pty.send("\u{12}")
        pty.expect("search 'GRÖße' 2/2> echo größe 1")
        pty.send("\u{5}!")
        pty.expect("the match is in the line") { $0.text.hasSuffix("trial> echo größe 1!") }
        pty.send("\u{15}\u{12}nowhere")
        pty.expect("search 'nowhere', not found>")
        pty.send("\u{7}")
        pty.expect("an empty line") { $0.text.hasSuffix("größe 2>\ntrial>") }
        pty.send("\u{12}other\r")
        pty.expect("it has run") { $0.text.hasSuffix("trial> echo other\n<echo other>\ntrial>") }
        pty.send("\u{12}one\u{3}")
        pty.expect("^C\ntrial>")
    }

    // MARK: Ctrl-C and Ctrl-D

    @Test func ctrlCClearsTheLineAndThenSaysHowToLeave() throws {
        let pty = try start()
        pty.send("half typed\u{3}")
        pty.expect("trial> half typed^C\ntrial>")
        pty.send("\u{3}")
        pty.expect("trial> ^C\nCtrl-D leaves\ntrial>")
        pty.send("echo on\r")
        pty.expect("<echo on>")
    }

    @Test func ctrlCReachesTheCommandThatRuns() throws {
        let pty = try start()
        pty.send("sleep 60\r")
        pty.expect("sleeping")
        pty.send("\u{3}")
        pty.expect("press 1")
        pty.send("\u{3}")
        pty.expect("press 2\nstopped\ntrial>")
        pty.send("sleep 60\r")
        pty.expect("two sleeps") { $0.text.hasSuffix("trial> sleep 60\nsleeping") }
        pty.send("\u{3}")
        pty.expect("counted anew") { $0.text.hasSuffix("sleeping\n^Cpress 1") }
    }

    @Test func ctrlDEndsOnAnEmptyLineOnly() throws {
        let pty = try start()
        pty.send("echo xy\u{1B}[D\u{4}\u{4}\r")
        pty.expect("<echo x>\ntrial>")
        pty.send("\u{4}")
        pty.expect("bye")
        #expect(pty.status() == 0)
        #expect(!pty.screen.modes.contains("2004"))
    }

    @Test func aSignalFromElsewhereIsACtrlC() throws {
        let pty = try start()
        pty.send("abc")
        pty.expect("trial> abc")
        kill(pty.process, SIGINT)
        pty.expect("trial> abc^C\ntrial>")
    }

    @Test func ctrlZStopsAndTheLineComesBack() throws {
        let pty = try start()
        pty.send("abc\u{1A}")
        pty.expect("the paste mode is off") { !$0.modes.contains("2004") }
        #expect(pty.stops())
        kill(pty.process, SIGCONT)
        pty.expect("the line is drawn again") { $0.text.hasSuffix("trial> abc") && $0.modes.contains("2004") }
        pty.send("\u{15}echo on\r")
        pty.expect("<echo on>")
    }

    @Test func keysWithoutMeaningTypeNothing() throws {
        let pty = try start()
        pty.send("echo \u{1B}[15~\u{1B}[6~\u{1B}OP\u{1B}[Zx\r")
        pty.expect("<echo x>")
    }

    @Test func ownBindingsAreReadAndOursStay() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try "bind ^O em-upper-case\nbind ^I ed-insert\n".write(
            to: folder.appending(path: ".editrc"), atomically: true, encoding: .utf8)
        let pty = try start(["HOME": folder.path])
        pty.send("ec\tabc\u{1B}b\u{F}")
        pty.expect("trial> echo ABC")
    }

    @Test func terminationLeavesTheTerminalAsItWas() throws {
        let pty = try start()
        pty.send("abc")
        pty.expect("trial> abc")
        kill(pty.process, SIGTERM)
        #expect(pty.status() == 128 + SIGTERM)
        #expect(!pty.screen.modes.contains("2004"))
    }

    // MARK: Terminals

    @Test func aResizeDrawsTheLineAnew() throws {
        let pty = try start()
        pty.send("echo one\recho " + String(repeating: "0123456789", count: 9))
        pty.expect("<echo one>\ntrial> echo 0123456789")
        for columns in [50, 120, 33, 80] {
            let before = pty.screen.bytesFed
            pty.resize(columns: columns, rows: 24)
            let line = "trial> echo " + String(repeating: "0123456789", count: 9)
            let expected = "trial> echo one\n<echo one>\n" + line.inRows(of: columns)
            pty.expect("one prompt at \(columns) columns") { $0.bytesFed > before && $0.text == expected }
        }
    }

    @Test func aNarrowerTerminalLeavesNothingOfTheHint() throws {
        let pty = try start()
        pty.send("copy ")
        pty.expect("<target>")
        pty.resize(columns: 60, rows: 24)
        pty.expect("one row") { $0.text.hasPrefix("trial> copy   ") && $0.text.count == 59 }
    }

    @Test func wideCharactersBreakAtTheMarginAsTheTerminalDoes() throws {
        let pty = try start(columns: 20)
        pty.send("echo 日本語日本語日本語x\u{1B}[D\u{1B}[D\u{7F}")
        pty.expect("trial> echo 日本語日\n本語本語x".replacing("本語本語x", with: "本語日語x"))
        pty.send("y")
        pty.expect("本語日y語x")
    }

    @Test func marksWithoutWidthAreDrawn() throws {
        let pty = try start()
        pty.send("echo cafe\u{301}s")
        pty.expect("the accent, and the s behind it") {
            $0.lines[0] == "trial> echo cafe\u{301}s" && $0.cursor.column == 17
        }
    }

    @Test func outputWithoutAnEndOfLineIsKept() throws {
        let pty = try start()
        pty.send("half\r")
        pty.expect("no end of line%\ntrial>")
    }

    @Test(arguments: ["LANG", "LC_ALL"]) func anotherLocaleStillReadsUTF8(_ variable: String) throws {
        let pty = try start([variable: "C"])
        pty.send("echo größe 日本 \u{1F600}x\u{7F}\r")
        pty.expect("<echo größe 日本 \u{1F600}>")
    }

    @Test func aDumbTerminalReadsPlainLines() throws {
        let pty = try start(["TERM": "dumb"])
        pty.send("echo größe {\r")
        pty.expect("trial> echo größe {\n{ ...")
        pty.send("}\r")
        pty.expect("<echo größe {|}>\ntrial>")
        pty.send("abc")
        pty.expect("trial> abc")
        pty.send("\u{3}")
        pty.expect("abc^C\ntrial>")
        pty.send("\u{3}")
        pty.expect("trial> ^C\nCtrl-D leaves\ntrial>")
        pty.send("\u{4}")
        pty.expect("bye")
        #expect(pty.status() == 0)
    }

    @Test func noColourIsWrittenWhereNobodyWantsIt() throws {
        let pty = try start(["NO_COLOR": "1"])
        pty.send("copy ")
        pty.expect("<target>")
        #expect(!pty.screen.hasUsedStyles)
    }

    // MARK: Questions

    @Test func aPasswordIsNotShown() throws {
        let pty = try start()
        pty.send("secret\r")
        pty.expect("Password:")
        pty.send("größe\r")
        pty.expect("Password:\nheard 5 characters\ntrial>")
        pty.send("secret\r")
        pty.expect("the question again") { $0.text.hasSuffix("trial> secret\nPassword:") }
        pty.send("abc\u{3}")
        pty.expect("heard -1 characters\ntrial>")
        pty.send("echo seen\r")
        pty.expect("trial> echo seen\n<echo seen>")
    }

    @Test func aConfirmationWantsTheWholeWord() throws {
        let pty = try start()
        let outcomes = ["docs\r": "confirmed", "doc\r": "refused", "\r": "refused", "\u{4}": "refused"]
        for (answer, outcome) in outcomes {
            pty.send("\u{C}confirm\r")
            pty.expect("the question") { $0.text == "trial> confirm\nType docs:" }
            pty.send(answer)
            pty.expect("\(outcome)\ntrial>")
        }
    }

    @Test func theHistoryOutlivesTheShell() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "history").path
        let first = try start(history: path)
        first.send("echo {\r}\r echo kept from it\recho last\recho last\r")
        first.expect("two of them") { $0.text.hasSuffix("<echo last>\ntrial> echo last\n<echo last>\ntrial>") }
        first.send("\u{4}")
        #expect(first.status() == 0)
        let second = try start(history: path)
        second.send("\u{1B}[A")
        second.expect("trial> echo last")
        second.send("\u{1B}[A")
        second.expect("trial> echo {\n{ ... }")
    }
}

private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "prompt-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

extension String {
    fileprivate func inRows(of columns: Int) -> String {
        stride(from: 0, to: count, by: columns).map { String(dropFirst($0).prefix(columns)) }.joined(separator: "\n")
    }
}
