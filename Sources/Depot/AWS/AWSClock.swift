import Glibc
import Model
import Synchronization

/// This machine's time, and how far the server's differs from it.
package final class AWSClock: Sendable {
    private let difference = Mutex<Int64>(0)
    private let machine: @Sendable () -> Int64

    package init(_ machine: @escaping @Sendable () -> Int64 = { AWSClock.machineTime() }) { self.machine = machine }

    /// Microseconds since 1970, as the server counts them.
    package var now: Int64 { machine() + difference.withLock(\.self) }

    /// How far the server is ahead, in seconds.
    package var lead: Int { Int(difference.withLock(\.self) / 1_000_000) }

    /// Takes over what the server says; answers whether that changes much.
    func follow(_ date: String) -> Bool {
        guard let server = AWSClock.microseconds(date) else { return false }
        let found = server - machine()
        return difference.withLock { difference in
            defer { difference = found }
            return abs(found - difference) > 60_000_000
        }
    }

    /// `Fri, 20 Nov 2026 10:42:47 GMT`.
    static func microseconds(_ date: String) -> Int64? {
        let parts = date.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, let month = months.firstIndex(where: { $0 == parts[2] }) else { return nil }
        let number = (month < 9 ? "0" : "") + String(month + 1)
        return Timestamp.microseconds("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    private static func machineTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
