import Language
import Synchronization

/// What must never be shown: passwords, tokens, keys.
package final class Secrets: Sendable {
    private let known = Mutex<Set<String>>([])

    package init() {}

    package func add(_ secret: String) {
        guard !secret.isEmpty else { return }
        _ = known.withLock { $0.insert(secret) }
    }

    /// Whether a variable of this name holds a secret.
    package static func isSecret(name: String) -> Bool {
        let name = name.uppercased()
        return ["KEY", "TOKEN", "SECRET", "PASS"].contains { name.contains($0) }
    }

    /// Finds secrets in a text that may not even parse: what stands behind a name that speaks of one.
    package func notice(in source: Source) {
        var lexer = Lexer(source)
        var isBehindName = false
        while let token = try? lexer.next(), token.kind != .end {
            switch token.kind {
            case .word: isBehindName = Secrets.isSecret(name: token.text)
            case .string(let parts) where isBehindName:
                for case .text(let text) in parts { add(text) }
            case .symbol(.assign), .symbol(.fallback), .number, .id: break
            default: isBehindName = false
            }
        }
    }

    package func isIn(_ text: String) -> Bool { known.withLock { $0.contains { text.contains($0) } } }

    /// The text with `•••` for every secret, and for the password in every URI.
    package func redacted(_ text: String) -> String {
        let secrets = known.withLock { $0.sorted { $0.count > $1.count } }
        let hidden = secrets.reduce(text) { $0.replacing($1, with: mask) }
        return hidden.contains("://") ? hidingPasswords(in: hidden) : hidden
    }

    /// `scheme://user:password@` anywhere in the text.
    private func hidingPasswords(in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let mark = rest.firstRange(of: "://") {
            result += rest[..<mark.upperBound]
            rest = rest[mark.upperBound...]
            let authority = rest.prefix { !" /'\"\n\t?#".contains($0) }
            guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
                continue
            }
            result += authority[...colon] + mask
            rest = rest[at...]
        }
        return result + rest
    }
}

private let mask = "•••"
