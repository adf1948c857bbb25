import JSON
import Model

/// What a pointer says, and how it came to.
package struct PointerState: Equatable, Sendable {
    package var value: String
    /// What it said before; nil if it was new, or nobody wrote that down.
    package var previous: String?
    package var author: Holder?
    /// Microseconds since 1970.
    package var time: Int64?
    /// Whether it was put back to what it had said.
    package var isUndone = false
    /// The fences of the locks under which it was written, by their URIs.
    package var fences: [String: Int64] = [:]

    package init(value: String) { self.value = value }
}

/// A name that says where the real thing is; readers find the old or the new place, never neither.
package protocol Pointing: Sendable {
    /// What it says now; nil if it is not there.
    func state() async throws(StoreError) -> PointerState?
    /// What it has said before, as far as that was written down, the latest last.
    func earlier() async throws(StoreError) -> [String]
    /// Puts `new` in the place of `old`, which still must stand there.
    func swap(_ old: PointerState?, for new: PointerState) async throws(StoreError) -> PointerSwap
}

package enum PointerSwap: Equatable, Sendable {
    case done
    /// Someone else was faster; what stands there now.
    case changed(PointerState?)
}

extension PointerState {
    /// Who wrote it and when, in words: ` by ada@host, process 7, at 2026-…`.
    package var origin: String {
        let who = author.map { " by \($0)" } ?? ""
        let when = time.map { " at \(Timestamp.text($0))" } ?? ""
        return who + when
    }

    /// The first of the locks that had been taken again since these fences were given out.
    package func newerFence(than own: [String: Int64]) -> String? {
        fences.sorted { $0.key < $1.key }.first { lock, fence in own[lock].map { $0 < fence } ?? false }?.key
    }

    package var json: JSONValue {
        [
            "value": .string(value), "previous": .optional(previous), "user": .optional(author?.user),
            "host": .optional(author?.host), "process": .optional(author.map { Int($0.process) }),
            "at": .optional(time.map(Timestamp.text)), "undone": .bool(isUndone),
            "fences": .object(fences.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .integer($0.value)) }),
        ]
    }

    package init?(_ json: JSONValue) {
        guard let value = json["value"]?.string else { return nil }
        self.init(value: value)
        previous = json["previous"]?.string
        if let user = json["user"]?.string, let host = json["host"]?.string, let process = json["process"]?.integer {
            author = Holder(user: user, host: host, process: Int32(truncatingIfNeeded: process), incarnation: "")
        }
        time = json["at"]?.string.flatMap(Timestamp.microseconds)
        isUndone = json["undone"]?.bool ?? false
        for member in json["fences"]?.members ?? [] { fences[member.name] = member.value.integer }
    }
}
