import Depot
import Language
import Model
import Transfer

/// Where backups lie.
enum BackupPlace: Sendable {
    case disk(BackupShelf)
    case bucket(BucketShelf)

    var address: String {
        switch self {
        case .disk(let shelf): shelf.folder
        case .bucket(let shelf): shelf.address
        }
    }

    func contents() async throws -> BackupShelf.Contents {
        switch self {
        case .disk(let shelf): try await shelf.contents()
        case .bucket(let shelf): try await shelf.contents()
        }
    }

    func remove(_ backups: [Backup]) async throws {
        switch self {
        case .disk(let shelf): try await shelf.remove(backups)
        case .bucket(let shelf): try await shelf.remove(backups)
        }
    }
}

extension Session {
    func backupPlace(_ place: Located<String>) async throws -> BackupPlace {
        if let bucket = try await bucketShelf(place) { return .bucket(bucket) }
        return .disk(BackupShelf(expanded(place.value)))
    }
}
