import Language

extension Command {
    static let prune = Command(
        Signature(
            "prune", .keep,
            "Remove old backups, reports and snapshots, what promotions have kept, or what was staged and not promoted",
            [
                .choice([
                    [.word("backups"), PruneBackups.folder.form],
                    [.word("reports"), PruneBackups.reports.form],
                    [.word("snapshots"), PruneSnapshots.pointer.form],
                    [.word("generations"), .optional([Pruning.target.form])],
                    [.word("staging"), .optional([Pruning.target.form])],
                ])
            ],
            clauses: [
                Clause("older", [.word("than"), PruneBackups.age.form], PruneBackups.age.slot.summary),
                Clause("keep", [PruneBackups.keep.form], PruneBackups.keep.slot.summary),
            ],
            details: """
                Backups in a folder or a bucket: with `older than` and `keep`, what is older goes, but never the newest so many
                of each name; the same of the reports that `apply … report to FOLDER` has written.
                `snapshots` removes the folders beside a pointer that it does not say, all but the newest `keep` of them, which is
                1: folders that end with a manifest, as `upload` writes it, and those that the pointer has said before.
                `generations` removes NAME_previous, NAME_previous_2 and so on, all but the newest `keep` of them, which is
                1; with `keep 0` there is no way back by `rollback`. `staging` removes NAME_staging, whoever made it, unless
                a job is writing it. With `older than` only what has been kept, or staged, for longer goes, as far as the jobs on
                this machine tell. What is live is never touched.
                """,
            examples: [
                Example("prune backups ./backups keep 3 yes", "All but the newest three of each name."),
                Example("prune backups ./backups older than 30d keep 1 yes", "What is older, but not the last one."),
                Example(
                    "prune reports ./reports older than 14d yes", "What `apply` reported two weeks ago and before."),
                Example("plan prune snapshots file://./current keep 1", "What would go, but for the way back."),
                Example("prune generations db:notes keep 1 yes", "All but the newest one."),
                Example("prune staging db:* older than 7d yes", "What was staged a week ago and not promoted."),
            ], destroys: { _ in true }), effect: .writes
    ) { call, session in
        if call.has("reports") { return try await session.planPruneReports(call) }
        if call.has("snapshots") { return try await session.planPruneSnapshots(call) }
        try await call.has("backups") ? session.planPruneBackups(call) : session.planPruneGenerations(call)
    } run: { call, session in
        if call.has("reports") { return try await session.pruneReports(call) }
        if call.has("snapshots") { return try await session.pruneSnapshots(call) }
        try await call.has("backups") ? session.pruneBackups(call) : session.pruneGenerations(call)
    }
}
