import Files
import Model

/// The files of one collection, open for growing together.
struct ArchiveFiles {
    private let collection: Collection
    private(set) var rows: Int
    private var lines: ArchiveGrowth
    private var index: ArchiveGrowth
    private var vectors: [ArchiveGrowth]

    init(_ folder: String, _ manifest: ArchiveManifest) throws(StoreError) {
        let files = manifest.files
        collection = manifest.collection
        rows = manifest.rows
        lines = try ArchiveGrowth("\(folder)/\(files[0].name)", files[0], header: nil)
        index = try ArchiveGrowth("\(folder)/\(files[1].name)", files[1], header: nil)
        vectors = []
        for (file, vector) in zip(files.dropFirst(2), manifest.collection.dense) {
            vectors.append(
                try ArchiveGrowth("\(folder)/\(file.name)", file, header: NpyHeader(vector, rows: manifest.rows)))
        }
    }

    /// Where the next record will stand.
    var end: ArchivePlace { ArchivePlace(row: rows, offset: lines.count) }

    /// Appends rows, all of them or none; `dense` holds the bytes of each dense vector.
    mutating func append(_ new: Ragged<UInt8>, _ dense: [[UInt8]]) throws(StoreError) {
        let entries = entries(for: new)
        try prepare()
        try lines.write(new.elements)
        try index.write(entries)
        for (file, bytes) in zip(vectors, dense) { try file.write(bytes) }
        lines.take(new.elements)
        index.take(entries)
        for place in vectors.indices { vectors[place].take(dense[place]) }
        rows += new.count
    }

    private mutating func prepare() throws(StoreError) {
        try lines.prepare()
        try index.prepare()
        for place in vectors.indices { try vectors[place].prepare() }
    }

    private func entries(for new: Ragged<UInt8>) -> [UInt8] {
        let step = ArchiveManifest.indexStep
        var entries: [UInt8] = []
        for row in stride(from: (rows + step - 1) / step * step, to: rows + new.count, by: step) {
            entries.append(littleEndian: UInt64(lines.count + new.range(of: row - rows).lowerBound))
        }
        return entries
    }

    /// The line at a place, with its end.
    func line(at place: ArchivePlace) throws(StoreError) -> [UInt8] {
        var size = 512
        while true {
            let bytes = try lines.read(min(size, lines.count - place.offset), at: place.offset)
            if let end = bytes.firstIndex(of: 0x0A) { return Array(bytes[...end]) }
            guard bytes.count == size else { throw .archive(broken: lines.file.path, "ends in row \(place.row)") }
            size *= 8
        }
    }

    /// The bytes of a row's vector, by its place among the dense ones.
    func vector(_ place: Int, row: Int) throws(StoreError) -> [UInt8] {
        let stride = collection.dense[place].stride
        return try vectors[place].read(stride, at: row * stride)
    }

    /// Makes all durable: first the data, then the headers; answers what the manifest has to say of it.
    mutating func settle() throws(StoreError) -> [ArchiveManifest.File] {
        for growth in [lines, index] + vectors { try growth.file.sync() }
        for (growth, vector) in zip(vectors, collection.dense) { try growth.write(NpyHeader(vector, rows: rows)) }
        var files = [lines.summed(), index.summed()]
        for place in vectors.indices { files.append(vectors[place].summed()) }
        return files
    }
}
