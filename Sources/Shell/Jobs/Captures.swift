import Language

/// A pattern of names: `*` and `?` stand for anything, `<name>` too and remembers what it stood for.
///
/// A `<name>` takes as much as it can, so that `<project>-<type>` finds the type behind the last hyphen of `my-app-docs`.
struct Captures {
    private enum Part {
        case text(String)
        case any(name: String?)
    }

    private let parts: [Part]

    init(_ pattern: String) {
        var parts: [Part] = []
        var text = ""
        var rest = pattern[...]
        while let next = rest.first {
            if next == "<", let end = rest.firstIndex(of: ">") {
                parts += [.text(text), .any(name: String(rest[rest.index(after: rest.startIndex)..<end]))]
                text = ""
                rest = rest[rest.index(after: end)...]
            } else if next == "*" {
                parts += [.text(text), .any(name: nil)]
                text = ""
                rest = rest.dropFirst()
            } else {
                text.append(next)
                rest = rest.dropFirst()
            }
        }
        self.parts = (parts + [.text(text)]).filter { if case .text("") = $0 { false } else { true } }
    }

    /// What each `<name>` stood for, and what the first `*` did under `*`; nil if the name does not fit.
    func match(_ name: String) -> [String: String]? { match(name[...], parts[...]) }

    /// A name with what was captured in the places of `<name>` and `*`.
    static func fill(_ pattern: String, _ captured: [String: String]) -> String {
        captured.reduce(pattern) { text, capture in
            text.replacing(capture.key == "*" ? "*" : "<\(capture.key)>", with: capture.value)
        }
    }

    private func match(_ name: Substring, _ parts: ArraySlice<Part>) -> [String: String]? {
        switch parts.first {
        case nil: return name.isEmpty ? [:] : nil
        case .text(let text):
            guard let end = Captures.end(of: text, in: name) else { return nil }
            return match(name[end...], parts.dropFirst())
        case .any(let capture):
            let ends = [name.startIndex] + name.indices.map { name.index(after: $0) }
            for end in capture == nil ? ends : ends.dropFirst().reversed() {
                guard var found = match(name[end...], parts.dropFirst()) else { continue }
                let key = capture ?? "*"
                if found[key] == nil || capture == nil { found[key] = String(name[..<end]) }
                return found
            }
            return nil
        }
    }

    /// Where a text without stars ends if the name begins with it; `?` is any character.
    private static func end(of text: String, in name: Substring) -> Substring.Index? {
        var place = name.startIndex
        for character in text {
            guard place < name.endIndex, character == "?" || name[place] == character else { return nil }
            place = name.index(after: place)
        }
        return place
    }
}
