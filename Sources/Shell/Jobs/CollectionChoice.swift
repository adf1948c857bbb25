import Language
import Model

/// A collection that a pattern fits, and what `only` and `order` may ask of it.
struct ChosenCollection {
    var place: Place
    /// What each `<name>` stood for.
    var captured: [String: String]
    var points = 0
    var dimension: Int?
}

extension Session {
    /// The collections that a copy is about, in the order in which they are copied, with what the pattern captured.
    func chosen(
        _ call: Call, from source: Located<Reference>
    ) async throws -> [(place: Place, captured: [String: String])] {
        let pattern = Captures(source.value.name ?? "*")
        let looks = call.has("only") || call.has("order") || call.isMerge
        var found: [ChosenCollection] = []
        for place in try await places(source) {
            var fitting = ChosenCollection(place: place, captured: pattern.match(place.name) ?? [:])
            fitting.captured["*"] = nil
            if looks { try await fitting.look() }
            found.append(fitting)
        }
        if let condition = try call.optional(Copying.only) { found = try await fitting(condition, of: found) }
        try sort(&found, call)
        return found.map { ($0.place, $0.captured) }
    }

    /// Those for which a condition on collections holds.
    func fitting(_ condition: Expression, of found: [ChosenCollection]) async throws -> [ChosenCollection] {
        guard let names = found.first?.captured.keys.sorted() else { return [] }
        // A capture is a variable, too: it stands for the field of its name.
        let before = variables
        defer { variables = before }
        for name in names { variables[name] = .text(name) }
        guard let filter = try await filter(condition) else { return found }
        do throws(StoreError) {
            let bound = try BoundFilter(filter, ChosenCollection.shape(names))
            return found.filter { bound.holds(row: 0, of: $0.record(names)) }
        } catch { throw Failure(error, at: condition.span) }
    }

    private func sort(_ found: inout [ChosenCollection], _ call: Call) throws {
        // A merge begins with what is soonest done.
        guard let order = try call.optional(Copying.order) ?? call.orderOfMerge else { return }
        let known = ["size", "name"] + (found.first?.captured.keys.sorted() ?? [])
        switch order.value {
        case "size": found.sort { ($0.points, $0.place.name) < ($1.points, $1.place.name) }
        case "name": found.sort { $0.place.name < $1.place.name }
        case let name where known.contains(name):
            found.sort { ($0.captured[name] ?? "", $0.place.name) < ($1.captured[name] ?? "", $1.place.name) }
        case let name where !found.isEmpty:
            throw Failure(
                "E0317", "'\(name)' cannot stand here", at: order.span,
                help: ["known are \(known.joined(separator: ", "))"])
        default: break
        }
    }
}

extension Call {
    var isMerge: Bool { parsed.signature.name == "merge" }

    fileprivate var orderOfMerge: Located<String>? { isMerge ? Located("size", at: verb) : nil }
}

extension ChosenCollection {
    mutating func look() async throws {
        (points, dimension) = try await place.reading { reading in
            (try await reading.count(nil), reading.description.collection.vectors.first?.dimension)
        }
    }

    /// A condition on collections is one on records, of which each collection is one.
    fileprivate static func shape(_ captures: [String]) -> Model.Collection {
        Model.Collection(
            name: "a collection", key: KeyField(name: "name", type: .text(maxLength: nil)),
            fields: [Field(name: "points", type: .int64), Field(name: "dimension", type: .int64)]
                + captures.map { Field(name: $0, type: .text(maxLength: nil)) })
    }

    fileprivate func record(_ captures: [String]) -> Batch {
        var dimension = ColumnBuilder(.integers)
        if let size = self.dimension { dimension.append(Int64(size)) } else { dimension.append(missing: .null) }
        let texts = captures.map { name in
            var text = ColumnBuilder(.bytes)
            text.append(bytes: (captured[name] ?? "").utf8)
            return text.column()
        }
        return Batch(
            keys: [.text(Text(place.name))],
            fields: [Column(.integers([Int64(points)])), dimension.column()] + texts)
    }
}
