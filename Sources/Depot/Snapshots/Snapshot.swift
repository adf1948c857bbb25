import Files
import Model

/// A folder beside a pointer that the pointer may say, or has said before.
package struct Snapshot: Hashable, Sendable {
    package var name: String
    /// Microseconds since 1970; nil where no manifest says it.
    package var made: Int64?
    /// How many changes of the pointer ago it was said; nil if it never was, as far as that is known.
    var turn: Int?
}

/// The snapshots beside a pointer, and what may become of them.
package struct SnapshotShelf: Sendable {
    let place: any SnapshotPlace
    let pointer: any Pointing

    /// Nil where there are no pointers.
    package init?(beside endpoint: Endpoint, _ environment: [String: String]) async throws(StoreError) {
        guard let pointer = try await PointerPlace.open(endpoint, kind: nil, environment) else { return nil }
        self.pointer = pointer
        switch endpoint.scheme {
        case "file": place = DiskSnapshots(folder: Disk.parent(endpoint.path))
        default:
            let (bucket, key) = try await S3Bucket.object(endpoint, environment)
            place = BucketSnapshots(
                bucket: bucket,
                prefix: String(key[..<(key.lastIndex(of: "/").map { key.index(after: $0) } ?? key.startIndex)]))
        }
    }

    /// Those that nobody reads any more, the oldest last: all but the one that the pointer says, and the newest `keep` of the
    /// others. What is no snapshot is passed over: it has no manifest, and the pointer has never said it.
    package func superfluous(keep: Int, age: Duration?, now: Int64) async throws(StoreError) -> [Snapshot] {
        guard let state = try await pointer.state() else {
            throw StoreError(
                .notFound, "there is no pointer", help: "without one nobody knows which snapshot is in use")
        }
        let said = try await pointer.earlier().map(Self.name)
        let current = Self.name(of: state.value)
        var found: [Snapshot] = []
        for name in try await place.names() where name != current {
            let snapshot = Snapshot(
                name: name, made: try await made(name), turn: said.lastIndex(of: name).map { said.count - $0 })
            if snapshot.made != nil || snapshot.turn != nil { found.append(snapshot) }
        }
        let sorted = found.sorted {
            ($0.turn ?? .max, -($0.made ?? 0), $0.name) < ($1.turn ?? .max, -($1.made ?? 0), $1.name)
        }
        return sorted.dropFirst(keep).filter { snapshot in
            guard let age else { return true }
            // What has no moment of its own has not been read since the pointer was changed.
            return (snapshot.made ?? state.time).map { now - $0 > age.components.seconds * 1_000_000 } ?? false
        }
    }

    /// Removes one; throws if the pointer says it by now.
    package func remove(_ snapshot: Snapshot) async throws(StoreError) {
        guard let state = try await pointer.state(), Self.name(of: state.value) != snapshot.name else {
            throw StoreError(.conflict, "the pointer says \(snapshot.name)")
        }
        try await place.remove(snapshot.name)
    }

    private func made(_ name: String) async throws(StoreError) -> Int64? {
        guard let text = try await place.manifest(of: name) else { return nil }
        return try? Manifest(text, at: name).made
    }

    /// A pointer may say a path, or a key; the snapshot's name is the last part.
    private static func name(of value: String) -> String { value.split(separator: "/").last.map(String.init) ?? value }
}

/// Where snapshots lie.
protocol SnapshotPlace: Sendable {
    /// Of all folders, snapshots or not.
    func names() async throws(StoreError) -> [String]
    /// Nil where there is none.
    func manifest(of name: String) async throws(StoreError) -> [UInt8]?
    func remove(_ name: String) async throws(StoreError)
}
