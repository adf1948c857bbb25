import JSON
import Language
import Model

extension Command {
    static let search = Command(
        Signature(
            "search", .look, "Find the records nearest to a vector", [collection.form, .word("near"), query.form],
            clauses: [
                Clause("using", [field.form], field.slot.summary), Shared.whereClause, Shared.limitClause,
                Shared.fieldsClause, Clause("with", [options.form], "How to search"),
            ],
            details: """
                The vector is a list of numbers, or text that holds one as JSON; a sparse one is text like
                '{"indices":[1,7],"values":[0.5,2]}'. It finds ten records unless `limit` says otherwise.
                """,
            examples: [
                Example("search db:notes near [0.1, 0.2, 0.3] limit 3", "The three nearest."),
                Example(
                    "search db:notes near [0.1, 0.2, 0.3] using v where page < 10 with metric=ip", "By another metric."),
            ])
    ) { call, session in
        let place = try await session.place(call[collection])
        guard let search = place.store.search else {
            throw Failure("E0510", "this store cannot search", at: place.span)
        }
        let filter = try await session.filter(call.optional(Shared.filter))
        try await session.matching(place, filter, call) { reading in
            let shape = reading.description.collection
            let vector = try Queries.field(call.optional(field), shape, at: place.span)
            let column = try Queries.column(call[query], vector)
            let metric = try call.optional(options).flatMap { $0["metric"] }.map { try Queries.metric($0) }
            let limit = try call.optional(Shared.limit) ?? 10
            let hits = try await blaming(call.span(of: query)) {
                try await search.nearest(
                    column, count: 1, field: vector.name, in: place.name, metric: metric, where: filter, limit: limit)
            }
            try await session.show(hits.first ?? [], of: reading, call)
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to search")
private let query = Parameter<Located<Value>>("vector", .vector, "What the records should be near to") {
    given throws(Diagnostic) in try given.single()
}
private let field = Parameter<Located<String>>.named(
    "using", kind: .vectorField(of: "collection"), "The vector to compare with, where there are several")
private let options = Parameter<Options>.options(
    "with", [Slot.Choice("metric", "l2, ip, cosine, l1, hamming or jaccard, if not the collection's own")],
    "How to search")

extension Session {
    /// Prints the records that were found, nearest first.
    fileprivate func show(_ hits: [Hit], of reading: any Reading, _ call: Call) async throws {
        let wanted = try Wanted(call.optional(Shared.fields), reading.description.collection)
        let found = try await reading.fetch(hits.map(\.key), wanted.projection)
        var places: [Key: Int] = [:]
        for (row, key) in found.keys.enumerated() { places[key] = row }
        let kept = hits.filter { places[$0.key] != nil }
        let ordered = found.rows(kept.compactMap { places[$0.key] })
        try await answer(call) { output in
            var records = output.records(of: wanted.shape, hasScores: true)
            try await records.print(wanted.trimmed(ordered), scores: kept.map(\.score))
            try await records.finish()
        }
    }
}

/// Queries as people write them.
private enum Queries {
    static func field(_ name: Located<String>?, _ shape: Model.Collection, at span: Span) throws -> VectorField {
        if let name {
            do throws(StoreError) { return try shape.vector(named: name.value) } catch {
                throw Failure(error, at: name.span)
            }
        }
        guard shape.vectors.count == 1 else {
            let names = shape.vectors.map(\.name).joined(separator: ", ")
            throw Failure(
                "E0412", shape.vectors.isEmpty ? "\(shape.name) has no vectors" : "\(shape.name) has several vectors",
                at: span, help: shape.vectors.isEmpty ? [] : ["say which: using \(names)"])
        }
        return shape.vectors[0]
    }

    /// The query as a column of one row, read by the same rules as a record's vector.
    static func column(_ query: Located<Value>, _ field: VectorField) throws -> Column {
        var vector = field
        vector.isNullable = false
        let shape = Model.Collection(name: "query", key: KeyField(type: .int64), vectors: [vector])
        let name = JSONValue.string(field.name).text
        let text = query.value.elements == nil ? query.value.description : query.value.json.text
        var reader = RecordReader(shape)
        do throws(JSONError) {
            try Array("{\"key\":0,\"vectors\":{\(name):\(text)}}".utf8).withScanner { scanner throws(JSONError) in
                try reader.append(next: &scanner)
                try scanner.finish()
            }
        } catch {
            throw Failure(
                "E0413", "this is no query for \"\(field.name)\": \(error.message)", at: query.span,
                help: ["it takes \(field.layout == .sparse ? "indices and values" : "\(field.dimension ?? 0) numbers")"]
            )
        }
        return reader.take().vectors[0]
    }

    static func metric(_ given: Located<Value>) throws -> Metric {
        guard let metric = Metric(spelled: given.value.description) else {
            let known = Metric.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("E0414", "no metric '\(given.value)'", at: given.span, help: ["known are \(known)"])
        }
        return metric
    }
}
