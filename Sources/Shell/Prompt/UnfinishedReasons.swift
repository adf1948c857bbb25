/// Why the text above each line is unfinished, asked once as long as that text stays the same.
struct UnfinishedReasons {
    private var text: [Unicode.Scalar] = []
    private var known: [Int: String] = [:]

    /// Forgets what a change of the text has made doubtful.
    mutating func keep(_ new: [Unicode.Scalar]) {
        guard new != text else { return }
        let common = zip(text, new).prefix { $0 == $1 }.count
        known = known.filter { $0.key <= common }
        text = new
    }

    mutating func reason(
        before start: Int, in text: [Unicode.Scalar], _ unfinished: (String) -> String?
    ) -> String {
        if let reason = known[start] { return reason }
        let reason = unfinished(String(text[..<(start - 1)])) ?? ""
        known[start] = reason
        return reason
    }
}

extension String {
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    var withoutNewline: String { utf8.last == UInt8(ascii: "\n") ? String(unicodeScalars.dropLast()) : self }
}

extension Sequence<Unicode.Scalar> {
    /// How many bytes these take in UTF-8.
    var utf8Count: Int { reduce(0) { $0 + UTF8.width($1) } }
}

extension [Unicode.Scalar] {
    /// The place of the character that holds or follows a byte of the UTF-8.
    func index(utf8 offset: Int) -> Int {
        var bytes = 0
        return firstIndex { scalar in
            defer { bytes += UTF8.width(scalar) }
            return bytes >= offset
        } ?? count
    }
}
