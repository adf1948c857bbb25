import CEditLine
import Glibc

/// The prompt's line: edited with libedit's keys, drawn by ``PromptScreen``, helped by an ``Assistant``.
///
/// One a process, for there is one terminal. ``read(prompt:continuation:)`` blocks: call it on a thread that may, or use
/// ``PromptReader``.
package final class LineEditor {
    package enum Line: Hashable, Sendable {
        /// A statement, whole unless the person ended it otherwise.
        case text(String)
        /// Ctrl-C; what was typed is gone.
        case interrupted
        /// Ctrl-D on an empty line, or there is nothing more to read.
        case end
    }

    let assistant: Assistant
    let history: History
    let input = KeyInput(0)
    let screen = PromptScreen(1)
    var reading = OpenStatement()
    /// Whether the last line was ended by Ctrl-C.
    var wasInterrupted = false
    /// Nil where lines are read plainly: no terminal, or one that cannot move its cursor.
    private(set) var buffer: EditBuffer?

    package init(assistant: Assistant, history: History) {
        self.assistant = assistant
        self.history = history
        edit_use_utf8()
        Interrupt.shared.install()
        guard Terminal.isTerminal(0), Terminal.isTerminal(1), !Terminal.isDumb else { return }
        buffer = EditBuffer(owner: self) { handle, key in
            EditBuffer.owner(of: handle, as: LineEditor.self)?.deliver(key) ?? 0
        }
        if let buffer { bindKeys(of: buffer) }
    }

    /// Reads one statement.
    ///
    /// - Parameters:
    ///   - prompt: what stands before it; it may hold colours.
    ///   - continuation: what stands before its further lines, given the reason why the text above them is unfinished.
    package func read(prompt: String, continuation: @escaping (String) -> String) -> Line {
        Interrupt.shared.prompting(input.wakeup) {
            guard let buffer else { return readPlainly(prompt: prompt, continuation: continuation) }
            reading = OpenStatement(prompt: prompt, continuation: continuation, recall: Recall(history.texts))
            return Terminal.changing(0, closing: PromptScreen.closing) { _ in edit(buffer) }
        }
    }

    private func edit(_ buffer: EditBuffer) -> Line {
        screen.begin()
        let accepted = buffer.run()
        let text = reading.accepted ?? accepted ?? []
        let line = reading.outcome ?? (accepted == nil ? .end : .text(String(text).withoutNewline))
        finish(line, text: text)
        return line
    }

    private func finish(_ line: Line, text: [Unicode.Scalar]) {
        reading.list = nil
        reading.search = nil
        switch line {
        case .text:
            screen.draw(content(of: text, cursor: text.count, hasHint: false))
            screen.end()
        case .interrupted:
            screen.draw(content(of: reading.abandoned, cursor: reading.abandoned.count, hasHint: false))
            screen.end(with: reading.abandoned.isEmpty ? "^C\r\nCtrl-D leaves" : "^C")
        case .end: screen.end()
        }
    }
}

/// What belongs to the statement that is being read.
struct OpenStatement {
    var prompt = ""
    var continuation: (String) -> String = { _ in "" }
    var recall = Recall([])
    var reasons = UnfinishedReasons()
    var list: CompletionList?
    var search: SearchBackwards?
    var isPasting = false
    var outcome: LineEditor.Line?
    var accepted: [Unicode.Scalar]?
    /// What stood in the line at Ctrl-C.
    var abandoned: [Unicode.Scalar] = []
}

// MARK: Keys in

extension LineEditor {
    /// Gives libedit its next key: 1 and the key, 0 at the end, -1 when reading is over.
    private func deliver(_ key: UnsafeMutablePointer<wchar_t>?) -> Int32 {
        guard let scalar = nextKey() else {
            errno = EINTR
            return reading.outcome == .end ? 0 : -1
        }
        key?.pointee = wchar_t(scalar.value)
        return 1
    }

    /// The next key, or nil when Ctrl-C or the end came instead; the screen is brought up to date before any wait.
    func nextKey() -> Unicode.Scalar? {
        while true {
            switch input.next(idle: draw) {
            case .scalar(let scalar):
                reading.list = nil
                guard let events = LineEditor.signalKeys[scalar] else { return scalar }
                if isOver(after: events) { return nil }
            case .end:
                reading.outcome = .end
                return nil
            case .woken(let events):
                if isOver(after: events) { return nil }
            }
        }
    }

    /// As keys these come in order; as signals they would overtake what was typed before, or fall behind it.
    private static let signalKeys: [Unicode.Scalar: Wakeup.Events] = ["\u{3}": .interrupt, "\u{1A}": .suspend]

    private func isOver(after events: Wakeup.Events) -> Bool {
        if events.contains(.resize) { screen.resize() }
        if events.contains(.suspend) { suspend() }
        if events.contains(.resume) { resume() }
        guard events.contains(.interrupt) else { return false }
        let searched = reading.search.map { Array(($0.match ?? $0.query).unicodeScalars) }
        reading.abandoned = searched ?? buffer?.text ?? []
        reading.outcome = .interrupted
        return true
    }

    private func suspend() {
        buffer?.setRaw(false)
        Terminal.suspend()
    }

    private func resume() {
        // libedit believes that the terminal is still as it left it.
        buffer?.setRaw(false)
        buffer?.setRaw(true)
        screen.begin()
    }
}

// MARK: What is seen

extension LineEditor {
    private func draw() {
        guard let buffer, !reading.isPasting, reading.outcome == nil else { return }
        if let search = reading.search { return screen.draw(search.content) }
        var content = content(of: buffer.text, cursor: buffer.cursor, hasHint: true)
        if let list = reading.list {
            let room = screen.size.lines - min(content.lines.count, screen.size.lines / 2) - 1
            content.below = list.rows(columns: screen.size.columns, room: room, style: screen.style)
        }
        screen.draw(content)
    }

    private func content(of text: [Unicode.Scalar], cursor: Int, hasHint: Bool) -> PromptContent {
        reading.reasons.keep(text)
        var content = PromptContent(text, cursor: cursor, prefix: { _ in "" })
        let starts = content.lines.map(\.startIndex)
        content.prefix = { [self] line in
            guard line > 0 else { return reading.prompt }
            return reading.continuation(reading.reasons.reason(before: starts[line], in: text, assistant.unfinished))
        }
        if hasHint { content.hint = hint(for: text, cursor: cursor) }
        return content
    }

    private func hint(for text: [Unicode.Scalar], cursor: Int) -> String {
        let hint = assistant.hint(String(text), text[..<cursor].utf8Count)
        return hint.split(separator: "\n").first.map(String.init) ?? ""
    }
}
