/// Text that may hold colours, which take no room: `ESC [ … m`.
struct ColouredText {
    enum Part {
        case character(Character)
        case colour(Substring)
    }

    private let text: String

    init(_ text: String) { self.text = text }

    var parts: [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "\u{1B}", let end = rest.firstIndex(of: "m") {
                parts.append(.colour(rest[...end]))
                rest = rest[rest.index(after: end)...]
            } else {
                parts.append(.character(first))
                rest = rest.dropFirst()
            }
        }
        return parts
    }

    var plain: String {
        String(parts.compactMap { if case .character(let character) = $0 { character } else { nil } })
    }
}
