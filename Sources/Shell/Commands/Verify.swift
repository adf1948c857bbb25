import JSON
import Language
import Model
import Transfer

extension Command {
    static let verify = Command(
        Signature(
            "verify", .prove, "Prove that two collections hold the same records",
            [copied.form, .word("against"), source.form],
            clauses: [
                Shared.whereClause, Clause("staged", [], "Read what is staged for the target, not the target"),
                Clause(
                    "as", [job.form], "The job whose mapping applies; the last one between the two if nothing is said"),
            ],
            details: """
                Every record of both sides is read and hashed; keys that differ are listed with the reason. The mapping of
                the last finished copy between the two is applied to the source. Exit code 4 when they differ.
                """,
            examples: [
                Example("verify old:notes against db:notes", "Every record of both."),
                Example("verify db:notes against old:notes staged", "What is to become live."),
                Example("verify old:* against db:*", "All collections, paired by name."),
            ])
    ) { call, session in try await session.verifyAll(call) }
}

private let copied = Parameter<Located<Reference>>.target("target", "The copy")
private let source = Parameter<Located<Reference>>.target("source", "What it was made of")
private let job = Parameter<Located<String>>.text("as", kind: .id, "A job")

extension Session {
    fileprivate func verifyAll(_ call: Call) async throws {
        let (target, source) = (try call[copied], try call[source])
        var documents: [JSONValue] = []
        var isEqual = true
        for original in try await places(source) {
            let name = target.value.name.flatMap { Pattern.isPattern($0) ? nil : $0 } ?? original.name
            let reference = Reference(connection: target.value.connection, name: name)
            let copy = try await place(Located(reference, at: target.span))
            let (document, equal) = try await document(copy, original, call)
            documents.append(document)
            isEqual = isEqual && equal
        }
        try await answer(call) { output in
            try await output.print(documents.count == 1 ? documents[0] : .array(documents))
        }
        guard isEqual else { throw Failure("E0906", "the collections differ", at: call.verb, exit: .different) }
    }

    private func document(_ copy: Place, _ original: Place, _ call: Call) async throws -> (JSONValue, Bool) {
        if call.has("staged") { return try await stagedDocument(copy, original, call) }
        let earlier = try mapping(from: original, to: copy, call)
        return try await document(copy, original, earlier, call)
    }

    /// Compares what is staged, and notes in its job how that ended.
    private func stagedDocument(_ copy: Place, _ original: Place, _ call: Call) async throws -> (JSONValue, Bool) {
        var staged = try stagedCopy(of: original, for: copy, as: call.optional(job))
        do {
            let lock = try staged.folder.lock()
            let name = try await copy.use { store, _ in try await staged.place(in: store) }
            let place = Place(connection: copy.connection, name: name, store: copy.store, span: copy.span)
            let found = try await document(place, original, try staged.folder.plan(), call)
            // A part says nothing of the whole.
            if try call.optional(Shared.filter) == nil {
                try await staged.record([.verified(equal: found.1)], holding: lock)
            }
            return found
        } catch let error as JobError { throw Failure(error, at: copy.span) }
    }

    private func document(
        _ copy: Place, _ original: Place, _ earlier: Plan?, _ call: Call
    ) async throws -> (JSONValue, Bool) {
        let filter = try await filter(call.optional(Shared.filter)) ?? earlier?.context.filter
        let mapping = earlier?.context.mapping ?? .identity
        let result = try await verify(original, copy, filter, mapping)
        let checks = try await shapeChecks(original, copy, mapping)
        let isEqual = result.isEqual && checks.allSatisfy { $0["result"]?.string != "different" }
        return (result.document(isEqual, mapping: earlier == nil ? "identity" : "of the last copy", checks), isEqual)
    }

    /// The plan of the last finished copy between the two.
    private func mapping(from original: Place, to copy: Place, _ call: Call) throws -> Plan? {
        let (a, b) = (site(original), site(copy))
        if let wanted = try call.optional(job) {
            guard let folder = JobFolder.find(wanted.value, in: invocation.home) else {
                throw Failure("E0907", "no job '\(wanted.value)'", at: wanted.span, help: ["`jobs` lists them"])
            }
            return try folder.plan()
        }
        return JobFolder.last(from: a, to: b, in: invocation.home)
    }

    func verify(_ original: Place, _ copy: Place, _ filter: Filter?, _ mapping: Mapping) async throws -> Verify.Result {
        try await original.reading { source in
            try await copy.reading { target in
                let right = Side(target, nil)
                do {
                    let left =
                        mapping == .identity
                        ? Side(source, filter) : try Side(source, filter, mapping, like: right)
                    return try await Verify(source: left, target: right).run()
                } catch let error as JobError { throw Failure(error, at: original.span) }
            }
        }
    }

    /// Dimension, metric and indexes, which records do not show.
    private func shapeChecks(_ original: Place, _ copy: Place, _ mapping: Mapping) async throws -> [JSONValue] {
        let a = try await original.use { try await $0.describe($1).collection }
        let b = try await copy.use { try await $0.describe($1).collection }
        let wanted: Model.Collection
        do { wanted = try mapping.shape(of: a, named: b.name) } catch { throw Failure(error, at: original.span) }
        let vectors = wanted.vectors.filter { !b.vectors.contains($0) }.map(\.name)
        let indexes = copy.store.fit(wanted, into: nil).collection.indexes.filter { !b.indexes.contains($0) }.map(
            \.name)
        return [Self.check("vectors", vectors), Self.check("indexes", indexes)]
    }

    private static func check(_ name: String, _ differing: [String]) -> JSONValue {
        [
            "name": .string(name), "result": .string(differing.isEmpty ? "equal" : "different"),
            "detail": .string(differing.joined(separator: ", ")),
        ]
    }
}

extension Verify.Result {
    var summary: String { "\(missing) missing, \(extra) extra, \(different) different" }

    fileprivate func document(_ isEqual: Bool, mapping: String, _ checks: [JSONValue]) -> JSONValue {
        [
            "result": .string(isEqual ? "equal" : "different"), "mapping": .string(mapping),
            "source_count": .integer(Int64(sourceCount)), "target_count": .integer(Int64(targetCount)),
            "compared": .integer(Int64(max(sourceCount, targetCount))), "missing": .integer(Int64(missing)),
            "extra": .integer(Int64(extra)), "different": .integer(Int64(different)),
            "examples": .array(examples.map { ["key": .string($0.key.description), "why": .string($0.why)] }),
            "checks": .array(checks),
        ]
    }
}
