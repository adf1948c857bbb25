import JSON
import Language
import Model
import Transfer

/// Why collections cannot simply become one.
struct AnalysisConflict {
    var kind: String
    var collections: [String]
    var detail: String
    /// What can be done, the best first.
    var strategies: [String]

    var json: JSONValue {
        [
            "kind": .string(kind), "collections": .array(collections.map(JSONValue.string)), "detail": .string(detail),
            "strategies": .array(strategies.map(JSONValue.string)),
        ]
    }
}

/// Finds conflicts among collections of one type, which would go into one target.
struct ConflictSearch {
    let collections: [AnalysedCollection]
    /// The most keys of each collection that are compared; nil is all.
    let sample: Int?
    let comparesKeys: Bool

    func find() async throws -> [AnalysisConflict] {
        var found = unexplained + doubles
        let groups = Dictionary(grouping: collections.filter { $0.reading != nil }) { $0.reading?.type ?? "" }
        for (_, members) in groups.sorted(by: { $0.key < $1.key }) where members.count > 1 {
            found += differing(members, "vectors", { $0.shape.vectors.map(\.settings).sorted() })
            found += differing(members, "keys' types", { ["key \($0.shape.key.type)"] })
            found += fields(members)
            if comparesKeys { found += try await collisions(members) }
        }
        return found
    }

    private var unexplained: [AnalysisConflict] {
        let names = collections.filter { $0.reading == nil }.map(\.place.name)
        guard !names.isEmpty else { return [] }
        return [
            AnalysisConflict(
                kind: "names", collections: names,
                detail: "no project can be told from \(names.joined(separator: ", "))",
                strategies: ["say how they are named: match '<project>-<type>'", "leave them out with `only`"])
        ]
    }

    /// Names that say the same.
    private var doubles: [AnalysisConflict] {
        Dictionary(grouping: collections.filter { $0.reading != nil }) { [$0.reading?.project, $0.reading?.type] }
            .filter { $0.value.count > 1 }.map { _, members in
                let names = members.map(\.place.name)
                return AnalysisConflict(
                    kind: "names", collections: names,
                    detail: "\(names.joined(separator: " and ")) are of one project and one type",
                    strategies: ["set a field from the whole name, too", "leave one out with `only`"])
            }.sorted { $0.detail < $1.detail }
    }

    /// Those that are unlike what most are, by the number of points.
    private func differing(
        _ members: [AnalysedCollection], _ kind: String, _ settings: (AnalysedCollection) -> [String]
    ) -> [AnalysisConflict] {
        let groups = Dictionary(grouping: members, by: settings).sorted {
            let (a, b) = ($0.value.reduce(0) { $0 + $1.points }, $1.value.reduce(0) { $0 + $1.points })
            return (b, $0.value[0].place.name) < (a, $1.value[0].place.name)
        }
        guard let usual = groups.first else { return [] }
        return groups.dropFirst().map { settings, others in
            let names = others.map(\.place.name)
            return AnalysisConflict(
                kind: kind, collections: names,
                detail:
                    "\(names.joined(separator: ", ")): \(settings.joined(separator: ", ")); the others of the type: "
                    + usual.key.joined(separator: ", "),
                strategies: kind == "vectors"
                    ? ["merge them into a target of their own", "leave them out with `only`"]
                    : ["make new keys: with ids=uuid5, keep_id_as=FIELD", "leave them out with `only`"])
        }
    }

    private func fields(_ members: [AnalysedCollection]) -> [AnalysisConflict] {
        var types: [String: [String: [String]]] = [:]
        for member in members {
            for field in member.shape.fields {
                types[field.name, default: [:]]["\(field.type)", default: []].append(member.place.name)
            }
        }
        return types.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { field, kinds in
            let words = kinds.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value.joined(separator: ", "))" }
            return AnalysisConflict(
                kind: "fields", collections: kinds.values.flatMap(\.self).sorted(),
                detail: "field \(field) is \(words.joined(separator: "; "))",
                strategies: ["rename the field in some of them", "leave them out with `only`"])
        }
    }

    private func collisions(_ members: [AnalysedCollection]) async throws -> [AnalysisConflict] {
        let sources = members.map { KeyCollisions.Source($0.place.store, $0.place.name) }
        let total = members.reduce(0) { $0 + $1.points }
        let looked = sample.map { size in members.reduce(0) { $0 + min(size, $1.points) } } ?? total
        let scope = looked < total ? "of a sample of \(looked) keys of \(total)" : "of all \(total) keys"
        return try await KeyCollisions(of: sources, sample: sample).find().map { pair in
            let (a, b) = (members[pair.first].place.name, members[pair.second].place.name)
            return AnalysisConflict(
                kind: "keys", collections: [a, b],
                detail: "\(pair.count) \(scope) stand in \(a) and in \(b), such as \(pair.example)",
                strategies: [
                    "make new keys: with ids=uuid5, keep_id_as=FIELD", "with ids=hash or ids=auto",
                    "have some give way: with collisions=rekey, collisions=first or collisions=last",
                    "leave one of them out with `only`",
                ])
        }
    }
}

extension VectorField {
    fileprivate var settings: String { brief + (metric.map { " \($0.rawValue)" } ?? "") }
}
