import Glibc
import Language
import Model

/// The prompt: reads statements, runs them, and stays.
struct Prompt {
    private let session: Session
    private let reader: PromptReader

    init(_ session: Session) {
        self.session = session
        let names = session.names
        let assistant = Assistant(
            completions: { Completion(.vecsh, names).candidates($0, at: $1) },
            hint: { Hint.text($0, at: $1, .vecsh) },
            unfinished: { Unfinished.reason($0) })
        reader = PromptReader(assistant: assistant, history: session.history)
    }

    func run() async -> Int32 {
        session.messages.say("vecsh \(Program.version). `help` lists the commands, Ctrl-D leaves.")
        while true {
            await session.showStatus()
            let prompt = await session.prompt
            switch await reader.read(prompt: prompt, continuation: { Prompt.continuation($0, prompt) }) {
            case .interrupted: continue
            case .end: return ExitCode.success.rawValue
            case .text(let text):
                if let code = await execute(text) { return code }
            }
        }
    }

    /// The reason why a statement is unfinished, under the prompt's end.
    private static func continuation(_ reason: String, _ prompt: String) -> String {
        let width = displayWidth(prompt)
        return String(repeating: " ", count: max(0, width - reason.count - 2)) + reason + "> "
    }

    /// Runs what was typed; an exit code if it ends the prompt.
    private func execute(_ text: String) async -> Int32? {
        guard !text.trimmed.isEmpty else { return nil }
        let succeeded: Bool
        let work = Task { try await session.execute(text) }
        let watch = Interrupt.shared.onInterrupt { _ in work.cancel() }
        defer { watch.end() }
        do {
            try await work.value
            succeeded = true
        } catch let quit as Quit {
            return quit.code
        } catch {
            // The terminal has shown ^C; what is said stands below it.
            if Failure(error, at: nil).exit == .interrupted { session.messages.warn("") }
            _ = session.ending(of: error)
            succeeded = false
        }
        await session.remember(text, succeeded: succeeded)
        return nil
    }
}

extension Session {
    /// Parses and runs what was typed at the prompt.
    fileprivate func execute(_ text: String) async throws {
        let source = Source(name: "", text: text)
        secrets.notice(in: source)
        let script = Parser.parse(source, nil, .vecsh)
        if let problem = script.problems.first { throw problem }
        defer { offerVariables() }
        try await run(script.statements)
    }

    /// Lets completion know what can be said with a `$`.
    func offerVariables() {
        names.define(
            variables.keys.sorted().map {
                Candidate("$" + $0, kind: "variable", note: secrets.redacted(variables[$0]?.description ?? ""))
            })
    }

    fileprivate func remember(_ text: String, succeeded: Bool) {
        history.add(secrets.redacted(text), succeeded: succeeded, directory: Folders.current)
        // A line that is kept out of the history is kept out of scripts too.
        if succeeded, !text.hasPrefix(" "),
            !["save", "edit", "history", "help"].contains(text.trimmed.prefix { $0.isLetter })
        {
            self.succeeded.append(secrets.redacted(text.trimmed))
        }
    }

    fileprivate var prompt: String { current.map { "vecsh \($0)> " } ?? "vecsh> " }

    /// A line above the prompt with what is open, when that has changed.
    fileprivate func showStatus() {
        let status = connections.map { connection in
            "\(connection.name)·\(connection.kind.scheme)\(connection.isReadOnly ? " readonly" : "")"
        }.joined(separator: " │ ")
        guard status != shownStatus else { return }
        shownStatus = status
        if !status.isEmpty { messages.say(status) }
    }
}
