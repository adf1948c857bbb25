import Model

/// Makes backups of collections, whatever store they lie in.
package struct BackupMaker: Sendable {
    package var source: any Store
    package var collections: [String]
    package var name: String
    /// The source's URI, without secrets.
    package var endpoint: String
    package var program: String
    /// How hard to pack, 1 to 9; nil leaves a folder.
    package var level: Int?
    /// Opens an archive in a folder.
    package var openArchive: OpenArchive

    package typealias OpenArchive = @Sendable (String) async throws -> any Store

    package init(
        of collections: [String], in source: any Store, name: String, endpoint: String, program: String, level: Int?,
        openArchive: @escaping OpenArchive
    ) {
        (self.collections, self.source, self.name, self.endpoint) = (collections, source, name, endpoint)
        (self.program, self.level, self.openArchive) = (program, level, openArchive)
    }

    /// Either there is a whole backup afterwards, or none.
    package func run(on shelf: BackupShelf) async throws -> Backup {
        let draft = try await shelf.begin(name, now: Timestamp.now)
        do {
            let backup = try await run(draft, shelf)
            await shelf.discard(draft)
            return backup
        } catch {
            await shelf.discard(draft)
            throw error
        }
    }

    private func run(_ draft: BackupDraft, _ shelf: BackupShelf) async throws -> Backup {
        let archive = try await openArchive(draft.content)
        let contents: [BackupMeta.Content]
        do {
            contents = try await fill(archive)
            await archive.close()
        } catch {
            await archive.close()
            throw error
        }
        let meta = BackupMeta(
            id: BackupMeta.id(draft.created), name: name, created: draft.created, source: endpoint, program: program,
            isPacked: level != nil, bytes: 0, sha256: "", collections: contents, files: [])
        return try await shelf.publish(draft, level: level, describing: meta)
    }

    private func fill(_ archive: any Store) async throws -> [BackupMeta.Content] {
        var contents: [BackupMeta.Content] = []
        for collection in collections {
            let copy = WholeCopy(source: source, name: collection, target: archive, newName: collection)
            contents.append(BackupMeta.Content(name: collection, digest: try await copy.run().digest))
        }
        guard let aliasing = source.aliasing, let kept = archive.aliasing else { return contents }
        for (alias, target) in try await aliasing.aliases() where collections.contains(target) {
            try await kept.point(alias, to: target)
        }
        return contents
    }
}
