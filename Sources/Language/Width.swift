/// The columns that a terminal gives to a text, control characters being shown as ``shown(_:)`` shows them.
package func displayWidth(_ text: some StringProtocol) -> Int {
    if let width = text.utf8.withContiguousStorageIfAvailable(plainWidth), let width { return width }
    return text.reduce(0) { $0 + $1.displayWidth }
}

/// The text as it may stand on one line of a terminal: control characters become `\n`, `\t`, `\u001b`.
///
/// Data must not be able to move the cursor, set a title or turn the writing round.
package func shown(_ text: some StringProtocol) -> String {
    guard text.unicodeScalars.contains(where: \.isControl) else { return String(text) }
    return text.unicodeScalars.reduce(into: "") { shown, scalar in
        if scalar.isControl { shown += scalar.escaped } else { shown.unicodeScalars.append(scalar) }
    }
}

/// The text if it is no wider than `width`, else as many of its graphemes as fit with `mark` behind them.
package func shortened(_ text: some StringProtocol, to width: Int, mark: String = "…") -> String {
    let limit = max(0, width)
    guard displayWidth(text) > limit else { return String(text) }
    let markWidth = displayWidth(mark)
    guard markWidth <= limit else { return shortened(mark, to: limit, mark: "") }
    var end = text.startIndex
    var taken = 0
    while end < text.endIndex, taken + text[end].displayWidth <= limit - markWidth {
        taken += text[end].displayWidth
        end = text.index(after: end)
    }
    return text[..<end] + mark
}

/// The width of printable ASCII, which is its length; nil for any other text.
private func plainWidth(_ utf8: UnsafeBufferPointer<UInt8>) -> Int? {
    utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } ? utf8.count : nil
}

extension Character {
    /// Two for whatever is drawn as one emoji; else the sum of the scalars, which is what terminals without
    /// knowledge of graphemes draw.
    fileprivate var displayWidth: Int {
        let first = unicodeScalars[unicodeScalars.startIndex]
        let others = unicodeScalars.dropFirst()
        if first.properties.isEmoji, others.contains(where: { $0 == "\u{FE0F}" || $0.properties.isEmoji }) { return 2 }
        return others.reduce(first.displayWidth) { $0 + $1.displayWidth }
    }
}

extension Unicode.Scalar {
    fileprivate var displayWidth: Int {
        if value >= 0x20, value < 0x7F { return 1 }
        if isControl { return escaped.utf8.count }
        if isZeroWidth { return 0 }
        return isWide ? 2 : 1
    }

    /// Whether it does something to the line rather than stand on it: C0, C1, line separators, turns of direction.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    fileprivate var escaped: String {
        switch self {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private var isZeroWidth: Bool {
        switch value {
        case 0xAD: false
        // Vowels and finals of Hangul syllables that are spelled out: their initial has the width of the whole.
        case 0x1160...0x11FF, 0xD7B0...0xD7FF: true
        default:
            switch properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: true
            default: false
            }
        }
    }

    private var isWide: Bool {
        guard value >= 0x1100 else { return false }
        var candidates = wideRanges[...]
        while candidates.count > 1 {
            let middle = candidates.startIndex + candidates.count / 2
            candidates = candidates[middle].lowerBound > value ? candidates[..<middle] : candidates[middle...]
        }
        return candidates.first?.contains(value) ?? false
    }
}

/// East Asian Width W and F of Unicode 16; blocks that are still being filled with emoji or ideographs count as full.
private let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
    0x25FD...0x25FE, 0x2614...0x2615, 0x2630...0x2637, 0x2648...0x2653, 0x267F...0x267F, 0x268A...0x268F,
    0x2693...0x2693, 0x26A1...0x26A1, 0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE,
    0x26D4...0x26D4, 0x26EA...0x26EA, 0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD,
    0x2705...0x2705, 0x270A...0x270B, 0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755,
    0x2757...0x2757, 0x2795...0x2797, 0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50,
    0x2B55...0x2B55, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0xA4C6, 0xA960...0xA97C, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x1B2FF,
    0x1D300...0x1D376, 0x1F004...0x1F004, 0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A,
    0x1F200...0x1F320, 0x1F32D...0x1F335, 0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA,
    0x1F3CF...0x1F3D3, 0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E, 0x1F440...0x1F440,
    0x1F442...0x1F4FC, 0x1F4FF...0x1F53D, 0x1F54B...0x1F54E, 0x1F550...0x1F567, 0x1F57A...0x1F57A,
    0x1F595...0x1F596, 0x1F5A4...0x1F5A4, 0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC,
    0x1F6D0...0x1F6D2, 0x1F6D5...0x1F6DF, 0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7F0,
    0x1F90C...0x1F93A, 0x1F93C...0x1F945, 0x1F947...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
]
