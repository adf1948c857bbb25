/// A search through the statements of before: any part of them, in any case, the newest first.
struct SearchBackwards {
    private(set) var query = ""
    private let texts: [String]
    private let folded: [[UInt8]]
    /// Places in `texts` that hold the query.
    private var matches: [Int]
    private var chosen = 0

    init(_ texts: [String]) {
        self.texts = texts
        folded = texts.map { Array($0.lowercased().utf8) }
        matches = Array(texts.indices)
    }

    var match: String? { matches.indices.contains(chosen) ? texts[matches[chosen]] : nil }

    mutating func extend(_ scalar: Unicode.Scalar) {
        query.unicodeScalars.append(scalar)
        narrow(matches)
    }

    mutating func shorten() {
        _ = query.unicodeScalars.popLast()
        narrow(Array(texts.indices))
    }

    private mutating func narrow(_ candidates: [Int]) {
        let current = matches.indices.contains(chosen) ? matches[chosen] : 0
        let wanted = Array(query.lowercased().utf8)
        matches = candidates.filter { folded[$0].holds(wanted) }
        chosen = matches.firstIndex { $0 >= current } ?? 0
    }

    /// Goes to an older or newer match; false where there is none.
    mutating func move(by step: Int) -> Bool {
        guard matches.indices.contains(chosen + step) else { return false }
        chosen += step
        return true
    }

    var content: PromptContent {
        let text = Array((query.isEmpty ? "" : match ?? "").unicodeScalars)
        let count = query.isEmpty || matches.isEmpty ? "" : " \(chosen + 1)/\(matches.count)"
        let label = "search '\(query)'\(matches.isEmpty ? ", not found" : count)> "
        return PromptContent(text, cursor: place(in: text)) { $0 == 0 ? label : "  " }
    }

    /// Where the query begins in a match.
    private func place(in text: [Unicode.Scalar]) -> Int {
        let wanted = Array(query.lowercased().utf8)
        return text.indices.first { start in
            text[start...].lazy.flatMap(\.properties.lowercaseMapping.utf8).starts(with: wanted)
        } ?? text.count
    }
}

extension LineEditor {
    func searchBackwards(from buffer: EditBuffer) -> Effect {
        reading.search = SearchBackwards(reading.recall.newestFirst)
        defer { reading.search = nil }
        while let key = nextKey() {
            if let isTaken = endSearch(at: key, buffer) { return isTaken ? .changed : .refused }
        }
        return .refused
    }

    /// Nil while the search goes on, else whether it has changed the line.
    private func endSearch(at key: Unicode.Scalar, _ buffer: EditBuffer) -> Bool? {
        switch key {
        case "\u{12}": if reading.search?.move(by: 1) != true { screen.beep() }
        case "\u{13}": if reading.search?.move(by: -1) != true { screen.beep() }
        case "\u{7F}", "\u{8}": reading.search?.shorten()
        case "\u{7}": return false
        case "\u{1B}" where !input.isFollowed(): return take(into: buffer)
        case _ where key.value < 0x20:
            // Any other key ends the search and then does what it does.
            input.pushBack(key)
            return take(into: buffer)
        default: reading.search?.extend(key)
        }
        return nil
    }

    private func take(into buffer: EditBuffer) -> Bool {
        guard let search = reading.search, !search.query.isEmpty, let match = search.match else { return false }
        buffer.replace(0..<buffer.text.count, with: match.unicodeScalars)
        return true
    }
}

extension [UInt8] {
    fileprivate func holds(_ wanted: [UInt8]) -> Bool {
        guard let first = wanted.first else { return true }
        guard count >= wanted.count else { return false }
        return withUnsafeBufferPointer { bytes in
            (0...(bytes.count - wanted.count)).contains { bytes[$0] == first && bytes[$0...].starts(with: wanted) }
        }
    }
}
