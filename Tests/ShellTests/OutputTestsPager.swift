import Foundation
import Testing

@testable import Shell

/// A terminal of our own: what is written to `inner` is read from `outer`.
private struct Terminal {
    var outer: Int32 = -1
    var inner: Int32 = -1

    init(columns: UInt16, lines: UInt16) {
        var size = winsize(ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        openpty(&outer, &inner, nil, nil, &size)
    }

    /// What has been shown so far.
    func text() -> String {
        _ = fcntl(outer, F_SETFL, O_NONBLOCK)
        var room = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(outer, &room, room.count)
        return String(decoding: room.prefix(max(0, count)), as: UTF8.self).replacing("\r\n", with: "\n")
    }

    func close() {
        Foundation.close(outer)
        Foundation.close(inner)
    }
}

private func environment(_ variables: [String: String]) -> Environment { Environment { variables[$0] } }

@Suite(.timeLimit(.minutes(5))) struct OutputTestsPager {
    private func show(_ text: String, pager: String, columns: UInt16 = 20, lines: UInt16 = 5) async throws -> String {
        let terminal = Terminal(columns: columns, lines: lines)
        defer { terminal.close() }
        let options = OutputOptions(environment: environment(["PAGER": pager]), standardOutput: terminal.inner)
        try await Output.to(.standardOutput, options: options) { try await $0.print(text: text) }
        return terminal.text()
    }

    @Test(arguments: [
        "1\n2\n3\n4\n", "12345678901234567890\n", "\u{1b}[2m12345678901234567890\u{1b}[0m\n", "",
        "123456789012345678901\n",
    ])
    func whatFitsIsShownAtOnce(_ text: String) async throws {
        #expect(try await show(text, pager: "exit 1") == text)
    }

    @Test(arguments: [
        "1\n2\n3\n4\n5\n", String(repeating: "123456789012345678901\n", count: 3),
        String(repeating: "日本語日本語日本語日本\n", count: 3),
    ])
    func whatDoesNotFitGoesToThePager(_ text: String) async throws {
        #expect(try await show(text, pager: "sed s/^/P/") == text.split(separator: "\n").map { "P\($0)\n" }.joined())
    }

    @Test func quittingThePagerIsNoErrorAndEndsTheStatement() async throws {
        let terminal = Terminal(columns: 80, lines: 24)
        defer { terminal.close() }
        let options = OutputOptions(environment: environment(["PAGER": "head -1"]), standardOutput: terminal.inner)
        let value: Void? = try await Output.to(.standardOutput, options: options) { output in
            for number in 0... { try await output.print(text: "line \(number)\n") }
        }
        #expect(value == nil)
        #expect(terminal.text() == "line 0\n")
    }

    @Test func aPagerThatIsNotThereIsSaid() async throws {
        do {
            _ = try await show("1\n2\n3\n4\n5\n", pager: "no-such-pager 2>/dev/null")
            Issue.record("no error")
        } catch OutputError.failed(let message, let help) {
            #expect(message.contains("no-such-pager"))
            #expect(help?.contains("PAGER") == true)
        }
    }

    @Test func thePagerIsChosenByTheEnvironment() throws {
        #expect(Pager.command(environment(["PAGER": "most", "PATH": "/usr/bin"])) == "most")
        #expect(Pager.command(environment(["PAGER": ""])) == nil)
        #expect(Pager.command(environment(["PAGER": "cat"])) == nil)
        #expect(Pager.command(environment(["PATH": "/nowhere"])) == nil)
        let folder = try Folder()
        try "".write(toFile: folder.path + "/less", atomically: false, encoding: .utf8)
        chmod(folder.path + "/less", 0o755)
        #expect(Pager.command(environment(["PATH": "/nowhere:" + folder.path])) == "less -FRSX")
    }
}

@Suite struct OutputTestsLook {
    @Test func theTerminalSaysHowWideItIs() {
        let terminal = Terminal(columns: 61, lines: 17)
        defer { terminal.close() }
        let look = Look(of: terminal.inner, environment: environment(["LANG": "de_DE.UTF-8", "COLUMNS": "99"]))
        #expect(look == Look(width: 61, isTerminal: true, signs: .boxes, style: Style(isOn: true)))
        #expect(Screen(terminal.inner) == Screen(columns: 61, lines: 17))
    }

    @Test func filesAndPipesHaveTheWidthThatIsAskedFor() {
        #expect(Look(screen: nil, environment: environment([:])) == Look())
        #expect(Look(screen: nil, environment: environment(["COLUMNS": "70"])).width == 70)
        #expect(Look(screen: nil, environment: environment(["COLUMNS": "x"])).width == nil)
        #expect(Screen(-1, environment(["LINES": "9"])) == Screen(columns: 80, lines: 9))
    }

    @Test(arguments: [
        ([:], Signs.ascii, Signs.text), (["LANG": "C"], .ascii, .ascii), (["LANG": "C.UTF-8"], .boxes, .text),
        (["LANG": "C.UTF-8", "LC_ALL": "POSIX"], .ascii, .ascii), (["LC_CTYPE": "en_US.utf8"], .boxes, .text),
    ])
    func signsFollowTheLocale(_ variables: [String: String], _ terminal: Signs, _ pipe: Signs) {
        let screen = Screen(columns: 80, lines: 24)
        #expect(Look(screen: screen, environment: environment(variables)).signs == terminal)
        #expect(Look(screen: nil, environment: environment(variables)).signs == pipe)
    }

    @Test func colourIsForTerminalsThatWantIt() {
        let screen = Screen(columns: 80, lines: 24)
        func isColored(_ screen: Screen?, _ coloring: Coloring, _ variables: [String: String] = [:]) -> Bool {
            Look(screen: screen, coloring: coloring, environment: environment(variables)).style.isOn
        }
        #expect(isColored(screen, .automatic))
        #expect(!isColored(screen, .automatic, ["NO_COLOR": "1"]))
        #expect(!isColored(screen, .automatic, ["TERM": "dumb"]))
        #expect(!isColored(nil, .automatic))
        #expect(isColored(nil, .always))
        #expect(!isColored(screen, .never))
        #expect(Style(isOn: true).red("x") == "\u{1b}[31mx\u{1b}[0m")
        #expect(Style.plain.bold("x") == "x")
    }
}
