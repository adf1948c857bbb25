import Testing

@testable import Language

@Suite struct WidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("ｆｕｌｌ", 8), ("한국", 4), ("ﾊﾝｶｸ", 4),
        ("\u{1112}\u{1161}\u{11AB}", 2), ("क्ष", 2), ("👩‍🚀", 2), ("👩‍⚕", 2), ("👨‍👩‍👧‍👦", 2), ("👍🏽", 2), ("🇩🇪", 2),
        ("🇩🇪🇫🇷", 4), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2), ("❤", 1), ("❤️", 2), ("❤️‍🔥", 2), ("1️⃣", 2), ("©", 1), ("©️", 2), ("⌚", 2),
        ("\u{1FAE8}", 2), ("\u{1FAE9}", 2), ("\u{1FADF}", 2), ("\u{1F6DC}", 2), ("a\u{200B}b", 2), ("\u{AD}", 1),
        ("a\nb", 4), ("\r\n", 4), ("\t", 2), ("\u{1b}[1m", 9), ("\u{202E}", 6), ("\u{85}", 6), ("…×∅│", 4),
        ("\u{20000}", 2), ("〿", 1),
    ])
    func widthIsWhatATerminalGives(_ text: String, _ width: Int) {
        #expect(displayWidth(text) == width)
        #expect(displayWidth(text.dropFirst(0)) == width)
    }

    @Test func controlCharactersAreShownAsEscapes() {
        #expect(shown("plain Größe 文") == "plain Größe 文")
        #expect(shown("a\r\nb\tc\u{0}\u{1b}[31m\u{7F}\u{202E}") == #"a\r\nb\tc\u0000\u001b[31m\u007f\u202e"#)
    }

    @Test(arguments: [
        ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""), ("", 0, ""),
        ("日本語", 6, "日本語"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("日本語", 2, "…"),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"), ("👩‍🚀👩‍🚀", 3, "👩‍🚀…"), ("👩‍🚀👩‍🚀", 2, "…"), ("abc", -1, ""),
    ])
    func shorteningKeepsWholeGraphemes(_ text: String, _ width: Int, _ expected: String) {
        let short = shortened(text, to: width)
        #expect(Array(short.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test func shorteningNeverExceedsTheWidth() {
        var random = SystemRandomNumberGenerator()
        let pieces = ["a", "文", "👩‍🚀", "e\u{301}", "🇩🇪", "\n", "\u{1b}", "ｗ", "1️⃣", " ", "\u{200D}", "\u{FE0F}"]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0...12)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            for width in 0...12 {
                for mark in ["…", "..."] {
                    let short = shortened(text, to: width, mark: mark)
                    #expect(displayWidth(short) <= width, "\(text.debugDescription) to \(width)")
                    #expect((displayWidth(text) <= width) == (short == text) || width == 0 || text.isEmpty)
                }
            }
        }
    }
}
