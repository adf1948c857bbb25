import Files
import Model

/// Which label each id has, as Chroma pickles it beside its index. Nothing is ever run: it takes the instructions and the
/// shapes that Chroma's own files have, and refuses all others.
struct ChromaDirectoryPickle {
    private(set) var labels = KeyNumbers()
    /// Up to where the queue had been applied, in files that say it.
    private(set) var sequence: Int64?

    fileprivate enum Value {
        case mark, none, object
        case integer(Int64)
        /// Only whether texts are equal is ever asked.
        case text(KeyNumbers.Hash)
        case dictionary
    }

    private static let (labelsOfIDs, sequenceName) = (hash("id_to_label"), hash("max_seq_id"))
    private static let (module, type) = (
        hash("chromadb.segment.impl.vector.local_persistent_hnsw"), hash("PersistentData")
    )
    /// Whatever else there is, of which nothing is needed.
    private static let known = Set(
        ["dimensionality", "total_elements_added", "label_to_id", "id_to_seq_id"].map(hash) + [
            labelsOfIDs, sequenceName,
        ])

    private static func hash(_ text: String) -> KeyNumbers.Hash { KeyNumbers.Hash(Array(text.utf8)) }

    private var reader: ChromaDirectoryBytes
    private var stack: [Value] = []
    private var memo: [Value] = []

    init(_ file: DiskFile) throws(StoreError) { try self.init(ChromaDirectoryBytes(file)) }

    init(_ bytes: ChromaDirectoryBytes) throws(StoreError) {
        reader = bytes
        while try step() {}
        guard stack.count == 1, stack[0].isWhole else { throw StoreError(.malformed, "holds no table of ids") }
    }

    /// Carries out one instruction; false at the last.
    private mutating func step() throws(StoreError) -> Bool {
        let code = try reader.byte()
        switch code {
        case UInt8(ascii: "."): return false
        case 0x80: _ = try reader.byte()
        case 0x95: _ = try reader.number(8)
        case UInt8(ascii: "("): stack.append(.mark)
        case UInt8(ascii: "N"): stack.append(.none)
        case UInt8(ascii: "K"): stack.append(.integer(Int64(try reader.number(1))))
        case UInt8(ascii: "M"): stack.append(.integer(Int64(try reader.number(2))))
        case UInt8(ascii: "J"): stack.append(.integer(Int64(Int32(truncatingIfNeeded: try reader.number(4)))))
        case 0x8A: stack.append(.integer(try long()))
        case 0x8C: try text(try reader.number(1))
        case UInt8(ascii: "X"): try text(try reader.number(4))
        case UInt8(ascii: ")"): stack.append(.object)
        case UInt8(ascii: "}"): stack.append(.dictionary)
        case 0x93: try name()
        case 0x81, UInt8(ascii: "b"): try build()
        case UInt8(ascii: "s"), UInt8(ascii: "u"): try fill(isOne: code == UInt8(ascii: "s"))
        default: try remember(code)
        }
        return true
    }

    private mutating func remember(_ code: UInt8) throws(StoreError) {
        switch code {
        case 0x94: memo.append(try top())
        case UInt8(ascii: "q"): try remember(at: try reader.number(1))
        case UInt8(ascii: "r"): try remember(at: try reader.number(4))
        case UInt8(ascii: "h"): try recall(try reader.number(1))
        case UInt8(ascii: "j"): try recall(try reader.number(4))
        default:
            throw StoreError(
                .malformed,
                "does something that Chroma's never do (instruction 0x\(String(code, radix: 16))); it was not run")
        }
    }

    private mutating func remember(at place: UInt64) throws(StoreError) {
        guard place == memo.count else { throw StoreError(.malformed, "numbers what it remembers out of order") }
        memo.append(try top())
    }

    private mutating func recall(_ place: UInt64) throws(StoreError) {
        guard place < memo.count else { throw StoreError(.malformed, "recalls what it has not remembered") }
        stack.append(memo[Int(place)])
    }

    private func top() throws(StoreError) -> Value {
        guard let value = stack.last else { throw StoreError(.malformed, "takes what it has not made") }
        return value
    }

    private mutating func text(_ count: UInt64) throws(StoreError) { stack.append(.text(try reader.hash(count))) }

    private mutating func long() throws(StoreError) -> Int64 {
        let count = try reader.number(1)
        guard count <= 8 else { throw StoreError(.malformed, "holds a number of \(count) bytes") }
        guard count > 0 else { return 0 }
        let unused = 64 - 8 * count
        return Int64(bitPattern: try reader.number(Int(count)) << unused) >> Int64(unused)
    }

