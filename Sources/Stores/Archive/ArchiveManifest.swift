import JSON
import Model

/// What `collection.json` says: the shape of a collection, and how much of its files counts.
///
/// Replacing this one file is what commits a change; whatever the others hold beyond it was never written.
struct ArchiveManifest: Hashable, Sendable {
    static let file = "collection.json"
    static let version: Int64 = 1
    /// One entry of the row index stands for so many rows.
    static let indexStep = 1024

    struct File: Hashable, Sendable {
        var name: String
        /// Without the header of a NumPy file.
        var bytes = 0
        var checksums: [ArchiveChecksum] = []
    }

    var collection: Collection
    var identity: Identity
    /// All rows, the dead ones too.
    var rows = 0
    /// Rows that were replaced or deleted.
    var dead = RowRanges()
    /// Raised each time that the files are written anew without their dead rows.
    var generation = 1
    /// The lines, the row index, and the dense vectors in the order of the shape.
    var files: [File] = []

    init(_ collection: Collection, identity: Identity, generation: Int = 1) {
        self.collection = collection
        self.identity = identity
        self.generation = generation
        files = Self.names(collection, generation).map { File(name: $0) }
    }

    var records: Int { rows - dead.count }
    var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    static func names(_ collection: Collection, _ generation: Int) -> [String] {
        let mark = generation == 1 ? "" : ".\(generation)"
        return ["rows\(mark).jsonl", "rows\(mark).idx"]
            + collection.dense.map { "\(ArchiveNames.encoded($0.name))\(mark).npy" }
    }

    /// The size that each file must have; nil where the rows do not say.
    fileprivate var expectedBytes: [Int?] {
        [nil, (rows + Self.indexStep - 1) / Self.indexStep * 8] + collection.dense.map { rows * $0.stride }
    }
}

extension Collection {
    /// The vectors that stand in files of their own.
    var dense: [VectorField] { vectors.filter { $0.layout == .dense } }

    /// The shape of what stands in the lines.
    var withoutDense: Collection {
        var shape = self
        shape.vectors.removeAll { $0.layout == .dense }
        return shape
    }
}

// MARK: Writing

extension ArchiveManifest {
    /// The checksums come last, so that a person sees the rest first.
    var text: String {
        let ranges = dead.ranges.map {
            JSONValue.array([.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound))])
        }
        let sums = files.map { file in
            JSONValue.Member(file.name, .array(file.checksums.map { .string($0.hex) }))
        }
        let json: JSONValue = [
            "format": "vecsh archive", "version": .integer(Self.version), "identity": .string(identity.token),
            "records": .integer(Int64(records)), "rows": .integer(Int64(rows)),
            "generation": .integer(Int64(generation)), "collection": collection.json, "files": .array(listing),
            "dead": .array(ranges), "block_bytes": .integer(Int64(ArchiveChecksum.block)), "sha256": .object(sums),
        ]
        return json.indented() + "\n"
    }

    private var listing: [JSONValue] {
        zip(files, [nil, nil] + collection.dense.map(Optional.some)).map { file, vector in
            var members = [JSONValue.Member("name", .string(file.name))]
            if let vector {
                members.append(JSONValue.Member("vector", .string(vector.name)))
                members.append(JSONValue.Member("type", .string(NpyHeader(vector, rows: rows).type)))
            }
            return .object(members + [JSONValue.Member("bytes", .integer(Int64(file.bytes)))])
        }
    }
}

// MARK: Reading

extension ArchiveManifest {
    /// Throws unless the text is a manifest that agrees with itself; `path` is where it stands, for people.
    init(_ bytes: [UInt8], path: String) throws(StoreError) {
        let json: JSONValue
        do { json = try JSONValue(bytes) } catch { throw .archive(broken: path, "is not JSON: \(error)") }
        guard json["format"]?.string == "vecsh archive", let version = json["version"]?.integer else {
            throw .archive(broken: path, "does not describe a collection of an archive")
        }
        guard version == Self.version else {
            throw StoreError(
                .unsupported, "\(path) is of format version \(version), this program reads version \(Self.version)",
                help: "read it with a newer vecsh")
        }
        do { try self.init(json) } catch { throw .archive(broken: path, "does not fit together: \(error.message)") }
    }

    private init(_ json: JSONValue) throws(StoreError) {
        let collection = try Collection(json: try json.part("collection"))
        self.init(
            collection, identity: Identity(try json.part("identity").string ?? ""),
            generation: try json.count("generation"))
        rows = try json.count("rows")
        guard json["block_bytes"]?.integer == Int64(ArchiveChecksum.block) else { throw wrong("block_bytes") }
        dead = try Self.dead(try json.part("dead"))
        guard dead.upperBound <= rows, try json.count("records") == records else { throw wrong("records") }
        try readFiles(try json.part("files").array ?? [], try json.part("sha256"))
    }

    private static func dead(_ json: JSONValue) throws(StoreError) -> RowRanges {
        let bounds = (json.array ?? []).map { $0.array?.compactMap { $0.integer.flatMap(Int.init(exactly:)) } ?? [] }
        guard bounds.allSatisfy({ $0.count == 2 && 0 <= $0[0] && $0[0] < $0[1] }),
            let dead = RowRanges(bounds.map { $0[0]..<$0[1] })
        else { throw wrong("dead") }
        return dead
    }

    private mutating func readFiles(_ listing: [JSONValue], _ sums: JSONValue) throws(StoreError) {
        guard listing.count == files.count else { throw wrong("files") }
        for (place, expected) in expectedBytes.enumerated() {
            let name = files[place].name
            let bytes = try listing[place].count("bytes")
            let checksums = (sums[name]?.array ?? []).compactMap { $0.string.flatMap(ArchiveChecksum.init(hex:)) }
            guard listing[place]["name"]?.string == name, bytes == expected ?? bytes else {
                throw wrong("files.\(name)")
            }
            guard checksums.count == (bytes + ArchiveChecksum.block - 1) / ArchiveChecksum.block else {
                throw wrong("sha256.\(name)")
            }
            files[place].bytes = bytes
            files[place].checksums = checksums
        }
    }
}

private func wrong(_ member: String) -> StoreError { StoreError(.malformed, "\"\(member)\" is not as it should be") }

extension JSONValue {
    fileprivate func part(_ name: String) throws(StoreError) -> JSONValue {
        guard let part = self[name] else { throw wrong(name) }
        return part
    }

    fileprivate func count(_ name: String) throws(StoreError) -> Int {
        guard let count = self[name]?.integer.flatMap(Int.init(exactly:)), count >= 0 else { throw wrong(name) }
        return count
    }
}

extension StoreError {
    static func archive(broken path: String, _ what: String) -> StoreError {
        StoreError(
            .malformed, "\(path) \(what)", help: "restore the collection from a backup")
    }
}
