import JSON
import Model

/// What a folder of objects holds when it is whole; it is written last, so that a folder without one is none yet.
package struct Manifest: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package var path: String
        package var bytes: Int
        /// In hexadecimal digits.
        package var sha256: String
    }

    /// In the order of their paths.
    package let files: [File]
    /// Microseconds since 1970.
    package let made: Int64

    package static let name = "vecsh-manifest.json"
    private static let format: Int64 = 1

    package init(_ files: [File], made: Int64) {
        self.files = files.sorted { Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8)) }
        self.made = made
    }

    package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    /// What stands for all files: the checksum of their list, written as `sha256sum` does.
    package var sha256: String {
        SHA256.digest(Array(files.map { "\($0.sha256)  \($0.path)\n" }.joined().utf8)).hexadecimal
    }

    package var text: String {
        let document: JSONValue = [
            "format": .integer(Self.format), "made_at": .string(Timestamp.text(made)),
            "bytes": .integer(Int64(bytes)), "sha256": .string(sha256),
            "files": .array(
                files.map {
                    ["path": .string($0.path), "bytes": .integer(Int64($0.bytes)), "sha256": .string($0.sha256)]
                }),
        ]
        return document.indented() + "\n"
    }

    /// Throws what is wrong with the text; `address` is where it was found.
    package init(_ text: [UInt8], at address: String) throws(StoreError) {
        let damaged = StoreError(.malformed, "\(address) is damaged: it does not say what the folder holds")
        guard let json = try? JSONValue(text), let format = json["format"]?.integer else { throw damaged }
        guard format == Self.format else {
            throw StoreError(
                .unsupported, "\(address) has format \(format), and this program knows format \(Self.format)",
                help: "use a newer vecsh")
        }
        guard let listed = json["files"]?.array, let made = json["made_at"]?.string.flatMap(Timestamp.microseconds)
        else { throw damaged }
        let files = listed.compactMap(File.init(json:))
        self.init(files, made: made)
        guard files.count == listed.count, json["sha256"]?.string == sha256,
            json["bytes"]?.integer == Int64(bytes)
        else { throw damaged }
        for file in files { try FolderPath.check(file.path, in: address) }
    }
}

extension Manifest.File {
    fileprivate init?(json: JSONValue) {
        guard let path = json["path"]?.string, let bytes = json["bytes"]?.integer, bytes >= 0,
            let sha256 = json["sha256"]?.string, sha256.utf8.count == 64
        else { return nil }
        self.init(path: path, bytes: Int(bytes), sha256: sha256)
    }
}

/// Names that cannot lead out of the folder that they are meant for.
enum FolderPath {
    static func check(_ path: String, in address: String) throws(StoreError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { ["", ".", ".."].contains($0) }), !path.utf8.contains(0) else {
            throw StoreError(
                .rejected, "\(address) names \"\(path)\", which can be no file in a folder", help: "nothing was done")
        }
    }

    /// Throws if one name is a file and a folder too, which buckets allow.
    static func check(_ paths: [String], in address: String) throws(StoreError) {
        let files = Set(paths)
        for path in paths {
            try check(path, in: address)
            for (index, character) in zip(path.indices, path) where character == "/" {
                guard files.contains(String(path[..<index])) else { continue }
                throw StoreError(.rejected, "\(address) names \"\(path[..<index])\" as a file and as a folder")
            }
        }
    }
}
