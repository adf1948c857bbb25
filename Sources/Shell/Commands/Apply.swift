import JSON
import Language
import Model
import Transfer

extension Command {
    static let apply = Command(
        Signature(
            "apply", .move, "Carry out a plan that was saved", [Applying.plan.form],
            clauses: [
                Clause("slice", [Applying.slice.form], Applying.slice.slot.summary),
                Clause("backup", [.word("to"), Applying.backup.form], Applying.backup.slot.summary),
                Clause("report", [.word("to"), Applying.report.form], Applying.report.slot.summary),
                Clause("accepting", [.word("losses")], "Go on although the plan says that something is lost"),
                Clause("with", [Applying.options.form], "How to copy, where the plan is not to decide"),
            ],
            details: """
                `plan copy … output FILE` saves one. The same connections must be open, on the same databases. With `slice`
                it copies the records of one slice, also while other processes copy theirs, and prints what it did as JSON;
                indexes and aliases are left to an `apply` without it, which goes on from what the slices have done.
                What a collection that fails had brought is taken out of the target again; what came before it stays.
                `status EXECUTION` shows all of it. Only a plan that replaces a collection needs `yes`.
                """,
            examples: [
                Example("apply ./plan.json", "Run the plan, or go on with it."),
                Example("apply ./plan.json slice 0", "One slice of it."),
                Example(
                    "apply ./plan.json backup to ./backups report to ./reports/ with parallel=2",
                    "With a backup before, and reports behind."),
            ]), effect: .commits
    ) { call, session in
        if let number = try call.optional(Applying.slice) {
            try await session.applySlice(number, of: call[Applying.plan], call)
        } else {
            try await session.apply(call[Applying.plan], call)
        }
    }
}

/// The words of `apply`.
enum Applying {
    static let plan = Parameter<Located<String>>.path("plan", "A plan file")
    static let slice = Parameter<Int>.number("slice", "Only this slice, counted from 0")
    static let backup = Parameter<Located<String>>.path(
        "backup to", "First keep a backup here of what the plan reads and of what it changes")
    static let report = Parameter<Located<String>>.path(
        "report to", "Write here what was done: .json, .html or .md; a folder gets all three")
    static let options = Parameter<Options>.options(
        "with",
        [
            Slot.Choice("batch", "records in one page, at most"),
            Slot.Choice("batch_bytes", "bytes in one page, at most"),
            Slot.Choice("parallel", "slices that are read side by side"),
            Slot.Choice("memory", "bytes of all pages in flight"), Slot.Choice("rate", "records a second, at most"),
            Slot.Choice("rejects", "a file for records that the target refuses"),
            Slot.Choice("verify", "yes: compare both sides at the end"),
            Slot.Choice("status", "a file, or an object s3://bucket/key, that always holds the job's state as JSON"),
        ], "How to copy")
}
