import Glibc
import JSON

/// Says that a step begins, and how it ended.
struct StepReport {
    private let title: String
    private let messages: Messages
    private let style: ProgressStyle
    private let start = ContinuousClock.now

    init(_ title: String, _ messages: Messages, _ invocation: Invocation) {
        self.title = title
        self.messages = messages
        style = invocation.progress
        messages.transcript?.add(title: title)
        say("▸", "begun", "")
    }

    func succeeded() { say("✓", "done", "  \(elapsed)") }

    func failed() { say("✗", "failed", "  \(elapsed)") }

    private func say(_ mark: String, _ state: String, _ tail: String) {
        switch style {
        case .off: break
        case .json: messages.warn(json(state).text)
        case .automatic, .bar, .plain: messages.say("\(mark) \(title)\(tail)")
        }
    }

    private func json(_ state: String) -> JSONValue {
        [
            "t": .integer(Int64(time(nil))), "step": .string(title), "state": .string(state),
            "elapsed_s": .double((ContinuousClock.now - start).inSeconds.rounded(to: 3)),
        ]
    }

    private var elapsed: String { Elapsed.text(ContinuousClock.now - start) }
}

/// Durations as people read them.
enum Elapsed {
    static func text(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        switch seconds {
        case ..<1: return "\(Int((seconds * 1000).rounded())) ms"
        case ..<60: return "\(seconds.rounded(to: 1)) s"
        case ..<3600: return "\(Int(seconds) / 60) m \(Int(seconds) % 60) s"
        default: return "\(Int(seconds) / 3600) h \(Int(seconds) / 60 % 60) m"
        }
    }
}

extension Double {
    func rounded(to decimals: Int) -> Double {
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
