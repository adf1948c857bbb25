import Glibc

/// What the person who runs the tests says.
package enum Environment {
    package static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    package static func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0) } }
}
