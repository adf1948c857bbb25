import JSON
import Language
import Model
import Transfer

extension Command {
    static let copy = Command(
        Signature(
            "copy", .move, "Copy collections, within a store or to another",
            [Copying.source.form, .word("to"), Copying.target.form], clauses: Copying.clauses + [Copying.staged],
            details: """
                It brings schema, records and indexes. The same line again goes on with a copy that was stopped, however it
                was, and after it has finished says `already done`. `*` in the target repeats what the source's `*` matched.
                A `staged` copy leaves the target as it is until `promote`.
                """,
            examples: [
                Example("copy db:notes to new:notes", "One collection, or go on with the copy that stopped."),
                Example("copy db:* to new:* if exists skip", "All of them."),
                Example(
                    "copy db:* to new:* only points < 1000 order size if exists skip with preset=conservative",
                    "The small ones, the smallest first, and gently."),
                Example("copy db:notes to new:trial limit 2", "The first records, to try something out."),
                Example("copy db:notes to new:bare including schema", "The collection without its records."),
                Example(
                    "copy db:notes to new:early where page < 10 fields [title, v] if exists replace yes with parallel=2",
                    "A part of one."),
                Example(
                    "copy db:notes to new:notes staged", "Beside what is there; `promote new:notes` makes it live."),
                Example("plan copy db:notes to new:other", "What would happen, and what would be lost."),
            ], destroys: { $0.word(in: "if exists") == "replace" || $0.has("fresh") }), effect: .writes
    ) { call, session in
        try await session.planCopies(session.copyTasks(call), call)
    } run: { call, session in
        try await session.runCopies(session.copyTasks(call), call)
    }
}

/// The words of `copy`.
enum Copying {
    static let source = Parameter<Located<Reference>>.target("source", "What to read; a pattern means several")
    static let target = Parameter<Located<Reference>>.target("target", "What to write; made if it is not there")
    static let fields = Parameter<[Located<Value>]>.list("fields", of: .field(of: "source"), "Only these fields")
    static let set = Parameter<[ParsedCall.Pair]>.assignments("set", "Values that every record gets")
    static let rename = Parameter<[ParsedCall.Pair]>.assignments("rename", "New names: old=new")
    static let only = Parameter<Expression>.expression(
        "only", kind: .filter, "Which collections of a pattern: by name, points, dimension and captures")
    static let order = Parameter<Located<String>>.named(
        "order", "First the smallest, or by name: size, name, a capture")
    static let limit = Parameter<Int>.number("limit", "At most so many records of each collection")
    static let including = Parameter<[Located<Value>]>.list(
        "including",
        of: .words([
            Slot.Choice("schema", "the empty collection"), Slot.Choice("data", "the records"),
            Slot.Choice("indexes", "built anew"), Slot.Choice("aliases", "second names move too"),
            Slot.Choice("partitions", "stop if the target has none"),
        ]), "Only schema, data or indexes; aliases and partitions too")
    static let excluding = Parameter<[Located<Value>]>.list(
        "excluding",
        of: .words([
            Slot.Choice("indexes", "build none"), Slot.Choice("data", "no records"),
            Slot.Choice("schema", "the target is there"), Slot.Choice("partitions", "all in one"),
        ]), "What to leave behind")
    static let policy = Parameter<Located<String>>.words(
        "if exists",
        [
            Slot.Choice("fail", "stop if it holds records, the default"), Slot.Choice("skip", "leave it as it is"),
            Slot.Choice("replace", "drop it first"), Slot.Choice("append", "insert, and replace by key"),
        ], "What happens if the target is there")
    static let options = Parameter<Options>.options(
        "with",
        [
            Slot.Choice("preset", "high, balanced or conservative: batch and parallel in one word"),
            Slot.Choice("batch", "records in one page, at most"),
            Slot.Choice("batch_bytes", "bytes in one page, at most"),
            Slot.Choice("parallel", "slices that are read side by side"),
            Slot.Choice("memory", "bytes of all pages in flight; 256MiB"),
            Slot.Choice("rate", "records a second, at most"),
            Slot.Choice("bandwidth", "bytes a second, at most"),
            Slot.Choice("flush_every", "pages after which the target gathers what it has"),
            Slot.Choice(
                "rejects", "a file for records that the target refuses; without it the copy stops at the first"),
            Slot.Choice("ids", "keep; uuid5 or hash, made of the keys; auto, made by the target or counted"),
            Slot.Choice(
                "collisions",
                "of records with one key: fail; rekey, later ones get new keys; first or last, only that one comes"),
            Slot.Choice("keep_id_as", "a field that keeps the key as it was"),
            Slot.Choice("norms", "a field that keeps the lengths of vectors, where the target makes them one"),
            Slot.Choice("tenant", "the field that tells tenants apart, for stores that index by it"),
            Slot.Choice("verify", "yes: compare both sides at the end"),
            Slot.Choice("status", "a file, or an object s3://bucket/key, that always holds the job's state as JSON"),
            Slot.Choice("metrics", "a file that always holds the job's numbers in Prometheus' format"),
            Slot.Choice("state", "a file that says how far a staged migration is, up to its promotion"),
        ], "How to copy")

    static let staged = Clause(
        "staged", [], "Write NAME_staging beside the target, until `promote` puts it in its place")

    static let clauses: [Clause] = [
        Shared.whereClause, Clause("only", [only.form], only.slot.summary),
        Clause("fields", [fields.form], "Only these fields and vectors"),
        Clause("set", [set.form], set.slot.summary), Clause("rename", [rename.form], rename.slot.summary),
        Clause("including", [including.form], including.slot.summary),
        Clause("excluding", [excluding.form], excluding.slot.summary),
        Clause("if", [.word("exists"), policy.form], policy.slot.summary),
        Clause("order", [order.form], order.slot.summary), Clause("limit", [limit.form], limit.slot.summary),
        Clause("resume", [], "Insist on a copy that was begun"), Clause("fresh", [], "Begin anew"),
        Clause("accepting", [.word("losses")], "Go on although the target cannot hold everything"),
        Clause("with", [options.form], "How to copy"),
    ]
}
