import Depot
import Files
import JSON
import Language
import Model

extension Command {
    static let point = Command(
        Signature(
            "point", .prove, "Make a pointer say another place", [pointer.form, .word("to"), value.form],
            clauses: [
                Clause("expecting", [expected.form], expected.slot.summary),
                Clause("with", [options.form], "How it is made"),
            ],
            details: """
                A pointer is a file, a symbolic link or an object that says where the real thing is. Its readers find the old
                place or the new one, never neither. What it said before is kept: `rollback` puts it back. With `expecting`
                it is left alone if it says something else. One that says it already is left as it is.
                """,
            examples: [
                Example("point file://./current to 'snapshot_2'", "A file that is replaced in one step."),
                Example(
                    "point file://./current to 'snapshot_2' expecting 'snapshot_1'",
                    "Only if nobody has pointed it elsewhere."),
                Example("point file://./live to './data' with kind=symlink", "A symbolic link."),
            ]), effect: .commits
    ) { call, session in
        let uri = try call[pointer]
        let place = try await session.pointer(uri, kind: call.optional(options)?["kind"])
        let old = try await blaming(uri.span) { try await place.state() }
        let wanted = try call[value].value
        if old?.value == wanted { return session.commitNothing("\(uri.value) says \(wanted) already", call) }
        if let expected = try call.optional(expected), old?.value != expected.value {
            throw Failure.unexpected(uri, old, expected)
        }
        let was = old.map { "; it says \($0.value)" } ?? "; it is not there yet"
        try await session.commit(Intent("point \(uri.value) to \(wanted)\(was)"), call) {
            try await session.swap(place, old, wanted, isUndone: false, uri)
            session.say(call, "\(uri.value) says \(wanted)" + (old.map { ", and said \($0.value)" } ?? ""))
        }
    }
}

private let pointer = Parameter<Located<String>>.text(
    "pointer", kind: .uri(of: .pointer), "The pointer: file:// or s3://")
private let value = Parameter<Located<String>>.path("value", "What it is to say")
private let expected = Parameter<Located<String>>.path("expecting", "What it must say before, or nothing is done")
private let options = Parameter<Options>.options(
    "with", [Slot.Choice("kind", "what a pointer is that is not there yet: file or symlink")], "How it is made")

extension Session {
    /// What a pointer says, and how it came to.
    func pointerDocument(_ uri: Located<String>) async throws -> JSONValue {
        guard let state = try await pointerState(uri) else {
            throw Failure("E0501", "there is no pointer \(uri.value)", at: uri.span)
        }
        return .object([.init("uri", .string(secrets.redacted(uri.value)))] + (state.json.members ?? []))
    }

    /// Nil if the pointer is not there.
    func pointerValue(_ uri: Located<String>) async throws -> String? { try await pointerState(uri)?.value }

    private func pointerState(_ uri: Located<String>) async throws -> PointerState? {
        let place = try await pointer(uri)
        return try await blaming(uri.span) { try await place.state() }
    }

    fileprivate func pointer(_ uri: Located<String>, kind: Located<Value>? = nil) async throws -> any Pointing {
        let kind = try kind.map { given in
            guard let kind = FilePointer.Kind(rawValue: given.value.description) else {
                throw Failure(
                    "E0311", "'\(given.value)' is no kind of pointer", at: given.span, help: ["write file or symlink"])
            }
            return kind
        }
        let place = try await blaming(uri.span) {
            guard let endpoint = Endpoint(uri.value) else { return nil as (any Pointing)? }
            return try await PointerPlace.open(endpoint, kind: kind, invocation.environment)
        }
        if let place { return place }
        let schemes = PointerPlace.schemes.map { "\($0)://" }.joined(separator: " and ")
        throw Failure("E0424", "'\(uri.value)' is no pointer", at: uri.span, help: ["pointers are at \(schemes)"])
    }

    /// Swaps, once more sure of every lock that is held.
    fileprivate func swap(
        _ place: any Pointing, _ old: PointerState?, _ value: String, isUndone: Bool, _ uri: Located<String>
    ) async throws {
        var new = PointerState(value: value)
        (new.previous, new.author, new.time) = (old?.value, .own, Timestamp.now)
        (new.isUndone, new.fences) = (isUndone, await fences())
        try await confirmLocks(at: uri.span)
        switch try await blaming(uri.span, { try await place.swap(old, for: new) }) {
        case .done: return
        case .changed(let there): throw Failure.overtaken(uri, there, new)
        }
    }

    /// Puts a pointer back to what it said before.
    func rollBack(pointer uri: Located<String>, _ call: Call) async throws {
        let place = try await pointer(uri)
        guard let old = try await blaming(uri.span, { try await place.state() }) else {
            throw Failure("E0907", "there is no pointer \(uri.value)", at: uri.span)
        }
        if old.isUndone { return commitNothing("\(uri.value) is rolled back already, to \(old.value)", call) }
        guard let previous = old.previous else {
            throw Failure(
                "E0907", "nobody wrote down what \(uri.value) said before \(old.value)", at: uri.span,
                help: ["`point \(uri.value) to …` says it anew"])
        }
        let name = String(uri.value.split(separator: "/").last ?? "")
        let intent = Intent("point \(uri.value) back from \(old.value) to \(previous)", byTyping: name)
        try await commit(intent, call) {
            try await swap(place, old, previous, isUndone: true, uri)
            say(call, "\(uri.value) says \(previous) again")
        }
    }
}

extension Failure {
    fileprivate static func unexpected(
        _ uri: Located<String>, _ there: PointerState?, _ expected: Located<String>
    ) -> Failure {
        let said = there.map { "says \($0.value)" } ?? "is not there"
        let origin = there?.origin ?? ""
        return Failure(
            "E0425", "\(uri.value) \(said), not \(expected.value)", at: expected.span,
            help: [origin.isEmpty ? "nothing was done" : "it was written\(origin); nothing was done"])
    }

    fileprivate static func overtaken(
        _ uri: Located<String>, _ there: PointerState?, _ new: PointerState
    ) -> Failure {
        if let there, let lock = there.newerFence(than: new.fences) {
            return Failure(
                "E0511", "\(uri.value) was written by a later holder of \(lock)", at: uri.span,
                help: ["it says \(there.value), written\(there.origin); nothing was done"])
        }
        return Failure(
            "E0425", "\(uri.value) has changed meanwhile", at: uri.span,
            help: [there.map { "it says \($0.value), written\($0.origin)" } ?? "it is gone"])
    }
}
