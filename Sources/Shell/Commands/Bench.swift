import JSON
import Language
import Model

extension Command {
    static let bench = Command(
        Signature(
            "bench", .prove, "Measure how fast a collection is searched, or two with the same queries", [first.form],
            clauses: [
                Clause("against", [second.form], second.slot.summary),
                Clause("with", [options.form], "How to measure"),
            ],
            details: "The queries are vectors of the first collection's own records.",
            examples: [
                Example("bench db:notes with queries=20", "Twenty queries."),
                Example("bench old:notes against db:notes with queries=20, limit=5", "Both, with the same queries."),
            ])
    ) { call, session in
        let options = try call.optional(options) ?? Options()
        let count = try options.number("queries") ?? 100
        var places = [try await session.place(call[first])]
        if let other = try call.optional(second) { places.append(try await session.place(other)) }
        let queries = try await session.queries(places[0], count)
        var rows: [JSONValue] = []
        for place in places {
            let measured = try await session.measure(
                place, queries, limit: options.number("limit") ?? 10, parallel: options.number("parallel") ?? 1)
            rows.append(measured.row(place.description))
        }
        let columns = ["side", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "queries_per_s"]
        try await session.answer(call) { try await $0.print(rows: rows, columns: columns) }
    }
}

private let first = Parameter<Located<Reference>>.collection("collection", "The collection to search")
private let second = Parameter<Located<Reference>>.collection("other", "Another one, searched with the same queries")
private let options = Parameter<Options>.options(
    "with",
    [
        Slot.Choice("queries", "how many; 100"), Slot.Choice("limit", "records to find; 10"),
        Slot.Choice("parallel", "queries side by side; 1"),
    ], "How to measure")

private struct Queries: Sendable {
    var field: String
    /// One query each.
    var columns: [Column]
}

private struct Measured {
    /// Of each query, ascending.
    var milliseconds: [Double]
    var seconds: Double

    func row(_ side: String) -> JSONValue {
        let mean = milliseconds.reduce(0, +) / Double(max(1, milliseconds.count))
        return [
            "side": .string(side), "mean_ms": .double(mean.rounded(to: 3)), "p50_ms": part(0.5), "p95_ms": part(0.95),
            "p99_ms": part(0.99),
            "queries_per_s": .double((Double(milliseconds.count) / max(1e-6, seconds)).rounded(to: 1)),
        ]
    }

    private func part(_ share: Double) -> JSONValue {
        guard !milliseconds.isEmpty else { return .null }
        let place = Int((share * Double(milliseconds.count)).rounded(.up)) - 1
        return .double(milliseconds[max(0, min(place, milliseconds.count - 1))].rounded(to: 3))
    }
}

extension Session {
    fileprivate func queries(_ place: Place, _ count: Int) async throws -> Queries {
        try await place.reading { reading in
            guard let field = reading.description.collection.vectors.first(where: { $0.layout == .dense }) else {
                throw Failure("E0412", "\(place.name) has no dense vector", at: place.span)
            }
            var columns: [Column] = []
            let wanted = Projection(vectors: [field.name], fields: [], rest: false)
            for try await page in FilteredPages(reading, nil, wanted: wanted, budget: Budget(records: count)) {
                let column = page.batch.vectors[0]
                for row in 0..<page.batch.count where column.mark(row) == .value && columns.count < count {
                    columns.append(column.rows([row], of: page.batch.count))
                }
                if columns.count == count { break }
            }
            guard !columns.isEmpty else {
                throw Failure("E0413", "\(place.name) holds no vector to search with", at: place.span)
            }
            return Queries(field: field.name, columns: columns)
        }
    }

    fileprivate func measure(_ place: Place, _ queries: Queries, limit: Int, parallel: Int) async throws -> Measured {
        guard let search = place.store.search else {
            throw Failure("E0510", "this store cannot search", at: place.span)
        }
        let name = place.name
        let ask: @Sendable (Column) async throws -> Double = { column in
            let start = ContinuousClock.now
            _ = try await search.nearest(
                column, count: 1, field: queries.field, in: name, metric: nil, where: nil, limit: limit)
            return (ContinuousClock.now - start).inSeconds * 1000
        }
        return try await blaming(place.span) {
            _ = try await ask(queries.columns[0])
            let start = ContinuousClock.now
            let times = try await withThrowingTaskGroup(of: Double.self) { group in
                var times: [Double] = []
                for (number, column) in queries.columns.enumerated() {
                    if number >= parallel, let time = try await group.next() { times.append(time) }
                    group.addTask { try await ask(column) }
                }
                for try await time in group { times.append(time) }
                return times
            }
            return Measured(milliseconds: times.sorted(), seconds: (ContinuousClock.now - start).inSeconds)
        }
    }
}
