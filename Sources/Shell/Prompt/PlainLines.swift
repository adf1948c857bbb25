import Glibc

extension LineEditor {
    /// Reads a statement line by line, where there is no terminal or one that can only print.
    func readPlainly(prompt: String, continuation: (String) -> String) -> Line {
        var statement = ""
        var shown = prompt
        while true {
            say(shown)
            let line = input.line { say(shown) }
            guard case .text(let text) = line else { return leave(line, statement) }
            wasInterrupted = false
            statement += text
            guard !statement.isEmpty, let reason = assistant.unfinished(statement) else { return .text(statement) }
            statement += "\n"
            shown = continuation(reason)
        }
    }

    /// At the end of input what has been read is a statement all the same; it is for the parser to refuse it.
    private func leave(_ line: Line, _ statement: String) -> Line {
        // What is typed stays in the terminal until Enter: whether there was any, only the second Ctrl-C tells.
        if isTalking { write(wasInterrupted && line == .interrupted ? "\nCtrl-D leaves\n" : "\n", to: 1) }
        wasInterrupted = line == .interrupted
        return line == .end && !statement.isEmpty ? .text(statement.withoutNewline) : line
    }

    private func say(_ prompt: String) {
        if isTalking { write(ColouredText(prompt).plain, to: 1) }
    }

    private var isTalking: Bool { Terminal.isTerminal(0) && Terminal.isTerminal(1) }
}
