import Glibc
import JSON
import Synchronization

/// Shows how far something is while it runs: a line that is redrawn on a terminal, a line every ten seconds elsewhere.
final class ProgressLine: Sendable {
    /// How far it is at one moment.
    struct Standing: Sendable {
        /// Between 0 and 1.
        var share: Double
        var text: String
        var json: JSONValue
    }

    private let messages: Messages
    private let style: ProgressStyle
    private let standing: @Sendable () -> Standing
    private let work = Mutex<Task<Void, Never>?>(nil)

    /// `standing` is asked each time that there may be something to show.
    init(
        _ messages: Messages, _ invocation: Invocation, isQuiet: Bool, _ standing: @escaping @Sendable () -> Standing
    ) {
        self.messages = messages
        self.standing = standing
        let isTerminal = isatty(invocation.standardError) == 1
        switch invocation.progress {
        case .automatic: style = isQuiet || invocation.isQuiet ? .off : isTerminal ? .bar : .plain
        case let chosen: style = chosen
        }
        let interval: Duration = style == .plain || style == .json ? .seconds(1) : .milliseconds(200)
        let task = Task.detached { [weak self] in
            for number in 1... {
                try? await Task.sleep(for: interval)
                guard !Task.isCancelled else { return }
                self?.show(number)
            }
        }
        work.withLock { $0 = task }
    }

    /// Removes the line.
    func end() async {
        let task = work.withLock(\.self)
        task?.cancel()
        await task?.value
        if style == .bar { messages.draw("\r\u{1B}[K") }
    }

    /// Whoever watches files asks each time; of lines, one in ten is enough.
    private func show(_ number: Int) {
        let now = standing()
        switch style {
        case .off, .automatic: break
        case .bar: messages.draw("\r\u{1B}[K" + bar(now))
        case .plain: if number.isMultiple(of: 10) { messages.say(now.text) }
        case .json: messages.draw(now.json.text + "\n")
        }
    }

    private func bar(_ now: Standing) -> String {
        let width = 20
        let full = max(0, min(width, Int(Double(width) * now.share)))
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + " " + now.text
    }
}
