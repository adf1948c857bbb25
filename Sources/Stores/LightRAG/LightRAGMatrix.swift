import CZlib
import Files
import Model

/// The vectors of a file, one behind the other in base64: any of them is found by counting.
struct LightRAGMatrix: Sendable {
    /// The characters, in the file.
    let text: Range<Int>
    let stride: Int

    /// How many groups of four characters are read at once: few enough to stay near the processor until they are decoded.
    private static let piece = 1 << 16

    /// The vectors of some rows.
    func bytes(_ rows: Range<Int>, in file: DiskFile) throws(StoreError) -> [UInt8] {
        let wanted = rows.lowerBound * stride..<rows.upperBound * stride
        // Four characters stand for three bytes: the first and the last vector may begin or end inside of a group.
        let groups = wanted.lowerBound / 3..<(wanted.upperBound + 2) / 3
        let lead = wanted.lowerBound - groups.lowerBound * 3
        var failure: StoreError?
        var bytes = [UInt8](unsafeUninitializedCapacity: groups.count * 3) { target, filled in
            do throws(StoreError) {
                filled = try decode(groups, in: file, to: UnsafeMutableRawBufferPointer(target))
            } catch { failure = error }
        }
        if let failure { throw failure }
        guard bytes.count >= lead + wanted.count else { throw broken(rows, file) }
        bytes.removeLast(bytes.count - lead - wanted.count)
        bytes.removeFirst(lead)
        return bytes
    }

    /// Answers how many bytes were right, which are fewer than three a group only at the end of the matrix.
    private func decode(
        _ groups: Range<Int>, in file: DiskFile, to target: UnsafeMutableRawBufferPointer
    ) throws(StoreError) -> Int {
        try withUnsafeTemporaryAllocation(byteCount: 4 * Self.piece, alignment: 16) { room throws(StoreError) in
            var (group, filled) = (groups.lowerBound, 0)
            while group < groups.upperBound {
                let count = min(Self.piece, groups.upperBound - group)
                let characters = UnsafeMutableRawBufferPointer(rebasing: room[..<(4 * count)])
                let letters = UnsafeBufferPointer(characters.bindMemory(to: UInt8.self))
                let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
                guard try file.read(into: characters, at: text.lowerBound + 4 * group) == 4 * count,
                    let found = Base64.decode(letters, to: rest)
                else { return 0 }
                group += count
                filled += found
                guard found == 3 * count || group == groups.upperBound else { return 0 }
            }
            return filled
        }
    }

    private func broken(_ rows: Range<Int>, _ file: DiskFile) -> StoreError {
        .lightRAG(
            broken: file.path,
            "its matrix is no base64 between rows \(rows.lowerBound + 1) and \(rows.upperBound)")
    }
}

/// A vector as it stands in its row: halves, packed by zlib, in base64.
enum LightRAGHalves {
    struct Failure: Error {
        var message: String
    }

    /// The bytes of the halves; `dimension` is nil where it is not known yet.
    static func unpacked(_ text: [UInt8], dimension: Int?) throws(Failure) -> [UInt8] {
        guard let packed = text.withUnsafeBufferPointer({ Base64.decoded($0) }) else {
            throw Failure(message: "is no base64")
        }
        // Without a dimension there is no more than zlib can make of it.
        let room = dimension.map { $0 * 2 } ?? packed.count * 1_032
        var written = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: room + 1) { target, filled in
            written = zlib_inflate(packed, packed.count, target.baseAddress, room + 1)
            filled = max(0, written)
        }
        guard written >= 0 else {
            throw Failure(message: written == -2 ? noLibrary : "is nothing that zlib has packed")
        }
        guard bytes.count % 2 == 0, dimension == nil || bytes.count == room else {
            throw Failure(message: "has dimension \(bytes.count / 2), and should have \(dimension ?? 0)")
        }
        return bytes
    }

    static func packed(_ halves: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        let room = zlib_room(halves.count)
        var written = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { target, filled in
            written = zlib_deflate(halves.baseAddress, halves.count, target.baseAddress, room)
            filled = max(0, written)
        }
        guard written >= 0 else { throw Failure(message: noLibrary) }
        var text: [UInt8] = []
        bytes.withUnsafeBytes { Base64.append($0, to: &text) }
        return text
    }

    private static let noLibrary = "needs libz.so.1, which cannot be loaded: install zlib1g"

    /// The same numbers as float32.
    static func widened(_ halves: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(halves.count * 2)
        halves.withUnsafeBytes { buffer in
            for index in 0..<halves.count / 2 {
                bytes.append(littleEndian: Element.float16.float(buffer, at: index).bitPattern)
            }
        }
        return bytes
    }
}
