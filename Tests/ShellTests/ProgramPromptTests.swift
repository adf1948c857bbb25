import Foundation
import TestSupport
import Testing

/// The real program at a terminal: what the trial program of the editor's tests cannot know.
@Suite(.serialized) struct ProgramPromptTests {
    private func begun(_ folder: TemporaryFolder) throws -> Pty {
        let pty = try Pty(
            ProgramRun.program.path, ["--no-rc"], environment: folder.environment.filter { $0.key != "COLUMNS" })
        try #require(pty.waits { $0.text.contains("vecsh>") })
        return pty
    }

    @Test func completesTheNamesOfWhatIsOpen() throws {
        let folder = try TemporaryFolder()
        let pty = try begun(folder)
        pty.send("connect db to mem://names\r")
        pty.expect("the status") { $0.text.contains("db·mem") }
        pty.send("create db:wonderful fields (id int64 key, page int64)\r")
        pty.expect("the collection") { $0.text.contains("db:wonderful is made") }
        pty.send("count d\tw\t")
        pty.expect("the name") { $0.text.contains("count db:wonderful") }
        pty.send(" whe\tpa\t> 3\r")
        pty.expect("the count") { $0.lines.contains("0") }
    }

    @Test func ctrlCStopsTheCommandAndNotTheShell() throws {
        let folder = try TemporaryFolder()
        let pty = try begun(folder)
        pty.send("print 40 + 1; sleep 60\r")
        pty.expect("the command that runs") { $0.lines.contains("41") }
        pty.send("\u{3}")
        pty.expect("the interruption") { $0.text.contains("interrupted") }
        pty.send("print 6 * 7\r")
        // A Ctrl-D that comes before the prompt is none: the terminal gives it to editors as another character.
        pty.expect("the answer and the prompt") { $0.text.contains("42\nvecsh>") }
        pty.send("\u{4}")
        #expect(pty.status() == 0)
    }

    @Test func historyAndHiddenLines() throws {
        let folder = try TemporaryFolder()
        let pty = try begun(folder)
        pty.send("print 1\r")
        pty.expect("one") { $0.lines.contains("1") }
        pty.send(" print 2\r")
        pty.expect("two") { $0.lines.contains("2") }
        pty.send("history format jsonl\r")
        pty.expect("the history") { $0.text.contains(#""statement":"print 1""#) }
        let file = folder.url.appending(path: "state/history.jsonl").path
        let path = folder.environment["VECSH_HOME"].map { $0 + "/history.jsonl" } ?? file
        let kept = try String(contentsOfFile: path, encoding: .utf8)
        #expect(kept.contains("print 1") && !kept.contains("print 2"))
    }
}
