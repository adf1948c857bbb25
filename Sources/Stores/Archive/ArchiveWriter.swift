import Files
import Model

/// One collection, open for changes: what it takes is appended, and counts once it is settled.
final class ArchiveWriter {
    private let folder: String
    /// Until its keys have been taken over.
    private var snapshot: ArchiveSnapshot?
    private(set) var manifest: ArchiveManifest
    private var files: ArchiveFiles
    private var keys: ArchiveKeys?
    private var reader: ArchiveKeyReader
    private var dead: [Int] = []

    /// Begins where `snapshot` ends: what lies behind it in the files was never written, and is cut off.
    init(_ folder: String, from snapshot: ArchiveSnapshot) throws(StoreError) {
        self.folder = folder
        self.snapshot = snapshot
        manifest = snapshot.manifest
        files = try ArchiveFiles(folder, snapshot.manifest)
        reader = ArchiveKeyReader(snapshot.manifest.collection)
        ArchiveCompaction.removeLeftovers(folder, manifest)
    }

    var isSettled: Bool { files.rows == manifest.rows && dead.isEmpty }

    /// Whether there is more to leave out than to keep.
    var isMostlyDead: Bool { manifest.dead.count > manifest.records }

    func write(_ batch: Batch) throws(StoreError) {
        let rows = batch.lastOfEachKey
        let lines = try ArchiveLineWriter(manifest.collection).lines(batch, rows)
        var (taken, replaced): ([Int], [ArchivePlace?]) = ([], [])
        for (at, row) in rows.enumerated() {
            let old = try place(of: batch.keys[row])
            if let old, try holds(lines[at], batch, row, at: old) { continue }
            taken.append(at)
            replaced.append(old)
        }
        try append(batch, rows, lines, taken, replaced)
    }

    private func append(
        _ batch: Batch, _ rows: [Int], _ lines: Ragged<UInt8>, _ taken: [Int], _ replaced: [ArchivePlace?]
    ) throws(StoreError) {
        let isWhole = taken.count == batch.count
        let kept = isWhole ? batch : batch.rows(taken.map { rows[$0] })
        let text = isWhole ? lines : lines.picked(taken)
        let start = files.end
        try files.append(text, kept.dense)
        var keys = try takeKeys()
        keys.reserve(taken.count)
        for (at, old) in replaced.enumerated() {
            let place = ArchivePlace(row: start.row + at, offset: start.offset + text.range(of: at).lowerBound)
            keys.set(kept.keys[at], place, replacing: old)
            if let old { dead.append(old.row) }
        }
        self.keys = keys
    }

    func delete(_ wanted: [Key]) throws(StoreError) -> Int {
        var count = 0
        for key in wanted {
            guard let place = try place(of: key) else { continue }
            keys?.remove(key, at: place)
            dead.append(place.row)
            count += 1
        }
        return count
    }

    /// Makes what was written durable, and the manifest say so.
    func settle() throws(StoreError) {
        guard !isSettled else { return }
        var settled = manifest
        settled.files = try files.settle()
        settled.rows = files.rows
        settled.dead.insert(dead)
        try Disk.replace("\(folder)/\(ArchiveManifest.file)", with: Array(settled.text.utf8))
        manifest = settled
        dead = []
    }

    // MARK: Keys

    private func place(of key: Key) throws(StoreError) -> ArchivePlace? {
        if keys == nil { keys = try takeKeys() }
        return try keys?.place(of: key) { place throws(StoreError) in
            try self.key(at: place) == key
        }
    }

    private func key(at place: ArchivePlace) throws(StoreError) -> Key {
        let line = try files.line(at: place)
        return try line.withUnsafeBufferPointer { bytes throws(StoreError) in
            try reader.key(in: UnsafeBufferPointer(rebasing: bytes.dropLast()), of: folder, row: place.row)
        }
    }

    /// Moves the keys out, so that changing them does not copy them.
    private func takeKeys() throws(StoreError) -> ArchiveKeys {
        defer { (keys, snapshot) = (nil, nil) }
        if let keys { return keys }
        guard let snapshot else { return ArchiveKeys() }
        return try snapshot.keys()
    }

    /// Whether the record at a place is this one, byte for byte.
    private func holds(
        _ line: ArraySlice<UInt8>, _ batch: Batch, _ row: Int, at place: ArchivePlace
    ) throws(StoreError) -> Bool {
        guard try files.line(at: place)[...] == line else { return false }
        let dense = zip(manifest.collection.vectors, batch.vectors).filter { $0.0.layout == .dense }
        for (at, (vector, column)) in dense.enumerated() {
            guard case .dense(let bytes) = column.values else { continue }
            let stride = vector.stride
            guard try files.vector(at, row: place.row)[...] == bytes[row * stride..<(row + 1) * stride] else {
                return false
            }
        }
        return true
    }
}

extension Ragged {
    fileprivate func picked(_ rows: [Int]) -> Ragged {
        var picked = Ragged()
        for row in rows { picked.append(self[row]) }
        return picked
    }
}

extension Batch {
    /// The bytes of the dense vectors, field by field.
    fileprivate var dense: [[UInt8]] {
        vectors.compactMap { if case .dense(let bytes) = $0.values { bytes } else { nil } }
    }

    /// The rows of all keys; where one comes twice, the last of them.
    fileprivate var lastOfEachKey: [Int] {
        var last: [Key: Int] = [:]
        last.reserveCapacity(count)
        for row in 0..<count { last[keys[row]] = row }
        return last.count == count ? Array(0..<count) : last.values.sorted()
    }
}
