import Glibc
import Testing

/// A program on a terminal of its own, as a person would run it: keys go in, a screen comes out.
package final class Pty {
    package private(set) var screen: DrawnScreen
    private let program: Spawned
    private let terminal: Int32

    /// Starts a program with a fixed environment and the terminal as its controlling one, so that keys raise signals.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], columns: Int = 80,
        rows: Int = 24
    ) throws {
        screen = DrawnScreen(columns: columns, rows: rows)
        var ends: (terminal: Int32, program: Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        var size = winsize(columns: columns, rows: rows)
        guard openpty(&ends.terminal, &ends.program, &name, nil, &size) == 0 else {
            throw Spawn.Failure(description: "no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        terminal = ends.terminal
        defer { close(ends.program) }
        for end in [ends.terminal, ends.program] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(terminal, F_SETFL, O_NONBLOCK)
        let usual = [
            "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin",
        ]
        let path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        self.program = try Spawned(
            Spawn(
                words: [program] + arguments, environment: usual.merging(environment) { $1 }, hasSession: true,
                files: [(0, .path(path, O_RDWR)), (1, .open(0)), (2, .open(0))]))
    }

    deinit {
        program.kill()
        close(terminal)
    }

    package var process: pid_t { program.process }

    /// Types; what the program writes meanwhile is taken in, so that neither waits for the other.
    package func send(_ keys: String) {
        var bytes = Array(keys.utf8)[...]
        while !bytes.isEmpty {
            guard let events = events(Int16(POLLIN | POLLOUT), milliseconds: 5000) else { return }
            if events & Int16(POLLIN | POLLHUP) != 0, !receive() { return }
            guard events & Int16(POLLOUT) != 0 else { continue }
            let count = bytes.withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
            if count > 0 { bytes = bytes.dropFirst(count) }
        }
    }

    /// Waits until the screen is as wanted; answers whether it came to that.
    package func waits(seconds: Double = 5, until isWanted: (DrawnScreen) -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isWanted(screen) {
            let left = (end - .now) / .milliseconds(1)
            guard left > 0, events(Int16(POLLIN), milliseconds: Int32(left)) != nil, receive() else {
                return isWanted(screen)
            }
        }
        return true
    }

    /// Waits for a text on the screen, and fails the test if it does not come.
    package func expect(_ text: String, at location: SourceLocation = #_sourceLocation) {
        expect("'\(text)' is seen", at: location) { $0.text.contains(text) }
    }

    package func expect(
        _ what: String, at location: SourceLocation = #_sourceLocation, _ isWanted: (DrawnScreen) -> Bool
    ) {
        if waits(until: isWanted) { return }
        Issue.record("not so: \(what). The screen:\n\(screen.text)\ncursor: \(screen.cursor)", sourceLocation: location)
    }

    package func resize(columns: Int, rows: Int) {
        screen.resize(columns: columns, rows: rows)
        var size = winsize(columns: columns, rows: rows)
        _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
    }

    /// The exit status, once the program has ended; 128 and the signal if one ended it.
    package func status() -> Int32 {
        _ = waits { _ in false }
        guard let end = program.end(seconds: 30) else {
            Issue.record("it does not end. The screen:\n\(screen.text)")
            return -1
        }
        return end.exit
    }

    /// Whether a signal has brought it to a stop, or does so soon.
    package func stops() -> Bool {
        var status: Int32 = 0
        return program.waits(seconds: 30) { waitpid(process, &status, WNOHANG | WUNTRACED) == process }
            && status & 0xFF == 0x7F
    }

    private func events(_ wanted: Int16, milliseconds: Int32) -> Int16? {
        var waiting = pollfd(fd: terminal, events: wanted, revents: 0)
        return poll(&waiting, 1, milliseconds) > 0 ? waiting.revents : nil
    }

    /// False once the program has closed its side.
    private func receive() -> Bool {
        var room = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(terminal, &room, room.count)
        if count > 0 { screen.feed(room[..<count]) }
        return count > 0 || count < 0 && (errno == EAGAIN || errno == EINTR)
    }
}

extension winsize {
    fileprivate init(columns: Int, rows: Int) {
        self.init(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    }
}
