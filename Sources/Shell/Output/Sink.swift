import Glibc

/// Where a destination puts its bytes; used by one task at a time, and its calls may block.
protocol Sink: Sendable {
    mutating func write(_ bytes: [UInt8]) throws(OutputError)
    /// Everything has been written: makes it last.
    mutating func finish() throws(OutputError)
    /// Something went wrong: what has been written shall not count.
    mutating func abandon()
}

/// An open file, pipe or terminal, written in large pieces.
struct DescriptorSink: Sink {
    let descriptor: Int32
    /// What it is called in messages.
    let name: String
    /// What it means that nobody reads it any more; nil where that is an error like another.
    let whenClosed: OutputError?
    private var buffer: [UInt8] = []

    private static let piece = 1 << 16

    init(_ descriptor: Int32, name: String, whenClosed: OutputError? = nil) {
        Signals.ignoreBrokenPipes
        self.descriptor = descriptor
        self.name = name
        self.whenClosed = whenClosed
    }

    static func standardOutput(_ descriptor: Int32) -> DescriptorSink {
        DescriptorSink(descriptor, name: "standard output", whenClosed: .standardOutputClosed)
    }

    mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        if buffer.count + bytes.count >= Self.piece { try flush() }
        if bytes.count >= Self.piece { return try put(bytes) }
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.piece { try flush() }
    }

    mutating func finish() throws(OutputError) { try flush() }

    /// What was printed before the error stays: a person may have seen half of it already.
    mutating func abandon() { try? flush() }

    private mutating func flush() throws(OutputError) {
        defer { buffer.removeAll(keepingCapacity: true) }
        try put(buffer)
    }

    private func put(_ bytes: [UInt8]) throws(OutputError) {
        let code = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
        guard code != 0 else { return }
        if code == EPIPE, let whenClosed { throw whenClosed }
        throw .system("write to", name, code, help: code == ENOSPC ? "make room on the disk, and repeat" : nil)
    }
}

/// Writes it all, however many calls that takes; zero, or the error's number.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
        let piece = UnsafeRawBufferPointer(rebasing: rest)
        let written = write(descriptor, piece.baseAddress, piece.count)
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno == EAGAIN {
            // Whoever shares our terminal or pipe has made it non-blocking.
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wanted, 1, -1)
        } else if errno != EINTR {
            return errno
        }
    }
    return 0
}

enum Signals {
    /// A write to a pipe that nobody reads shall be an error rather than the end of the process.
    static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
