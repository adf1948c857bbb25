import Glibc
import Model

extension Lease {
    /// How far the clocks of two machines may disagree, in microseconds.
    package static let clockTolerance: Int64 = 5_000_000

    /// Whether others may take its place.
    package func isOver(at now: Int64) -> Bool {
        if let until, until + Self.clockTolerance < now { return true }
        return holder.isGone
    }
}

extension Holder {
    /// This process.
    package static let own = Holder(
        user: getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(geteuid())",
        host: ownHost, process: getpid(), incarnation: incarnation(of: getpid()) ?? "")

    /// Whether it ran on this machine and has ended; of others nothing is known here.
    package var isGone: Bool {
        guard !incarnation.isEmpty, let space = Holder.space, incarnation.hasPrefix(space) else { return false }
        return Holder.incarnation(of: process) != incarnation
    }

    private static var ownHost: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The start of the machine, the space of numbers that the process lives in, and when it began.
    private static func incarnation(of process: Int32) -> String? {
        guard let space, let start = startTime(of: process) else { return nil }
        return "\(space) \(start)"
    }

    /// Numbers of processes mean the same only since one start of a machine, and in one of its containers.
    private static let space: String? = {
        guard let boot = text(of: "/proc/sys/kernel/random/boot_id") else { return nil }
        var status = stat()
        guard stat("/proc/self/ns/pid", &status) == 0 else { return nil }
        return "\(boot.prefix { $0 != "\n" }) \(status.st_ino)"
    }()

    /// In clock ticks since the machine started; the name before it may hold spaces and brackets.
    private static func startTime(of process: Int32) -> Substring? {
        guard let line = text(of: "/proc/\(process)/stat"), let bracket = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: bracket)...].split(separator: " ")
        // What has ended and was not waited for yet does nothing any more.
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return fields[19]
    }

    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
