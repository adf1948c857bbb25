import JSON
import Language
import Model
import Transfer

/// The words of `prune generations` and `prune staging`.
enum Pruning {
    static let target = Parameter<Located<Reference>>.target("target", "The collections as they are called when live")
}

extension Session {
    func planPruneGenerations(_ call: Call) async throws {
        let names = try await prunable(call)
        let rows = names.map { JSONValue.object([.init("collection", .string($0.description))]) }
        try await answer(call) { try await $0.print(rows: rows, columns: ["collection"]) }
    }

    func pruneGenerations(_ call: Call) async throws {
        let places = try await prunable(call)
        guard let first = places.first else { return say(call, "nothing to remove") }
        let list = places.map(\.description).joined(separator: ", ")
        try await confirm(
            call, "remove \(list)", byTyping: places.count == 1 ? first.name : first.connection)
        for place in places {
            try await remove(place)
            say(call, "\(place.description) is removed")
        }
    }

    private func prunable(_ call: Call) async throws -> [Place] {
        let reference =
            try call.optional(Pruning.target) ?? Located(Reference(connection: nil, name: nil), at: call.verb)
        let connection = try connectionName(reference)
        let store = try await store(connection)
        guard store.generations != nil else { throw cannotStage(at: reference.span) }
        let pattern = Captures(reference.value.name ?? "*")
        let kept = try call.has("generations") ? call.optional(PruneBackups.keep) ?? 1 : 0
        if call.has("staging"), call.has("keep") {
            throw Failure(
                "E0902", "`keep` counts generations, and a staging is none", at: call.span(of: PruneBackups.keep))
        }
        let names = try await Shell.blaming(reference.span) { try await store.prunableNames() }
        let isMeant: (String) -> Bool = { name in
            let live =
                call.has("generations")
                ? GenerationName.kept(name)?.name : GenerationName.staged(for: name) ?? GenerationName.alias(for: name)
            return live.map { pattern.match($0) != nil } ?? false
        }
        let found = names.filter(isMeant).map {
            Place(connection: connection.value, name: $0, store: store, span: reference.span)
        }
        let wanted = call.has("staging") ? found : found.withoutNewest(kept)
        guard let age = try call.optional(PruneBackups.age) else { return wanted }
        return try await older(than: age, wanted, call)
    }

    /// Those that have been what they are for longer. What no job known here has made has no age, and stays.
    private func older(than age: Duration, _ places: [Place], _ call: Call) async throws -> [Place] {
        guard let first = places.first else { return [] }
        let copies = StagedCopy.all(into: endpoint(of: first.connection), in: invocation.home)
        var old: [Place] = []
        for place in places {
            let identity = try await place.use { try await $0.identity(of: $1) }
            guard let identity, let since = copies.compactMap({ $0.since(identity) }).max() else {
                say(call, "\(place.description) stays: when it was put there is not known here")
                continue
            }
            if Timestamp.now - since > age.components.seconds * 1_000_000 { old.append(place) }
        }
        return old
    }

    /// Removes the generations of a live collection but the newest ones.
    func removeGenerations(of place: Place, beyond kept: Int) async throws -> [String] {
        let old = try await place.use { store, name in
            try await store.generations?.list(name).filter { $0.collection.name != name } ?? []
        }
        for generation in old.dropFirst(kept) {
            try await place.use { store, _ in
                try await store.drop(generation.collection.name, being: generation.identity)
            }
        }
        return old.dropFirst(kept).map(\.collection.name)
    }

    fileprivate func remove(_ place: Place) async throws {
        let identity = try await place.use { try await $0.identity(of: $1) }
        let owner = StagedCopy.all(into: endpoint(of: place.connection), in: invocation.home).first {
            $0.state.identity == identity && $0.staging == place.name
        }
        do {
            let lock = try owner?.folder.lock()
            try await place.use { try await $0.drop($1, being: identity) }
            guard var owner, let lock, !owner.state.isPromoted, !owner.state.isRolledBack else { return }
            try await owner.record([.rolledBack], holding: lock)
        } catch let error as JobError { throw Failure(error, at: place.span) }
    }
}

extension Store {
    /// The names of collections; where aliases make them live, those that have an alias go by it.
    fileprivate func prunableNames() async throws(StoreError) -> [String] {
        let names = try await collections()
        guard generations?.mayBeByAlias == true, let aliases = try await aliasing?.aliases() else {
            return names.filter { GenerationName.alias(for: $0) == nil }
        }
        return names.filter { !aliases.values.contains($0) } + aliases.keys
    }
}

extension [Place] {
    /// Without the newest generations of each collection, oldest first.
    fileprivate func withoutNewest(_ count: Int) -> [Place] {
        let ages = compactMap { place in GenerationName.kept(place.name).map { (place, $0.name, $0.age) } }
        return Dictionary(grouping: ages, by: \.1).values
            .flatMap { $0.sorted { $0.2 < $1.2 }.dropFirst(count).reversed().map(\.0) }
            .sorted { $0.name < $1.name }
    }
}
