import Glibc
import Model

/// Which backups are to go.
package struct BackupRetention: Hashable, Sendable {
    /// So many of each name stay, the newest.
    package var keep: Int?
    /// Only what is older goes.
    package var age: Duration?

    package init(keep: Int? = nil, age: Duration? = nil) { (self.keep, self.age) = (keep, age) }

    /// Those of `backups`, newest first, that need not stay.
    package func superfluous(_ backups: [Backup], now: Int64) -> [Backup] {
        var counts: [String: Int] = [:]
        return backups.filter { backup in
            counts[backup.meta.name, default: 0] += 1
            return counts[backup.meta.name, default: 0] > keep ?? 0 && isOld(backup, now)
        }
    }

    private func isOld(_ backup: Backup, _ now: Int64) -> Bool {
        guard let age else { return true }
        return now - backup.meta.created > age.components.seconds * 1_000_000
    }
}
