import Language
import Model
import Transfer

/// The staged copies that a statement means, on one connection.
struct StagedSet {
    var connection: String
    var store: any Store
    var span: Span
    /// One for each collection, the newest.
    var copies: [StagedCopy]

    func place(_ name: String) -> Place { Place(connection: connection, name: name, store: store, span: span) }
}

extension Session {
    /// The newest staged copy into each collection that a reference means.
    func stagedCopies(
        _ reference: Located<Reference>, where isMeant: (StagedCopy) -> Bool = { _ in true }
    ) async throws -> StagedSet {
        let connection = try connectionName(reference)
        let pattern = Captures(reference.value.name ?? "*")
        let store = try await store(connection)
        guard store.generations != nil else { throw cannotStage(at: reference.span) }
        var found: [String: StagedCopy] = [:]
        for copy in StagedCopy.all(into: endpoint(of: connection.value), in: invocation.home)
        where found[copy.name] == nil && pattern.match(copy.name) != nil && isMeant(copy) { found[copy.name] = copy }
        return StagedSet(
            connection: connection.value, store: store, span: reference.span,
            copies: found.values.sorted { $0.name < $1.name })
    }

    func endpoint(of connection: String) -> String { self.connection(connection)?.address ?? "" }

    func cannotStage(at span: Span) -> Failure {
        Failure(
            "E0510", "nothing can be staged here: the connection is readonly, or its store keeps no generations",
            at: span)
    }

    /// The newest finished staged copy from one collection to another, or the one that is named.
    func stagedCopy(of original: Place, for target: Place, as job: Located<String>?) throws -> StagedCopy {
        let (source, site) = (site(original), site(target))
        let found = StagedCopy.all(into: site.endpoint, in: invocation.home).first { copy in
            guard job == nil else { return copy.name == target.name && copy.folder.id.hasPrefix(job?.value ?? "") }
            return copy.context.source == source && copy.name == target.name && copy.state.completion != nil
                && !copy.isDiscarded
        }
        guard let found else {
            throw Failure(
                "E0907", "no copy of \(original.description) is staged for \(target.description)",
                at: job?.span ?? target.span,
                help: ["`copy \(original.description) to \(target.description) staged` does it"])
        }
        return found
    }

    /// Removes what an earlier copy has left under the name that a new one is to write.
    func clearStaging(_ staging: String, of target: Place, isFresh: Bool) async throws {
        guard let identity = try await target.use({ store, _ in try await store.identity(of: staging) }) else { return }
        let endpoint = endpoint(of: target.connection)
        let owner = StagedCopy.all(into: endpoint, in: invocation.home).first { $0.state.identity == identity }
        guard var owner else {
            throw Failure(
                "E0502", "\(staging) is there, and no copy known here has written it", at: target.span,
                help: ["`drop \(target.connection):\(staging)` or `prune staging \(target.description)` removes it"])
        }
        guard isFresh || !owner.state.isUnfinished else {
            throw Failure(
                "E0904", "job \(owner.folder.id) is still writing \(staging)", at: target.span,
                help: ["go on with it: resume \(owner.folder.id); or give it up: cancel \(owner.folder.id)"])
        }
        let lock = try owner.folder.lock()
        try await target.use { store, _ in try await store.drop(staging, being: identity) }
        if !owner.state.isPromoted { try await owner.record([.rolledBack], holding: lock) }
    }
}
