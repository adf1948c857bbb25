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
                `<name>` in the pattern captures a part of each collection's name, and is a variable in `set`; `now()` is one
                moment for all of them, however often the merge is stopped. The smallest comes first, unless `order` says
                else. Records of one key in two sources are refused before anything is written; `with ids=uuid5` makes keys
                of collection and key, which never collide; `with collisions=` says which of such records give way.
                """,
            examples: [
                Example(
                    "merge db:<project>_docs into new:docs set project=$project with ids=uuid5, keep_id_as=old_id",
                    "All tenants in one collection."),
                Example(
                    "plan merge db:<project>_docs into new:tenants set project=$project, at=now() output ./plan.json",
                    "A plan to read and to `apply`."),
                Example(
                    "merge db:<project>_docs into new:all set project=$project only project != 'old' order size with ids=uuid5",
                    "All but one, the smallest first."),
            ], destroys: { $0.word(in: "if exists") == "replace" || $0.has("fresh") }), effect: .writes
    ) { call, session in
        try await session.planCopies(session.mergeTasks(call), call)
    } run: { call, session in
        try await session.runCopies(session.mergeTasks(call), call)
    }
}

/// The words of `merge` that are its own.
enum Merging {
    static let target = Parameter<Located<Reference>>.collection("into", "The one collection that gets them all")
}
