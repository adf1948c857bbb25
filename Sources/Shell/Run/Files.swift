import Dispatch
import Glibc
import Language

extension Session {
    /// `~/` stands for the person's home.
    nonisolated func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = invocation.environment["HOME"] else { return path }
        return home + path.dropFirst()
    }

    /// The whole of a text file; `-` is standard input.
    func fileText(_ path: Located<String>) async throws -> String {
        let bytes = try await fileBytes(path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("E0603", "\(path.value) is not UTF-8 text", at: path.span)
        }
        return text
    }

    func fileBytes(_ path: Located<String>) async throws -> [UInt8] {
        let name = expanded(path.value)
        let result = await offPool { Result { () throws(FileProblem) in try readWhole(name) } }
        switch result {
        case .success(let bytes): return bytes
        case .failure(let problem):
            throw Failure("E0602", "cannot read \(name): \(problem.reason)", at: path.span)
        }
    }
}

struct FileProblem: Error {
    var reason: String

    /// What the last system call says.
    static var last: FileProblem { FileProblem(reason: String(cString: strerror(errno))) }
}

func readWhole(_ path: String) throws(FileProblem) -> [UInt8] {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .last }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count == 0 { return bytes }
        guard count > 0 else { throw .last }
        bytes += piece[..<count]
    }
}

/// Runs what blocks on a thread of its own, so that the others go on.
func offPool<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        blockingThreads.async { continuation.resume(returning: body()) }
    }
}

private let blockingThreads = DispatchQueue(label: "blocking", attributes: .concurrent)

/// Writes all of a text; where nobody reads it, it is gone.
func writeText(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
        let count = bytes[start...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return }
        start += count
    }
}