    /// The one type that Chroma pickles.
    private mutating func name() throws(StoreError) {
        guard case .text(let type)? = stack.popLast(), case .text(let module)? = stack.popLast(), type == Self.type,
            module == Self.module
        else { throw StoreError(.malformed, "names a type that is not Chroma's; it was not made") }
        stack.append(.object)
    }

    /// An object of a type and its arguments, or with its members: of either only that it is one matters.
    private mutating func build() throws(StoreError) {
        guard stack.count >= 2, case .object = stack[stack.count - 2] else {
            throw StoreError(.malformed, "makes an object of what is no type")
        }
        stack.removeLast()
    }

    private mutating func fill(isOne: Bool) throws(StoreError) {
        var start = stack.count - 2
        if !isOne {
            guard let mark = stack.lastIndex(where: \.isMark) else {
                throw StoreError(.malformed, "ends what it has not begun")
            }
            start = mark + 1
        }
        let place = isOne ? start - 1 : start - 2
        guard place >= 0, case .dictionary = stack[place], (stack.count - start).isMultiple(of: 2) else {
            throw StoreError(.malformed, "fills what is no table")
        }
        // The name of a table was put there just before it.
        let owner = place > 0 ? stack[place - 1] : .none
        for at in stride(from: start, to: stack.count, by: 2) { try take(stack[at], stack[at + 1], into: owner) }
        stack.removeSubrange((place + 1)...)
    }

    private mutating func take(_ name: Value, _ value: Value, into owner: Value) throws(StoreError) {
        guard case .text(let table) = owner else { return try take(member: name, value) }
        guard table == Self.labelsOfIDs else {
            guard Self.known.contains(table) else {
                throw StoreError(.malformed, "holds a table that Chroma's have not")
            }
            return
        }
        guard case .text(let id) = name, case .integer(let label) = value, label >= 0 else {
            throw StoreError(.malformed, "gives an id a label that is no number")
        }
        labels.set(id, Int(label))
    }

    private mutating func take(member name: Value, _ value: Value) throws(StoreError) {
        guard case .text(let name) = name, Self.known.contains(name) else {
            throw StoreError(.malformed, "holds a member that Chroma's have not")
        }
        guard name == Self.sequenceName, case .integer(let number) = value else { return }
        sequence = number
    }
}

extension ChromaDirectoryPickle.Value {
    fileprivate var isMark: Bool { if case .mark = self { true } else { false } }

    fileprivate var isWhole: Bool {
        switch self {
        case .object, .dictionary: true
        case .mark, .none, .integer, .text: false
        }
    }
}

/// The bytes of a file one after the other, of which little is in memory at a time.
struct ChromaDirectoryBytes {
    /// Nil where all of it is in the window.
    private let file: DiskFile?
    private let size: Int
    private var window: [UInt8] = []
    /// The place in the file of the window's first byte, and the next in the window.
    private var start = 0
    private var next = 0

    init(_ file: DiskFile) throws(StoreError) {
        self.file = file
        size = try file.size()
    }

    init(_ bytes: [UInt8]) { (file, size, window) = (nil, bytes.count, bytes) }

    mutating func byte() throws(StoreError) -> UInt8 {
        if next == window.count { try load(1) }
        defer { next += 1 }
        return window[next]
    }

    /// A number of so many bytes, the lowest first.
    mutating func number(_ count: Int) throws(StoreError) -> UInt64 {
        try load(count)
        var value: UInt64 = 0
        for at in (next..<next + count).reversed() { value = value << 8 | UInt64(window[at]) }
        next += count
        return value
    }

    mutating func hash(_ count: UInt64) throws(StoreError) -> KeyNumbers.Hash {
        guard count <= size else { throw StoreError(.malformed, "ends too early") }
        try load(Int(count))
        defer { next += Int(count) }
        return window.withUnsafeBytes {
            KeyNumbers.Hash(UnsafeRawBufferPointer(rebasing: $0[next..<next + Int(count)]))
        }
    }

    private mutating func load(_ count: Int) throws(StoreError) {
        guard window.count - next < count else { return }
        start += next
        next = 0
        guard let file, size - start >= count else { throw StoreError(.malformed, "ends too early") }
        window = try file.read(max(count, min(1 << 20, size - start)), at: start)
        guard window.count >= count else { throw StoreError(.malformed, "ends too early") }
    }
}
