import Files
import Glibc
import Model

/// A file of any size, read through a window: it finds where values begin and end, and checks nothing else.
///
/// The file is read and not mapped, as older versions of nano-vectordb write in place: a map of a file that is being
/// cut off ends the program.
final class LightRAGStream {
    private static let window = 1 << 21

    let file: DiskFile
    let size: Int
    /// Where the next byte is read.
    var offset = 0
    private var buffer: UnsafeMutableRawBufferPointer
    /// The part of the file that is in the buffer.
    private var held = 0..<0

    init(_ file: DiskFile) throws(StoreError) {
        self.file = file
        size = try file.size()
        buffer = .allocate(byteCount: Self.window, alignment: 16)
        // What some programs begin a file of UTF-8 with.
        if size >= 3, try bytes(0..<3).elementsEqual([0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    deinit { buffer.deallocate() }

    // MARK: Bytes

    /// The bytes of a part of the file, until the next call.
    func bytes(_ range: Range<Int>) throws(StoreError) -> UnsafeBufferPointer<UInt8> {
        if range.lowerBound < held.lowerBound || range.upperBound > held.upperBound {
            try hold(from: range.lowerBound, atLeast: range.count)
        }
        guard range.upperBound <= held.upperBound else { throw cut }
        let start = range.lowerBound - held.lowerBound
        return UnsafeRawBufferPointer(rebasing: buffer[start..<start + range.count]).assumingMemoryBound(to: UInt8.self)
    }

    private func hold(from start: Int, atLeast count: Int) throws(StoreError) {
        if count > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: count, alignment: 16)
        }
        let wanted = min(buffer.count, max(count, Self.window), max(0, size - start))
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        held = start..<start + (try file.read(into: part, at: start))
    }

    /// The rest of the window, with at least one byte; empty at the end of the file.
    private func rest() throws(StoreError) -> UnsafeBufferPointer<UInt8> {
        if !held.contains(offset) {
            guard offset < size else { return UnsafeBufferPointer(start: nil, count: 0) }
            try hold(from: offset, atLeast: 1)
        }
        return try bytes(offset..<held.upperBound)
    }

    func peek() throws(StoreError) -> UInt8? {
        if held.contains(offset) { return buffer[offset - held.lowerBound] }
        return try rest().first
    }

    // MARK: Searching

    /// Goes to the next place of a byte; false, at the end, if there is none.
    @discardableResult
    func find(_ byte: UInt8) throws(StoreError) -> Bool {
        while true {
            let rest = try rest()
            guard let start = rest.baseAddress, !rest.isEmpty else { return false }
            if let found = memchr(start, Int32(byte), rest.count) {
                offset += UnsafeRawPointer(found) - UnsafeRawPointer(start)
                return true
            }
            offset += rest.count
        }
    }

    func skipSpace() throws(StoreError) {
        while let byte = try peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    /// Consumes `byte` if it comes next, after white space.
    func take(_ byte: Unicode.Scalar) throws(StoreError) -> Bool {
        try skipSpace()
        guard try peek() == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    func expect(_ byte: Unicode.Scalar) throws(StoreError) {
        guard try !take(byte) else { return }
        guard offset < size else { throw cut }
        throw .lightRAG(broken: file.path, "expected '\(byte)' at byte \(offset)")
    }

    // MARK: JSON

    /// Passes over a string; the range is what stands between its quotes.
    func passString() throws(StoreError) -> Range<Int> {
        try expect("\"")
        let start = offset
        while true {
            let rest = try rest()
            guard let text = rest.baseAddress, !rest.isEmpty else { throw cut }
            let quote = memchr(text, 0x22, rest.count).map { UnsafeRawPointer($0) - UnsafeRawPointer(text) }
            let plain = quote ?? rest.count
            if let slash = memchr(text, 0x5C, plain) {
                offset += UnsafeRawPointer(slash) - UnsafeRawPointer(text) + 2
            } else if quote != nil {
                offset += plain + 1
                return start..<offset - 1
            } else {
                offset += plain
            }
        }
    }

    /// Passes over a string of so many bytes, of which none is looked at; nil if none can end there.
    func passString(of count: Int) throws(StoreError) -> Range<Int>? {
        let start = offset + 1
        let quote = UInt8(ascii: "\"")
        guard try peek() == quote, count < size - start,
            try bytes(start + count..<start + count + 1).first == quote
        else { return nil }
        offset = start + count + 1
        return start..<start + count
    }

    /// Passes over a value, of which only the brackets and strings are looked at.
    func passValue() throws(StoreError) -> Range<Int> {
        try skipSpace()
        let start = offset
        var depth = 0
        repeat {
            guard let byte = try peek() else { throw cut }
            switch byte {
            case UInt8(ascii: "\""): _ = try passString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw .lightRAG(broken: file.path, "expected a value at byte \(offset)") }
                depth -= 1
                offset += 1
            default:
                if depth == 0 { return try passWord(from: start) }
                offset += 1
            }
        } while depth > 0
        return start..<offset
    }

    private func passWord(from start: Int) throws(StoreError) -> Range<Int> {
        let ends: [UInt8] = [0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")]
        while let byte = try peek(), !ends.contains(byte) { offset += 1 }
        guard offset > start else { throw .lightRAG(broken: file.path, "expected a value at byte \(offset)") }
        return start..<offset
    }

    /// Calls `member` before the value of each member of the object that comes next; it must pass over it.
    func eachMember(_ member: (Range<Int>) throws(StoreError) -> Void) throws(StoreError) {
        try expect("{")
        guard try !take("}") else { return }
        repeat {
            try skipSpace()
            let name = try passString()
            try expect(":")
            try skipSpace()
            try member(name)
        } while try take(",")
        try expect("}")
    }

    /// Calls `element` before each element of the array that comes next; it must pass over it.
    func eachElement(_ element: () throws(StoreError) -> Void) throws(StoreError) {
        try expect("[")
        guard try !take("]") else { return }
        repeat {
            try skipSpace()
            try element()
        } while try take(",")
        try expect("]")
    }

    func finish() throws(StoreError) {
        try skipSpace()
        guard offset == size else {
            throw .lightRAG(broken: file.path, "holds text behind its end, at byte \(offset)")
        }
    }

    var cut: StoreError {
        .lightRAG(
            broken: file.path, "ends at byte \(size) in the middle of a value: the file was cut short",
            help: "if LightRAG is writing it, wait until it has finished; else restore it from a backup")
    }
}
