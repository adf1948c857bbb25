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
                    "as", [job.form], "The job or plan file whose mapping applies; else the last copy between the two"),
                Clause("fields", [Copying.fields.form], "Only these fields and vectors were copied"),
                Clause("set", [Copying.set.form], "Values that every record got"),
                Clause("rename", [Copying.rename.form], "Names that the copy gave: old=new"),
                Clause("with", [options.form], "What to compare, and how exactly"),
            ],
            details: """
                Every record of both sides is read and hashed; keys that differ are listed with the reason. The mapping of
                the last finished copy between the two is applied to the source, or the one that the line gives. What the
                target does to values, such as bringing vectors to length one, is no difference. Several sources, or a
                pattern, against one target are compared with it together, as `merge` made it. Exit code 4 when they differ.
                """,
            examples: [
                Example("verify old:notes against db:notes", "Every record of both."),
                Example("verify db:notes against old:notes staged", "What is to become live."),
                Example("verify old:* against db:*", "All collections, paired by name."),
                Example(
                    "verify old:notes against db:notes with sample=1000, vectors=direction, indexes=no",
                    "A thousand records, and only where their vectors point."),
                Example(
                    "verify old:notes against db:notes with recall=20",
                    "All records, and how alike both answer twenty searches."),
                Example("verify new:docs against db:<project>_docs", "What `merge` made of several."),
            ])
    ) { call, session in try await session.verifyAll(call) }
}

private let copied = Parameter<Located<Reference>>.target("target", "The copy")
private let source = Parameter<[Located<Reference>]>.targets("source", "What it was made of")
private let job = Parameter<Located<String>>.text("as", kind: .id, "A job, or a plan file")
private let options = Parameter<Options>.options("with", VerifyOptions.choices, "What to compare, and how exactly")

extension Session {
    fileprivate func verifyAll(_ call: Call) async throws {
        let options = try VerifyOptions(call.optional(options) ?? Options())
        let tasks = try await comparisons(of: call[copied], with: call[source], call, as: call.optional(job))
        var documents: [JSONValue] = []
        var differing: [String] = []
        for task in tasks {
            let found =
                call.has("staged")
                ? try await verifiedStaged(task, options, call) : try await verified(task, options, call)
            documents.append(found.document)
            if let why = found.difference { differing.append(why) }
        }
        try await answer(call) { output in
            try await output.print(documents.count == 1 ? documents[0] : .array(documents))
        }
        guard !differing.isEmpty else { return }
        let rest = differing.count > 1 ? ", and \(differing.count - 1) more of \(tasks.count)" : ""
        throw Failure("E0906", differing[0] + rest, at: call.verb, exit: .different)
    }

    /// Compares what is staged, and notes in its job how that ended.
    private func verifiedStaged(
        _ task: ComparisonTask, _ options: VerifyOptions, _ call: Call
    ) async throws -> VerifyAnswer {
        var task = task
        let copy = task.target
        var staged = try stagedCopy(of: task.origins[0].place, for: copy, as: call.optional(job))
        do {
            let lock = try staged.folder.lock()
            let name = try await copy.use { store, _ in try await staged.place(in: store) }
            task.target = Place(connection: copy.connection, name: name, store: copy.store, span: copy.span)
            let found = try await verified(task, options, call)
            // A part that is equal says nothing of the whole.
            let isPart = try call.optional(Shared.filter) != nil || options.sample != nil
            let isEqual = found.difference == nil
            if !isPart || !isEqual { try await staged.record([.verified(equal: isEqual)], holding: lock) }
            return found
        } catch let error as JobError { throw Failure(error, at: copy.span) }
    }
}
