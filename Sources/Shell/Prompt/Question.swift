import Glibc

/// A question to the person at the terminal, wherever standard input and output go.
package enum Question {
    /// Reads a line that is not shown; nil when there is no terminal, or at Ctrl-C or Ctrl-D.
    package static func password(_ question: String) -> String? { ask(question, isHidden: true) }

    /// Reads a line; nil when there is no terminal, or at Ctrl-C or Ctrl-D.
    package static func answer(_ question: String) -> String? { ask(question, isHidden: false) }

    /// Whether exactly `word` is typed; anything else, and nothing, is no.
    package static func isConfirmed(_ question: String, byTyping word: String) -> Bool { answer(question) == word }

    private static func ask(_ question: String, isHidden: Bool) -> String? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        Interrupt.shared.install()
        let input = KeyInput(terminal)
        return Interrupt.shared.prompting(input.wakeup) {
            Terminal.changing(terminal) { modes in
                show(question, on: terminal, modes, isHidden: isHidden)
                let line = input.line { show(question, on: terminal, modes, isHidden: isHidden) }
                if case .text(let answer) = line, !isHidden { return answer }
                write("\n", to: terminal)
                if case .text(let answer) = line { return answer }
                return nil
            }
        }
    }

    private static func show(_ question: String, on terminal: Int32, _ modes: termios, isHidden: Bool) {
        var modes = modes
        modes.c_lflag |= tcflag_t(ICANON | ISIG | ECHO)
        if isHidden { modes.c_lflag &= ~tcflag_t(ECHO) }
        tcsetattr(terminal, TCSAFLUSH, &modes)
        write(question, to: terminal)
    }
}
