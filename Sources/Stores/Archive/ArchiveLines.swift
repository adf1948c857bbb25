import Glibc
import Model

/// Walks the lines of a collection, one a row, the dead ones too.
struct ArchiveLines {
    private let snapshot: ArchiveSnapshot
    private(set) var row = 0
    private(set) var offset = 0
    /// Up to here the checksums are known to be right.
    private var verified = 0

    init(_ snapshot: ArchiveSnapshot) { self.snapshot = snapshot }

    private var rows: Int { snapshot.manifest.rows }

    /// The line of this row, without its end.
    mutating func next() throws(StoreError) -> UnsafeBufferPointer<UInt8> {
        var searched = offset
        while true {
            let bytes = snapshot.lines.view(searched..<max(searched, verified))
            if let start = bytes.baseAddress, let found = memchr(start, 0x0A, bytes.count) {
                return line(endingAt: searched + (UnsafeRawPointer(found) - start))
            }
            searched = max(searched, verified)
            try verifyNextBlock(from: searched)
        }
    }

    private mutating func line(endingAt end: Int) -> UnsafeBufferPointer<UInt8> {
        let bytes = snapshot.lines.view(offset..<end)
        (row, offset) = (row + 1, end + 1)
        return bytes.assumingMemoryBound(to: UInt8.self)
    }

    private mutating func verifyNextBlock(from place: Int) throws(StoreError) {
        guard row < rows, place < snapshot.lines.count else {
            throw .archive(broken: snapshot.lines.path, "ends in row \(row)")
        }
        snapshot.lines.verifyAhead(of: place)
        snapshot.lines.forget(max(0, place - ArchiveChecksum.block)..<place)
        let end = min(snapshot.lines.count, (place / ArchiveChecksum.block + 1) * ArchiveChecksum.block)
        try snapshot.lines.verify(place..<end)
        verified = end
    }

    /// Goes on to a row that lies ahead.
    mutating func move(to wanted: Int) throws(StoreError) {
        let entry = wanted / ArchiveManifest.indexStep
        if entry > row / ArchiveManifest.indexStep, wanted < rows {
            (row, offset) = (entry * ArchiveManifest.indexStep, try start(entry))
            verified = 0
        }
        while row < wanted { _ = try next() }
    }

    /// Goes to a place that this walk has named before.
    mutating func move(to place: ArchivePlace) throws(StoreError) {
        guard try holds(place) else {
            throw StoreError(
                .malformed, "\"\(place.cursor.token)\" is no place in \(snapshot.manifest.collection.name)")
        }
        (row, offset) = (place.row, place.offset)
        verified = 0
    }

    private func holds(_ place: ArchivePlace) throws(StoreError) -> Bool {
        guard (0...rows).contains(place.row), (0...snapshot.lines.count).contains(place.offset) else { return false }
        guard place.offset > 0 else { return place.row == 0 }
        let entry = (place.row - 1) / ArchiveManifest.indexStep
        let isLast = (entry + 1) * ArchiveManifest.indexStep >= rows
        let limit = isLast ? snapshot.lines.count : try start(entry + 1)
        guard place.offset > (try start(entry)), place.offset <= limit else { return false }
        return try snapshot.lines.bytes(place.offset - 1..<place.offset)[0] == 0x0A
    }

    private func start(_ entry: Int) throws(StoreError) -> Int {
        let bytes = try snapshot.index.bytes(entry * 8..<entry * 8 + 8)
        let start = Int(clamping: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
        guard start < snapshot.lines.count else {
            throw .archive(broken: snapshot.index.path, "points behind the lines")
        }
        return start
    }

    var place: ArchivePlace { ArchivePlace(row: row, offset: offset) }
}

/// A row, and where its line begins.
struct ArchivePlace: Hashable, Sendable {
    var row: Int
    var offset: Int

    init(row: Int, offset: Int) {
        self.row = row
        self.offset = offset
    }

    init(_ cursor: Cursor) throws(StoreError) {
        let numbers = cursor.token.split(separator: ":").compactMap { Int($0) }
        guard numbers.count == 2, numbers.allSatisfy({ $0 >= 0 }) else {
            throw StoreError(.malformed, "\"\(cursor.token)\" is no place in an archive")
        }
        self.init(row: numbers[0], offset: numbers[1])
    }

    var cursor: Cursor { Cursor("\(row):\(offset)") }
}
