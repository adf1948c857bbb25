import CBase64

/// Base64 as RFC 4648 has it, padded: groups of four letters.
enum Base64 {
    private static let padding = UInt8(ascii: "=")
    /// Stands for zeros.
    private static let zero = UInt8(ascii: "A")

    // MARK: Decoding

    /// How many bytes a text stands for; nil if its length or padding is not right. `end` are its last characters.
    static func byteCount(_ length: Int, ending end: some BidirectionalCollection<UInt8>) -> Int? {
        let pads = padCount(end)
        return length % 4 == 0 && pads <= 2 ? length / 4 * 3 - pads : nil
    }

    private static func padCount(_ end: some BidirectionalCollection<UInt8>) -> Int {
        end.reversed().prefix { $0 == padding }.count
    }

    /// The bytes of whole groups, of which only the last may be padded; nil if one holds what is no letter.
    static func decoded(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var isRight = true
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { target, filled in
            let count = decode(text, to: UnsafeMutableRawBufferPointer(target))
            isRight = count != nil
            filled = count ?? 0
        }
        return isRight ? bytes : nil
    }

    /// The same into memory that is there already; answers how many bytes there are.
    static func decode(_ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let count = byteCount(text.count, ending: text.suffix(3)), count <= target.count else { return nil }
        let whole = count / 3
        guard whole == 0 || base64_decode(text.baseAddress, whole, target.baseAddress) != 0 else { return nil }
        let odd = count - whole * 3
        guard odd > 0 else { return count }
        let last = Array(text.suffix(4).dropLast(3 - odd) + Array(repeating: zero, count: 3 - odd))
        var tail: [UInt8] = [0, 0, 0]
        guard base64_decode(last, 1, &tail) != 0 else { return nil }
        for place in 0..<odd { target[whole * 3 + place] = tail[place] }
        return count
    }

    // MARK: Encoding

    /// Appends the text of these bytes to `text`; only the last call may come with a number that three does not divide.
    static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        let (groups, start) = (bytes.count / 3, text.count)
        text.append(contentsOf: repeatElement(padding, count: (bytes.count + 2) / 3 * 4))
        text.withUnsafeMutableBytes { target in
            guard groups > 0, let base = target.baseAddress else { return }
            base64_encode(bytes.baseAddress, groups, base + start)
        }
        let odd = Array(bytes.dropFirst(3 * groups))
        guard !odd.isEmpty else { return }
        var tail: [UInt8] = [0, 0, 0, 0]
        base64_encode(odd + [0, 0], 1, &tail)
        let at = start + 4 * groups
        text.replaceSubrange(at..<at + odd.count + 1, with: tail.prefix(odd.count + 1))
    }
}
