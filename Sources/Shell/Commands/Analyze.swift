import JSON
import Language
import Model
import Transfer

extension Command {
    static let analyze = Command(
        Signature(
            "analyze", .move, "Find out which collections could become one, and what stands against it",
            [Analyzing.target.form],
            clauses: [
                Clause("match", [Analyzing.match.form], Analyzing.match.slot.summary),
                Clause("where", [Analyzing.filter.form], Analyzing.filter.slot.summary),
                Clause("with", [Analyzing.options.form], "How closely to look"),
            ],
            details: """
                It tells projects and types from the names, as in `alpha-docs` or `docs_alpha`, counts, reads a sample of each
                for an estimate of time and space, and compares vectors, fields and keys of what would go together. With
                `output` the file gets it as JSON. Nothing is written to any store.
                """,
            examples: [
                Example("analyze db", "All of a connection."),
                Example(
                    "analyze db match suffix where points >= 2",
                    "Those whose names end in a type, and that are not tiny."),
                Example(
                    "analyze db match '<project>_<type>' output ./analysis.json",
                    "Names of that form; the table and a file."),
            ])
    ) { call, session in try await session.analyze(call) }
}

/// The words of `analyze`.
enum Analyzing {
    static let target = Parameter<Located<Reference>>.target("target", "A connection, or a pattern of collections")
    static let match = Parameter<Located<String>>.text(
        "match", kind: .name, "How names are made: suffix, prefix, or a pattern such as '<project>-<type>'")
    static let filter = Parameter<Expression>.expression(
        "where", kind: .filter, "Which collections: by name, points, dimension, pattern, project and type")
    static let options = Parameter<Options>.options(
        "with", [Slot.Choice("keys", "full, sample or no: how keys are compared; a sample above a million")],
        "How closely to look")
}

extension Session {
    fileprivate func analyze(_ call: Call) async throws {
        let found = try await analysed(call)
        let keys = try call.optional(Analyzing.options)?["keys"]
        let depth = try keys.map { given in
            try given.reading("full, sample or no") {
                ["full", "sample", "no"].contains($0.description) ? $0.description : nil
            }
        }
        let isLarge = found.reduce(0) { $0 + $1.points } > 1_000_000
        let search = ConflictSearch(
            collections: found, sample: depth == "sample" || depth == nil && isLarge ? 10_000 : nil,
            comparesKeys: depth != "no")
        let conflicts = try await blaming(call.span(of: Analyzing.target)) { try await search.find() }
        try await show(CollectionAnalysis(collections: found, conflicts: conflicts), call)
    }

    private func show(_ analysis: CollectionAnalysis, _ call: Call) async throws {
        let file = try call.optional(Universal.output)
        if let file { try await write(analysis.json.indented() + "\n", to: file) }
        let format = try call.optional(Universal.format)?.value ?? settings.format?.rawValue ?? "table"
        let isForPeople = format == "table" || format == "vertical"
        guard isForPeople || file == nil else { return }
        let options = OutputOptions(coloring: invocation.coloring, standardOutput: invocation.standardOutput)
        guard file == nil else {
            _ = try await Output.to(.standardOutput, options: options) {
                try await $0.print(rows: analysis.collections.map(\.row), columns: CollectionAnalysis.columns)
            }
            return say(analysis, call)
        }
        try await answer(call) { output in
            if isForPeople {
                try await output.print(rows: analysis.collections.map(\.row), columns: CollectionAnalysis.columns)
            } else {
                try await output.print(analysis.json)
            }
        }
        if isForPeople { say(analysis, call) }
    }

    private func say(_ analysis: CollectionAnalysis, _ call: Call) { for line in analysis.remarks { say(call, line) } }

    // MARK: Looking

    private func analysed(_ call: Call) async throws -> [AnalysedCollection] {
        let places = try await self.places(call[Analyzing.target])
        let (patterns, isStrict) = try namingPatterns(places.map(\.name), call)
        var found: [ChosenCollection] = []
        for place in places where !isStrict || patterns[place.name] != nil {
            let reading = patterns[place.name]
            var fitting = ChosenCollection(
                place: place,
                captured: [
                    "pattern": reading?.pattern ?? "", "project": reading?.project ?? "", "type": reading?.type ?? "",
                ])
            try await fitting.look()
            found.append(fitting)
        }
        if let condition = try call.optional(Analyzing.filter) { found = try await fitting(condition, of: found) }
        var all: [AnalysedCollection] = []
        for fitting in found { all.append(try await analysed(fitting, patterns[fitting.place.name])) }
        return all
    }

    private func namingPatterns(_ names: [String], _ call: Call) throws -> (NamingPatterns, isStrict: Bool) {
        guard let match = try call.optional(Analyzing.match) else { return (NamingPatterns(names), false) }
        if let kind = NamingPatterns.Kind(rawValue: match.value.lowercased()) {
            return (NamingPatterns(names, kind: kind), true)
        }
        guard match.value.contains("<") else {
            throw Failure(
                "E0317", "'\(match.value)' is no pattern", at: match.span,
                help: ["say suffix, prefix, or a pattern with captures: '<project>-<type>'"])
        }
        return (NamingPatterns(names, pattern: match.value), true)
    }

    private func analysed(
        _ fitting: ChosenCollection, _ reading: NamingPatterns.Reading?
    ) async throws -> AnalysedCollection {
        try await fitting.place.reading { opened in
            let start = ContinuousClock.now
            let page = try await opened.page(Scan(slice: .whole, budget: Budget(records: 1_000, bytes: 4 << 20)))
            let seconds = (ContinuousClock.now - start).inSeconds
            let count = max(1, page?.batch.count ?? 0)
            let (each, time) = (Double(page?.batch.byteCount ?? 0) / Double(count), 3 * seconds / Double(count))
            return AnalysedCollection(
                place: fitting.place, description: opened.description, points: fitting.points, reading: reading,
                bytes: Int(Double(fitting.points) * each), seconds: Double(fitting.points) * time)
        }
    }
}
