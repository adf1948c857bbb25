import Model

/// Where the record of each key stands: sixteen bytes an entry, in one table with open addressing.
///
/// It holds forty bits of a key's hash and not the key, so whoever asks compares the key in the line.
struct ArchiveKeys {
    fileprivate struct Slot {
        /// 48 bits of the offset, then the lower 16 of the tag.
        var low: UInt64 = 0
        /// 40 bits of the row and one, then the upper 24 of the tag; zero where nothing is.
        var high: UInt64 = 0
    }

    private var slots: [Slot]
    private var count = 0

    init() { slots = Array(repeating: Slot(), count: 1 << 10) }

    /// The keys of all living records.
    init(_ snapshot: ArchiveSnapshot) throws(StoreError) {
        self.init()
        reserve(snapshot.manifest.records)
        var walk = ArchiveLines(snapshot)
        var keys = ArchiveKeyReader(snapshot.manifest.collection)
        let rows = snapshot.manifest.rows
        var run = snapshot.manifest.dead.gap(from: 0, before: rows)
        while !run.isEmpty {
            try walk.move(to: run.lowerBound)
            while walk.row < run.upperBound {
                let place = walk.place
                insert(Self.tag(try keys.key(in: walk.next(), of: snapshot.lines.path, row: place.row)), place)
            }
            run = snapshot.manifest.dead.gap(from: run.upperBound, before: rows)
        }
    }

    /// The place of a key; `isThere` says whether the record at a place has it.
    func place(
        of key: Key, where isThere: (ArchivePlace) throws(StoreError) -> Bool
    ) throws(StoreError) -> ArchivePlace? {
        let tag = Self.tag(key)
        var at = home(tag)
        while slots[at].high != 0 {
            if self.tag(at) == tag, try isThere(place(at)) { return place(at) }
            at = next(at)
        }
        return nil
    }

    /// Enters a key, in the stead of the place that ``place(of:where:)`` gave.
    mutating func set(_ key: Key, _ place: ArchivePlace, replacing old: ArchivePlace?) {
        let tag = Self.tag(key)
        if let old, let at = slot(tag, old) { slots[at] = Slot(tag, place) } else { insert(tag, place) }
    }

    mutating func remove(_ key: Key, at place: ArchivePlace) {
        guard var hole = slot(Self.tag(key), place) else { return }
        count -= 1
        var at = next(hole)
        // Entries behind the hole that belong before it move up, so that no search ends too early.
        while slots[at].high != 0 {
            if distance(home(tag(at)), at) >= distance(hole, at) {
                slots[hole] = slots[at]
                hole = at
            }
            at = next(at)
        }
        slots[hole] = Slot()
    }

    mutating func reserve(_ more: Int) {
        var capacity = slots.count
        while (count + more) * 4 > capacity * 3 { capacity *= 2 }
        guard capacity > slots.count else { return }
        let old = slots
        slots = Array(repeating: Slot(), count: capacity)
        for slot in old where slot.high != 0 { slots[free(from: home(slot.tag))] = slot }
    }

    private mutating func insert(_ tag: UInt64, _ place: ArchivePlace) {
        reserve(1)
        slots[free(from: home(tag))] = Slot(tag, place)
        count += 1
    }

    // MARK: Slots

    private static func tag(_ key: Key) -> UInt64 { UInt64(truncatingIfNeeded: key.hashValue) & 0xFF_FFFF_FFFF }

    private func tag(_ at: Int) -> UInt64 { slots[at].tag }
    private func place(_ at: Int) -> ArchivePlace { slots[at].place }
    private func home(_ tag: UInt64) -> Int { Int(tag) & (slots.count - 1) }
    private func next(_ at: Int) -> Int { (at + 1) & (slots.count - 1) }
    private func distance(_ from: Int, _ to: Int) -> Int { (to - from) & (slots.count - 1) }

    private func free(from start: Int) -> Int {
        var at = start
        while slots[at].high != 0 { at = next(at) }
        return at
    }

    private func slot(_ tag: UInt64, _ place: ArchivePlace) -> Int? {
        let wanted = Slot(tag, place)
        var at = home(tag)
        while slots[at].high != 0 {
            if slots[at].low == wanted.low, slots[at].high == wanted.high { return at }
            at = next(at)
        }
        return nil
    }
}

extension ArchiveKeys.Slot {
    fileprivate init(_ tag: UInt64, _ place: ArchivePlace) {
        low = UInt64(place.offset) | tag << 48
        high = UInt64(place.row + 1) | (tag >> 16) << 40
    }

    fileprivate var tag: UInt64 { low >> 48 | (high >> 40) << 16 }

    fileprivate var place: ArchivePlace {
        ArchivePlace(row: Int(high & 0xFF_FFFF_FFFF) - 1, offset: Int(low & 0xFFFF_FFFF_FFFF))
    }
}

/// The key of a line, and nothing else of it.
struct ArchiveKeyReader {
    private let collection: Collection
    private var reader: ArchiveLineReader

    init(_ collection: Collection) {
        self.collection = collection
        reader = ArchiveLineReader(collection, wanted: .keys)
    }

    mutating func key(in line: UnsafeBufferPointer<UInt8>, of path: String, row: Int) throws(StoreError) -> Key {
        do { try reader.append(line) } catch {
            reader = ArchiveLineReader(collection, wanted: .keys)
            throw .archive(broken: path, "holds no record in line \(row + 1): \(error)")
        }
        return reader.take([]).keys[0]
    }
}
