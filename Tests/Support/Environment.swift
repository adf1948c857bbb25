import Glibc

/// What the person who runs the tests says.
package enum Environment {
    package static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}
