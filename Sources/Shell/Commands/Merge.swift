import JSON
import Language
import Model
import Transfer

extension Command {
    static let merge = Command(
        Signature(
            "merge", .move, "Copy several collections into one",
            [Copying.source.form, .word("into"), Merging.target.form], clauses: Copying.clauses,
            details: """
                `<name>` in the pattern captures a part of each collection's name, and is a variable in `set`. Records of
                one key in two sources are refused before anything is written; `with ids=uuid5` makes keys of collection and
                key, which never collide.
                """,
            examples: [
                Example(
                    "merge db:<project>_docs into new:docs set project=$project with ids=uuid5, keep_id_as=old_id",
                    "All tenants in one collection."),
                Example(
                    "merge db:<project>_docs into new:all set project=$project only project != 'old' order size with ids=uuid5",
                    "All but one, the smallest first."),
            ], destroys: { $0.word(in: "if exists") == "replace" || $0.has("fresh") }), effect: .writes
    ) { call, session in
        try await session.refuseCollisions(session.mergeTasks(call), call)
        try await session.planCopies(session.mergeTasks(call), call)
    } run: { call, session in
        let tasks = try await session.mergeTasks(call)
        try await session.refuseCollisions(tasks, call)
        try await session.runCopies(tasks, call)
    }
}

/// The words of `merge` that are its own.
enum Merging {
    static let target = Parameter<Located<Reference>>.collection("into", "The one collection that gets them all")
}

extension Session {
    /// Two sources that hold one key would become one record.
    fileprivate func refuseCollisions(_ tasks: [CopyTask], _ call: Call) async throws {
        guard tasks.contains(where: { $0.request.mapping.keys == .keep }) else { return }
        var owners: [UInt64: Int] = [:]
        for (number, task) in tasks.enumerated() {
            let filter = task.request.filter
            try await task.source.reading { reading in
                for try await page in FilteredPages(reading, filter, wanted: .keys, budget: Budget(records: 10_000)) {
                    for key in page.batch.keys {
                        guard let other = owners.updateValue(number, forKey: Hash.of(key)), other != number else {
                            continue
                        }
                        throw Failure(
                            "E0909",
                            "key \(key) is in \(tasks[other].source.description) and in \(task.source.description)",
                            at: call.span(of: Copying.source),
                            help: ["say `with ids=uuid5, keep_id_as=FIELD`: keys are then made of collection and key"])
                    }
                }
            }
        }
    }
}
