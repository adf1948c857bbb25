import Language

extension Command {
    static let prune = Command(
        Signature(
            "prune", .keep, "Remove backups that are too many or too old",
            [.choice([[.word("backups"), PruneBackups.folder.form]])],
            clauses: [
                Clause("older", [.word("than"), PruneBackups.age.form], PruneBackups.age.slot.summary),
                Clause("keep", [PruneBackups.keep.form], PruneBackups.keep.slot.summary),
            ],
            details: "With both, what is older goes, but never the newest so many of each name.",
            examples: [
                Example("prune backups ./backups keep 3 yes", "All but the newest three of each name."),
                Example("prune backups ./backups older than 30d keep 1 yes", "What is older, but not the last one."),
            ], destroys: { _ in true }), effect: .writes
    ) { call, session in
        try await session.planPruneBackups(call)
    } run: { call, session in
        try await session.pruneBackups(call)
    }
}
