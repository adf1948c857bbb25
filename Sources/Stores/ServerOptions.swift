import Model
import Wire

/// Options that servers share, as they are written behind `with`.
extension [String: String] {
    func isYes(_ name: String, fallback: Bool) throws(StoreError) -> Bool {
        switch self[name] {
        case nil: return fallback
        case "yes", "true": return true
        case "no", "false": return false
        case let other?:
            throw StoreError(.rejected, "\(name)=\(other) means nothing", help: "say \(name)=yes or \(name)=no")
        }
    }

    func seconds(_ name: String, fallback: Int) throws(StoreError) -> Duration {
        guard let word = self[name] else { return .seconds(fallback) }
        guard let number = Int(word), number > 0 else {
            throw StoreError(
                .rejected, "\(name)=\(word) is no number of seconds", help: "say for instance \(name)=\(fallback)")
        }
        return .seconds(number)
    }

    /// Which certificates are believed: `insecure` and `ca`.
    var trust: Trust {
        get throws(StoreError) {
            if try isYes("insecure", fallback: false) { return .anyone }
            return self["ca"].map { .authorities(path: $0) } ?? .system
        }
    }
}

extension StoreOption {
    /// What every store has that is spoken to by TLS.
    static let trust = [
        StoreOption("ca", "a file of the certificates to trust, in place of the system's"),
        StoreOption("insecure", "whether any certificate is believed: yes or no", fallback: "no"),
    ]
}
