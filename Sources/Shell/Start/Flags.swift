import Language

extension CommandLine {
    /// What the program takes, for help, manual and the shells' completion.
    package static let flags: [ShellCompletions.Flag] = [
        .init(["-c", "--command"], value: "TEXT", "Run statements; -c and -f may be mixed, and run in their order"),
        .init(["-f", "--file"], value: "FILE", "Run a script or runbook; - is the standard input"),
        .init(["-v", "--set"], value: "NAME=VALUE", "Define a variable"),
        .init(["--profile"], value: "NAME", "Open the connections of a profile"),
        .init(["-n", "--dry-run"], "Show what would be done, and change nothing"),
        .init(["-y", "--yes"], "Confirm everything that needs a confirmation"),
        .init(["--check"], "Read the script, list what it destroys, run nothing"),
        .init(["--format"], value: "F", choices: Format.allCases.map(\.rawValue), "How results are written"),
        .init(["-q", "--quiet"], "Say nothing beside results and errors"),
        .init(["--no-rc"], "Do not run the start file"),
        .init(["--no-history"], "Keep no history"),
        .init(["--color"], value: "WHEN", choices: Coloring.allCases.map(\.rawValue), "Colour; NO_COLOR is honoured"),
        .init(
            ["--progress"], value: "HOW", choices: ProgressStyle.allCases.map(\.rawValue), "How progress is shown"),
        .init(["--log"], value: "FILE.md", "Write a transcript"),
        .init(["--errors"], value: "HOW", choices: ["text", "json"], "Errors for people, or one JSON object a line"),
        .init(["--agent"], "JSON lines, no colour, no progress: for programs that read the screen"),
        .init(["--step"], value: "TITLE", "Run one step of a runbook"),
        .init(["--from-step"], value: "TITLE", "Run a runbook from one step on"),
        .init(["--max-duration"], value: "TIME", "Stop in good order after so long; the same call goes on from there"),
        .init(["--complete"], value: "LINE", "Print what may be written at the end of a line, as JSON"),
        .init(["--at"], value: "N", "With --complete: the place of the cursor, in bytes"),
        .init(["--hint"], value: "LINE", "Print what comes next in a line, as JSON"),
        .init(["-h", "--help"], "Print this"),
        .init(["-V", "--version"], "Print the version"),
    ]

    /// What `--help` prints.
    package static var usage: String {
        let width = flags.map(\.usage.count).max() ?? 0
        let lines = flags.map { flag in
            "  " + flag.usage + String(repeating: " ", count: width - flag.usage.count + 2) + flag.summary
        }
        return """
            vecsh: a shell for vector databases

            vecsh                            a prompt
            vecsh FILE.vsh | FILE.md         run a script, or the vecsh blocks of a Markdown runbook
            vecsh -c 'list collections db'   run statements
            … | vecsh                        run a script from the standard input

            \(lines.joined(separator: "\n"))

            Exit codes:
            \(ExitCode.allCases.map { "  \($0.rawValue)\t\($0.meaning)" }.joined(separator: "\n"))

            `vecsh -c help` lists the commands, `vecsh -c 'help peek'` explains one.
            """
    }
}
