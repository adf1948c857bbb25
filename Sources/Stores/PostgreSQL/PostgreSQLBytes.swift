/// Bytes on their way to the server, numbers with the high byte first; the memory is used again after each `clear`.
struct PostgreSQLBytes: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var room: Int
    private(set) var count = 0

    init(room: Int) {
        self.room = room
        start = .allocate(byteCount: room, alignment: 16)
    }

    deinit { start.deallocate() }

    var pointer: UnsafeRawPointer { UnsafeRawPointer(start) }

    mutating func clear() { count = 0 }

    /// What stood at `place`, a length that was not known then.
    mutating func set(_ value: Int32, at place: Int) {
        start.storeBytes(of: value.bigEndian, toByteOffset: place, as: Int32.self)
    }

    @inline(__always) mutating func append<Number: FixedWidthInteger>(_ value: Number) {
        reserve(MemoryLayout<Number>.size)
        start.storeBytes(of: value.bigEndian, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        (start + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { append($0) } }

    /// Words that lie low byte first in memory.
    mutating func append<Word: FixedWidthInteger>(words bytes: UnsafeRawBufferPointer, as: Word.Type) {
        reserve(bytes.count)
        bytes.reverseWords(into: start + count, as: Word.self)
        count += bytes.count
    }

    @inline(__always) private mutating func reserve(_ more: Int) {
        if count + more > room { grow(count + more) }
    }

    private mutating func grow(_ least: Int) {
        room = max(room * 2, least)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
        larger.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = larger
    }
}

extension UnsafeRawBufferPointer {
    /// A number with its high byte first.
    @inline(__always) func number<Number: FixedWidthInteger>(_ place: Int, as: Number.Type = Number.self) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    /// The same words with their bytes in the other order.
    func reverseWords<Word: FixedWidthInteger>(into target: UnsafeMutableRawPointer, as: Word.Type) {
        for place in stride(from: 0, to: count, by: MemoryLayout<Word>.size) {
            let word = loadUnaligned(fromByteOffset: place, as: Word.self).byteSwapped
            target.storeBytes(of: word, toByteOffset: place, as: Word.self)
        }
    }

    func part(_ start: Int, _ length: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[start..<start + length])
    }

    var asBytes: UnsafeBufferPointer<UInt8> { bindMemory(to: UInt8.self) }
}
