import Glibc

/// What is typed, and what interrupts the wait for it.
final class KeyInput {
    enum Arrival { case bytes, end, woken(Wakeup.Events) }

    let wakeup = Wakeup()
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var taken = 0
    private var pushedBack: Unicode.Scalar?

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Waits until there is more; calls `idle` first if nothing is there yet.
    private func arrival(idle: () -> Void) -> Arrival {
        var isIdle = false
        while true {
            var waiting = [descriptor, wakeup.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let ready = poll(&waiting, 2, isIdle ? -1 : 0)
            if ready < 0, errno != EINTR { return .end }
            if ready > 0 {
                if waiting[1].revents != 0 { return .woken(wakeup.take()) }
                return receive() ? .bytes : .end
            }
            if !isIdle { idle() }
            isIdle = true
        }
    }

    /// Whether more comes within the time that a terminal takes to send the rest of a key.
    func isFollowed() -> Bool {
        if taken < bytes.count { return true }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 50) > 0
    }

    private func receive() -> Bool {
        var room = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &room, room.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            bytes.replaceSubrange(..<taken, with: [])
            bytes += room[..<count]
            taken = 0
            return true
        }
    }
}

extension KeyInput {
    enum Key { case scalar(Unicode.Scalar), end, woken(Wakeup.Events) }

    func next(idle: () -> Void) -> Key {
        if let scalar = pushedBack {
            pushedBack = nil
            return .scalar(scalar)
        }
        while true {
            if let scalar = decoded() { return .scalar(scalar) }
            switch arrival(idle: idle) {
            case .bytes: continue
            case .end: return .end
            case .woken(let events): return .woken(events)
            }
        }
    }

    /// Gives a key back, to be read again.
    func pushBack(_ scalar: Unicode.Scalar) { pushedBack = scalar }

    /// The next character, once all of its bytes are there; U+FFFD for what is not UTF-8.
    private func decoded() -> Unicode.Scalar? {
        guard taken < bytes.count else { return nil }
        let length = max(1, (~bytes[taken]).leadingZeroBitCount)
        guard taken + length <= bytes.count || bytes[(taken + 1)...].contains(where: { $0 & 0xC0 != 0x80 }) else {
            return nil
        }
        var decoder = UTF8.ForwardParser()
        var rest = bytes[taken...].makeIterator()
        switch decoder.parseScalar(from: &rest) {
        case .valid(let encoded):
            taken += encoded.count
            return UTF8.decode(encoded)
        case .error(let length):
            taken += length
            return "\u{FFFD}"
        case .emptyInput: return nil
        }
    }
}

extension KeyInput {
    /// Reads a line as the terminal delivers it; `resumed` is called after the process was stopped and goes on.
    func line(resumed: () -> Void) -> LineEditor.Line {
        while true {
            if let end = bytes[taken...].firstIndex(of: UInt8(ascii: "\n")) { return .text(text(upTo: end)) }
            switch arrival(idle: {}) {
            case .bytes: continue
            case .end: return taken < bytes.count ? .text(text(upTo: bytes.count)) : .end
            case .woken(let events):
                if events.contains(.interrupt) {
                    bytes = []
                    taken = 0
                    return .interrupted
                }
                if events.contains(.suspend) { Terminal.suspend() }
                if events.contains(.resume) { resumed() }
            }
        }
    }

    private func text(upTo end: Int) -> String {
        defer { taken = min(end + 1, bytes.count) }
        return String(decoding: bytes[taken..<end], as: UTF8.self)
    }
}
