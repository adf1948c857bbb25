import Depot
import JSON
import Language
import Model

/// The words of `prune snapshots`.
enum PruneSnapshots {
    static let pointer = Parameter<Located<String>>.text(
        "pointer", kind: .uri(of: .pointer), "The pointer beside which they lie")
}

extension Session {
    func planPruneSnapshots(_ call: Call) async throws {
        try await print(superfluousSnapshots(call).snapshots, call)
    }

    func pruneSnapshots(_ call: Call) async throws {
        let uri = try call[PruneSnapshots.pointer]
        let (shelf, snapshots) = try await superfluousSnapshots(call)
        guard !snapshots.isEmpty else { return say(call, "nothing to remove") }
        let what = "\(snapshots.count) \(snapshots.count == 1 ? "snapshot" : "snapshots") beside \(uri.value)"
        try await confirm(call, "remove \(what)", byTyping: "\(snapshots.count)")
        for snapshot in snapshots {
            try await confirmLocks(at: uri.span)
            try await blaming(uri.span) { try await shelf.remove(snapshot) }
        }
        try await print(snapshots, call)
        say(call, "removed \(what)")
    }

    private func superfluousSnapshots(_ call: Call) async throws -> (shelf: SnapshotShelf, snapshots: [Snapshot]) {
        let uri = try call[PruneSnapshots.pointer]
        let (keep, age) = (try call.optional(PruneBackups.keep) ?? 1, try call.optional(PruneBackups.age))
        return try await blaming(uri.span) {
            guard let endpoint = Endpoint(uri.value),
                let shelf = try await SnapshotShelf(beside: endpoint, invocation.environment)
            else { throw Failure("E0424", "'\(uri.value)' is no pointer", at: uri.span) }
            return (shelf, try await shelf.superfluous(keep: keep, age: age, now: Timestamp.now))
        }
    }

    private func print(_ snapshots: [Snapshot], _ call: Call) async throws {
        let rows = snapshots.map { snapshot -> JSONValue in
            ["snapshot": .string(snapshot.name), "made_at": .optional(snapshot.made.map(Timestamp.text))]
        }
        try await answer(call) { try await $0.print(rows: rows, columns: ["snapshot", "made_at"]) }
    }
}
