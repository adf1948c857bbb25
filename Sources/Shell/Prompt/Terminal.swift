import Glibc
import Synchronization

/// The terminal this process was started on, if any.
package enum Terminal {
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Whether the terminal cannot move its cursor.
    package static var isDumb: Bool { ["dumb", "unknown"].contains(Environment.process["TERM"] ?? "dumb") }
}

/// Writes all of it, whatever is interrupted in between.
func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            bytes = bytes.dropFirst(count)
        } else if errno == EAGAIN {
            var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&room, 1, -1)
        } else if errno != EINTR {
            return
        }
    }
}

extension Terminal {
    private struct Kept: Sendable {
        var descriptor: Int32
        var modes: termios
        var closing: String

        func restore() {
            var modes = modes
            tcsetattr(descriptor, TCSANOW, &modes)
            write(closing, to: descriptor)
        }
    }

    private static let kept = Mutex<[Kept]>([])

    /// Changes the modes of a terminal while `body` runs; they come back even when the process is told to end.
    ///
    /// - Parameter closing: what must be written to leave the terminal as it was found.
    static func changing<Result>(
        _ descriptor: Int32, closing: String = "", _ body: (termios) throws -> Result
    ) rethrows -> Result {
        var modes = termios()
        tcgetattr(descriptor, &modes)
        let found = Kept(descriptor: descriptor, modes: modes, closing: closing)
        kept.withLock { $0.append(found) }
        defer {
            kept.withLock { _ = $0.popLast() }
            found.restore()
        }
        return try body(modes)
    }

    /// Gives the terminal the modes it had.
    static func restore() {
        for terminal in kept.withLock({ $0.reversed() }) { terminal.restore() }
    }

    /// Stops this process as Ctrl-Z does, with the terminal as it was found.
    static func suspend() {
        restore()
        raise(SIGSTOP)
    }
}
