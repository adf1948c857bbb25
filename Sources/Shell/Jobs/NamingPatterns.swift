/// How collections are named after projects and what they hold: `alpha-docs` or `docs_alpha`.
struct NamingPatterns {
    /// Where in a name the type stands.
    enum Kind: String { case suffix, prefix }

    struct Reading: Hashable {
        /// suffix, prefix, or the pattern that was given.
        var pattern: String
        var project: String
        var type: String
    }

    private let readings: [String: Reading]

    subscript(name: String) -> Reading? { readings[name] }

    /// A pattern that a person gives: `<project>` and `<type>`, or other captures in their order.
    init(_ names: [String], pattern: String) {
        let captures = Captures(pattern)
        let pairs = names.compactMap { name in
            captures.match(name).map { found -> (String, Reading) in
                let others = found.filter { $0.key != "*" && $0.key != "type" && $0.key != "project" }
                    .sorted { $0.key < $1.key }.map(\.value)
                let project = found["project"] ?? others.first ?? ""
                return (name, Reading(pattern: pattern, project: project, type: found["type"] ?? found["*"] ?? ""))
            }
        }
        readings = Dictionary(uniqueKeysWithValues: pairs)
    }

    /// The kind that explains the most names; only one kind, if one is wanted.
    init(_ names: [String], kind: Kind? = nil) {
        let candidates = (kind.map { [$0] } ?? [.suffix, .prefix]).map { Candidate($0, names) }
        // The first of two that are as good: suffixes are what most people use.
        var best = candidates[0]
        for candidate in candidates.dropFirst() where candidate.merit > best.merit { best = candidate }
        readings = best.readings
    }
}

/// Names read in one way.
private struct Candidate {
    let readings: [String: NamingPatterns.Reading]
    /// How much it explains: names, then words that are known for types, then how few types there are.
    let merit: Merit

    struct Merit: Comparable {
        var names: Int
        var words: Int
        var types: Int

        static func < (a: Merit, b: Merit) -> Bool { (a.names, a.words, -a.types) < (b.names, b.words, -b.types) }
    }

    private static let known: Set<String> = [
        "docs", "doc", "documents", "code", "notes", "memory", "chunks", "entities", "relations", "images", "texts",
        "web",
        "files", "pages", "data", "kb", "knowledge", "scratchbook", "refs", "standards", "logs", "mail", "chat",
    ]

    init(_ kind: NamingPatterns.Kind, _ names: [String]) {
        var split: [String: NamingPatterns.Reading] = [:]
        for name in names { split[name] = Candidate.split(name, kind) }
        // A type is what several projects have.
        var projects: [String: Set<String>] = [:]
        for reading in split.values { projects[reading.type, default: []].insert(reading.project) }
        let types = Set(projects.filter { $0.value.count > 1 }.keys)
        let sure = Set(split.values.filter { types.contains($0.type) }.map(\.project))
        readings = split.filter { types.contains($0.value.type) || sure.contains($0.value.project) }
        let found = Set(readings.values.map(\.type))
        merit = Merit(
            names: readings.count, words: found.count { Candidate.known.contains($0.lowercased()) }, types: found.count)
    }

    /// At the last separator, or the first; nil without one.
    private static func split(_ name: String, _ kind: NamingPatterns.Kind) -> NamingPatterns.Reading? {
        let isSeparator: (Character) -> Bool = { "-_.".contains($0) }
        let place = kind == .suffix ? name.lastIndex(where: isSeparator) : name.firstIndex(where: isSeparator)
        guard let place, place > name.startIndex, name.index(after: place) < name.endIndex else { return nil }
        let (before, behind) = (String(name[..<place]), String(name[name.index(after: place)...]))
        return kind == .suffix
            ? .init(pattern: kind.rawValue, project: before, type: behind)
            : .init(pattern: kind.rawValue, project: behind, type: before)
    }
}
