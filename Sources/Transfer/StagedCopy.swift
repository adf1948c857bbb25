import Model

/// A copy that was written beside its target, and can take its place.
package struct StagedCopy: Sendable {
    package let folder: JobFolder
    package let context: Context
    package private(set) var state: JobState

    /// Nil if the job wrote its target itself.
    package init?(_ folder: JobFolder) throws(JobError) {
        context = try folder.plan().context
        guard context.staging != nil else { return nil }
        self.folder = folder
        state = try folder.state()
    }

    /// Those into one database, newest first.
    package static func all(into endpoint: String, in home: String) -> [StagedCopy] {
        JobFolder.all(in: home).compactMap { try? StagedCopy($0) }.filter { $0.context.target.endpoint == endpoint }
    }

    package var name: String { context.target.collection }
    package var staging: String { context.written }

    /// Whether its staging was given up before anyone read it.
    package var isDiscarded: Bool { state.isRolledBack && !state.isPromoted }

    /// Since when a collection has been kept, or staged, if that was this job's doing.
    package func since(_ identity: Identity) -> Int64? {
        if let promotion = state.promotion, promotion.replaced == identity { return promotion.time }
        return state.identity == identity ? folder.lastChange : nil
    }

    /// Reads the journal again, for instance once its lock is held.
    package mutating func refresh() throws(JobError) { state = try folder.state() }

    // MARK: Where it stands

    /// Where the collection that the job wrote is now.
    package enum Standing: Sendable { case staged, live, gone }

    package func standing(in store: any Store) async throws(StoreError) -> Standing {
        guard let identity = state.identity else { return .gone }
        if try await store.identity(of: name) == identity { return .live }
        return try await store.identity(of: staging) == identity ? .staged : .gone
    }

    /// The name under which the collection is now.
    package func place(in store: any Store) async throws(StoreError) -> String {
        try await standing(in: store) == .live ? name : staging
    }

    // MARK: Promotion

    /// The step that makes it live; nil if it is so already. Throws if it may not be.
    package func promotion(in store: any Store) async throws -> Move? {
        let standing = try await standing(in: store)
        if standing == .live { return nil }
        try refuse(standing)
        guard let identity = state.identity, try await count(in: store) == completedCount else {
            throw JobError(
                "\(staging) does not hold what job \(folder.id) has written",
                help: "someone has changed it; stage it again with `fresh`")
        }
        return Move(
            name: name, from: try await store.identity(of: name), to: identity,
            keepingOldAs: GenerationName.previous(name))
    }

    private func refuse(_ standing: Standing) throws(JobError) {
        if state.isRolledBack || state.isPromoted {
            throw JobError(
                "what was staged for \(name) was rolled back, or something else has taken its place",
                help: "stage it again: the same copy line does it")
        }
        if state.isCancelled || standing == .gone && !state.isUnfinished {
            throw JobError("nothing is staged for \(name)", help: "`copy … to … staged` does it")
        }
        if state.isUnfinished {
            throw JobError("the copy to \(staging) is not finished", help: "go on with it: resume \(folder.id)")
        }
        if state.isVerified == false {
            throw JobError(
                "\(staging) differs from its source: `verify … staged` has failed",
                help: "`rollback` removes it; the same copy line begins anew")
        }
    }

    private func count(in store: any Store) async throws -> Int {
        try await store.read(staging, at: nil).closing { try await $0.count(nil) }
    }

    private var completedCount: Int? { (state.completion?.target.split(separator: " ")).flatMap { Int($0[1]) } }

    // MARK: Rollback

    package enum Rollback: Sendable {
        case done
        /// It is not live, and goes.
        case remove(Identity)
        /// The generation before it becomes live again.
        case swap(Move)
    }

    package func rollback(in store: any Store) async throws -> Rollback {
        switch try await standing(in: store) {
        case .gone: return .done
        case .staged:
            guard !state.isPromoted, let identity = state.identity else { return .done }
            return .remove(identity)
        case .live:
            guard !state.isRolledBack, let earlier = try await store.generations?.list(name).dropFirst().first else {
                throw JobError(
                    "no generation before the one that is live in \(name) is kept", help: "`drop` removes the live one")
            }
            return .swap(
                Move(name: name, from: state.identity, to: earlier.identity, keepingOldAs: staging))
        }
    }

    // MARK: The journal

    /// Adds to the job's journal; the caller holds its lock.
    package mutating func record(_ events: [Event], holding lock: JobLock) async throws(JobError) {
        let journal = try Journal(path: folder.journalPath)
        try await journal.append(events)
        state = await journal.state
        try folder.publish(folder.plan().tuning)
    }

    /// Notes that it is live; what was done before a crash is noted now.
    package mutating func recordPromoted(in store: any Store, holding lock: JobLock) async throws {
        guard !state.isPromoted else { return }
        let replaced = try await store.generations?.list(name).dropFirst().first?.identity
        var events = [Event.promoted(replacing: replaced, at: Timestamp.now)]
        let token = try await context.token(store, name)
        // A promotion leaves identity and count as they are; the rest of the token may have changed by it.
        if let completion = state.completion, completion.target.hasSameRecords(as: token) {
            events.append(.completed(source: completion.source, target: token))
        }
        try await record(events, holding: lock)
    }
}

extension String {
    fileprivate func hasSameRecords(as other: String) -> Bool {
        split(separator: " ").prefix(2) == other.split(separator: " ").prefix(2)
    }
}

extension Store {
    /// What stands under a name itself, not under an alias, unless that is how live ones are called; nil if nothing does.
    package func identity(of name: String) async throws(StoreError) -> Identity? {
        do throws(StoreError) {
            let description = try await describe(name)
            let isOwn = description.collection.name == name || generations?.mayBeByAlias == true
            return isOwn ? description.identity : nil
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }
}
