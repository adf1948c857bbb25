import FoundationEssentials
import Glibc
import JSON
import Model
import Stores

private func shape(_ dimension: Int) -> Collection {
    Collection(
        name: "bench", key: KeyField(type: .int64),
        vectors: [VectorField(name: "v", dimension: dimension, metric: .cosine)],
        fields: [Field(name: "page", type: .int64), Field(name: "text", type: .text(maxLength: nil))])
}

func makeArchive(_ folder: String, rows: Int, _ dimension: Int) async throws {
    let store = try ArchiveStore(at: folder)
    try await store.create(shape(dimension))
    var random = Xorshift()
    for start in stride(from: 0, to: rows, by: 5_000) {
        let keys = start..<min(rows, start + 5_000)
        try await store.write(records(keys, dimension, &random), to: "bench", .first)
    }
    try await store.settle("bench")
    await store.close()
}

private func records(_ keys: Range<Int>, _ dimension: Int, _ random: inout Xorshift) -> Batch {
    var vectors: [UInt8] = []
    vectors.reserveCapacity(keys.count * dimension * 4)
    for _ in 0..<keys.count * dimension { vectors.append(littleEndian: random.float().bitPattern) }
    var texts = Ragged<UInt8>()
    for key in keys { texts.append("the text of record \(key)".utf8) }
    return Batch(
        keys: keys.map { .integer(Int64($0)) }, vectors: [Column(.dense(vectors))],
        fields: [Column(.integers(keys.map { Int64($0 / 10) })), Column(.bytes(texts))])
}

/// Small and always the same.
private struct Xorshift {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func float() -> Float {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(Int32(truncatingIfNeeded: state)) * 0x1p-31
    }
}

/// Makes an empty archive and then its manifest say that it has many rows, of which the disk holds none.
func makeSparse(_ folder: String, bytes: Int, _ dimension: Int) async throws {
    let store = try ArchiveStore(at: folder)
    try await store.create(shape(dimension))
    await store.close()
    let rows = bytes / (dimension * 4)
    let sizes = ["rows.jsonl": rows * 60, "rows.idx": (rows + 1023) / 1024 * 8, "v.npy": rows * dimension * 4]
    let path = "\(folder)/bench/collection.json"
    var manifest = try JSONValue(Array(Data(contentsOf: URL(filePath: path))))
    manifest.replace("rows", .integer(Int64(rows)))
    manifest.replace("records", .integer(Int64(rows)))
    manifest.replace("files", .array((manifest["files"]?.array ?? []).map { $0.resized(sizes) }))
    manifest.replace("sha256", .object(sizes.mapValues(checksums)))
    try Data(manifest.indented().utf8).write(to: URL(filePath: path))
    for (name, size) in sizes { try grow("\(folder)/bench/\(name)", to: size, rows: rows, dimension) }
}

private func checksums(_ bytes: Int) -> JSONValue {
    let block = 8 << 20
    return .array((0..<(bytes + block - 1) / block).map { .string(String(repeating: "\($0 % 10)", count: 64)) })
}

/// Gives a file its size without taking any of the disk; a NumPy file says in its header how many rows it has.
private func grow(_ path: String, to size: Int, rows: Int, _ dimension: Int) throws(StoreError) {
    guard let file = fopen(path, "r+") else { throw StoreError(.unavailable, "cannot open \(path)") }
    defer { fclose(file) }
    ftruncate(fileno(file), size + 128)
    guard path.hasSuffix(".npy") else { return }
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(dimension)), }"
    let header = text + String(repeating: " ", count: 117 - text.utf8.count) + "\n"
    pwrite(fileno(file), header, header.utf8.count, 10)
}

extension JSONValue {
    fileprivate mutating func replace(_ name: String, _ value: JSONValue) {
        self = .object((members ?? []).map { $0.name == name ? Member(name, value) : $0 })
    }

    fileprivate func resized(_ sizes: [String: Int]) -> JSONValue {
        var file = self
        if let name = self["name"]?.string, let size = sizes[name] { file.replace("bytes", .integer(Int64(size))) }
        return file
    }
}
