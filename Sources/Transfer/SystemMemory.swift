import Glibc

/// The memory of the machine.
package enum SystemMemory {
    /// Whether more than four fifths of it are in use.
    package static var isShort: Bool {
        guard let file = fopen("/proc/meminfo", "r") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return isShort(by: String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// By the text of `/proc/meminfo`.
    static func isShort(by text: String) -> Bool {
        guard let total = number("MemTotal:", in: text), let free = number("MemAvailable:", in: text) else {
            return false
        }
        return free * 5 < total
    }

    private static func number(_ name: String, in text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
