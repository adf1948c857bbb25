import JSON
import Model

/// What the `.meta.json` of a backup says of it.
package struct BackupMeta: Hashable, Sendable {
    package var id: String
    package var name: String
    /// Microseconds since 1970.
    package var created: Int64
    /// The URI of what was backed up, without secrets.
    package var source: String
    package var program: String
    /// Whether it is one file; else it is a folder.
    package var isPacked: Bool
    /// Of the packed file, or of all files of the folder.
    package var bytes: Int
    package var sha256: String
    package var collections: [Content]
    package var files: [File]

    package struct Content: Hashable, Sendable {
        package var name: String
        package var digest: Digest
    }

    package struct File: Hashable, Sendable {
        package var path: String
        package var bytes: Int
        package var sha256: String
    }

    static let format: Int64 = 1
    static let ending = ".meta.json"

    /// How its files begin, and the folder in the packed file.
    package var base: String { "\(name)_\(id)" }

    /// `20251219_213814`, in UTC.
    static func id(_ microseconds: Int64) -> String {
        let digits = Timestamp.text(microseconds).prefix(19).filter(\.isNumber)
        return "\(digits.prefix(8))_\(digits.dropFirst(8))"
    }

    /// What stands for a folder: the checksum of its list of files, written as `sha256sum` does.
    static func sha256(of files: [File]) -> String {
        FileHash.hexadecimal(of: files.map { "\($0.sha256)  \($0.path)\n" }.joined())
    }
}

// MARK: JSON

extension BackupMeta {
    package var json: JSONValue {
        [
            "format": .integer(Self.format), "id": .string(id), "name": .string(name),
            "created_at": .string(Timestamp.text(created)), "source": .string(source), "program": .string(program),
            "packed": .bool(isPacked), "bytes": .integer(Int64(bytes)), "sha256": .string(sha256),
            "collections": .array(
                collections.map {
                    [
                        "name": .string($0.name), "records": .integer(Int64($0.digest.count)), "digest": $0.digest.json,
                    ]
                }),
            "files": .array(
                files.map {
                    ["path": .string($0.path), "bytes": .integer(Int64($0.bytes)), "sha256": .string($0.sha256)]
                }),
        ]
    }

    /// Throws what is wrong with the file at `path`, whose text this is.
    init(_ text: [UInt8], path: String) throws(JobError) {
        guard let json = try? JSONValue(text), let format = json["format"]?.integer else {
            throw JobError("\(path) does not describe a backup")
        }
        guard format == Self.format else {
            throw JobError(
                "\(path) has format \(format), and this program knows format \(Self.format)",
                help: "use a newer vecsh")
        }
        guard let meta = BackupMeta(json: json) else {
            throw JobError("\(path) is damaged: something is missing in it")
        }
        for file in meta.files { try SafePath.check(file.path, in: path) }
        guard SafePath.isName(meta.name), SafePath.isName(meta.id) else {
            throw JobError("\(path) is damaged: its name")
        }
        self = meta
    }

    private init?(json: JSONValue) {
        guard let id = json["id"]?.string, let name = json["name"]?.string,
            let created = json["created_at"]?.string.flatMap(Timestamp.microseconds),
            let source = json["source"]?.string,
            let program = json["program"]?.string, let isPacked = json["packed"]?.bool,
            let bytes = json["bytes"]?.integer, let sha256 = json["sha256"]?.string,
            let collections = json["collections"]?.array, let files = json["files"]?.array
        else { return nil }
        self.init(
            id: id, name: name, created: created, source: source, program: program, isPacked: isPacked,
            bytes: Int(bytes), sha256: sha256, collections: collections.compactMap(Content.init(json:)),
            files: files.compactMap(File.init(json:)))
        guard self.collections.count == collections.count, self.files.count == files.count else { return nil }
    }
}

extension BackupMeta.Content {
    fileprivate init?(json: JSONValue) {
        guard let name = json["name"]?.string, let digest = Digest(json: json["digest"]) else { return nil }
        self.init(name: name, digest: digest)
    }
}

extension BackupMeta.File {
    fileprivate init?(json: JSONValue) {
        guard let path = json["path"]?.string, let bytes = json["bytes"]?.integer, bytes >= 0,
            let sha256 = json["sha256"]?.string
        else { return nil }
        self.init(path: path, bytes: Int(bytes), sha256: sha256)
    }
}

/// Names that cannot lead out of the folder that they are meant for.
enum SafePath {
    static func check(_ path: String, in file: String) throws(JobError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(".."), !parts.contains("."), !parts.contains(""), !path.utf8.contains(0) else {
            throw JobError("\(file) holds the path \"\(path)\", which may lead out of its folder: nothing was restored")
        }
    }

    /// Whether this can be a part of a file's name.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), text.utf8.count <= 150 else { return false }
        return text.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 >= 0x20 && $0 != 0x7F }
    }
}
