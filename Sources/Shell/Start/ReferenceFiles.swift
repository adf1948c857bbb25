import Glibc
import Language

/// Everything that is made from the declarations: manual, command pages, shell completions.
package enum ReferenceFiles {
    /// Path and text of each file, below the project's folder.
    package static var all: [(path: String, text: String)] {
        let manual = Manual(.vecsh)
        let pages = Grammar.vecsh.signatures.map { ("docs/commands/\($0.name).md", manual.page($0)) }
        let flags = CommandLine.flags
        return pages + [
            ("docs/commands/README.md", manual.index),
            ("docs/vecsh.1", page(manual)),
            ("completions/vecsh.bash", ShellCompletions.bash(flags)),
            ("completions/_vecsh", ShellCompletions.zsh(flags)),
            ("completions/vecsh.fish", ShellCompletions.fish(flags)),
        ]
    }

    private static func page(_ manual: Manual) -> String {
        manual.roff(
            version: Program.version, flags: CommandLine.flags.map { ($0.usage, $0.summary + ".") },
            exits: ExitCode.allCases.map { (Int($0.rawValue), $0.meaning) })
    }

    static func write(to folder: String) -> Int32 {
        for path in ["docs", "docs/commands", "completions"] { mkdir("\(folder)/\(path)", 0o777) }
        for (path, text) in all {
            guard let file = fopen("\(folder)/\(path)", "w") else { return ExitCode.failed.rawValue }
            fputs(text, file)
            guard fclose(file) == 0 else { return ExitCode.failed.rawValue }
        }
        return ExitCode.success.rawValue
    }
}
