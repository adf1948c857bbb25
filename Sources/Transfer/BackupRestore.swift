import Model

/// Brings collections of a backup back into a store.
package struct BackupRestore: Sendable {
    /// A collection of the backup, and where it goes.
    package struct Item: Hashable, Sendable {
        package var name: String
        package var newName: String
        /// Whether the collection that stands there goes.
        package var isReplacing: Bool

        package init(_ name: String, as newName: String, isReplacing: Bool) {
            (self.name, self.newName, self.isReplacing) = (name, newName, isReplacing)
        }
    }

    package var backup: Backup
    package var items: [Item]
    package var target: any Store
    package var isAcceptingLosses: Bool
    package var openArchive: BackupMaker.OpenArchive

    package init(
        _ items: [Item], of backup: Backup, into target: any Store, isAcceptingLosses: Bool,
        openArchive: @escaping BackupMaker.OpenArchive
    ) {
        (self.items, self.backup, self.target) = (items, backup, target)
        (self.isAcceptingLosses, self.openArchive) = (isAcceptingLosses, openArchive)
    }

    /// Both end like what patterns never match, and differ from what `copy … staged` and `promote` make.
    static func stagingName(_ name: String) -> String { name + "_restore_staging" }
    static func asideName(_ name: String) -> String { name + "_restore_previous" }

    /// Verifies the backup, writes all of it beside what is there, verifies that, and then swaps it in.
    ///
    /// Answers what was left as it was, in words.
    package func run(on shelf: BackupShelf) async throws -> [String] {
        let draft = try await shelf.beginRestore(backup, now: Timestamp.now)
        do {
            let archive = try await openArchive(shelf.opened(backup, in: draft))
            let left = try await closing(archive) { try await restore(from: archive) }
            await shelf.discard(draft)
            return left
        } catch {
            await shelf.discard(draft)
            throw error
        }
    }

    private func closing<Result: Sendable>(_ store: any Store, _ body: () async throws -> Result) async throws -> Result
    {
        do {
            let result = try await body()
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }

    private func restore(from archive: any Store) async throws -> [String] {
        for item in items { try await refuseLosses(copy(item, from: archive)) }
        var staged: [(name: String, identity: Identity)] = []
        do {
            for item in items { staged.append((place(item), try await stage(item, from: archive))) }
        } catch {
            // The reason why they are dropped is what the person has to know.
            for (name, identity) in staged { try? await target.drop(name, being: identity) }
            throw error
        }
        for item in items { try await swap(item) }
        return try await bringAliases(from: archive)
    }

    // MARK: Staging

    private func copy(_ item: Item, from archive: any Store) -> WholeCopy {
        WholeCopy(source: archive, name: item.name, target: target, newName: place(item))
    }

    /// A store that cannot rename gets the collection under its own name, where there is none yet.
    private func place(_ item: Item) -> String {
        target.renaming == nil ? item.newName : Self.stagingName(item.newName)
    }

    private func refuseLosses(_ copy: WholeCopy) async throws {
        let verdicts = try await copy.fit().verdicts
        if let impossible = verdicts.first(where: { $0.grade == .impossible }) {
            throw JobError("the store cannot hold \(impossible.subject) of \(copy.name): \(impossible.detail)")
        }
        guard !isAcceptingLosses, let lossy = verdicts.first(where: { $0.grade == .lossy }) else { return }
        throw JobError(
            "something of \(copy.name) would be lost: \(lossy.subject) (\(lossy.detail))",
            help: "say `accepting losses` to go on")
    }

    private func stage(_ item: Item, from archive: any Store) async throws -> Identity {
        if target.renaming != nil {
            // What a restore that was killed has left.
            try await target.drop(place(item), being: nil)
        } else if item.isReplacing {
            throw JobError(
                "this store cannot rename collections, so \(item.newName) cannot be replaced safely",
                help: "restore it under another name, or drop \(item.newName) first")
        }
        let arrived = try await copy(item, from: archive).run()
        guard backup.meta.collections.contains(BackupMeta.Content(name: item.name, digest: arrived.digest)) else {
            try? await target.drop(place(item), being: arrived.identity)
            throw JobError("\(backup.path): \(item.name) differs from the digest that was taken when it was made")
        }
        return arrived.identity
    }

    // MARK: Swapping

    /// Whole and verified, the new collection takes the old one's place; names that stood for that move over first.
    ///
    /// The old one steps aside, and goes only when the new one stands: at no moment is a copy the only one.
    private func swap(_ item: Item) async throws {
        guard let renaming = target.renaming else { return }
        let staging = place(item)
        guard item.isReplacing else { return try await rename(staging, to: item.newName, renaming) }
        let old = try await target.describe(item.newName)
        let aside = Self.asideName(item.newName)
        try await renaming.rename(item.newName, to: aside)
        do { try await rename(staging, to: item.newName, renaming) } catch {
            try await renaming.rename(aside, to: item.newName)
            throw error
        }
        for alias in old.aliases { try await target.aliasing?.point(alias, to: item.newName) }
        try await target.drop(aside, being: nil)
    }

    private func rename(_ staging: String, to name: String, _ renaming: any Renaming) async throws(StoreError) {
        do { try await renaming.rename(staging, to: name) } catch {
            var named = error
            named.message += "; what was restored is in \(staging)"
            named.help = named.help ?? "say the same again, or `rename` it"
            throw named
        }
    }

    /// Names that are free come back; others stay as they are.
    private func bringAliases(from archive: any Store) async throws -> [String] {
        guard let kept = archive.aliasing, let aliasing = target.aliasing else { return [] }
        let (there, collections) = (try await aliasing.aliases(), try await target.collections())
        var left: [String] = []
        for (alias, name) in try await kept.aliases().sorted(by: { $0.key < $1.key }) {
            // A collection that got another name is a second one beside what the aliases mean.
            guard let item = items.first(where: { $0.name == name && $0.newName == name }), there[alias] != name else {
                continue
            }
            if let other = there[alias] {
                left.append("the alias \(alias) stands for \(other), and not for \(item.newName)")
            } else if collections.contains(alias) {
                left.append("\(alias), an alias in the backup, is a collection here")
            } else {
                try await aliasing.point(alias, to: item.newName)
            }
        }
        return left
    }
}
