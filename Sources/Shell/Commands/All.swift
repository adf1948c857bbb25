extension Command {
    /// Every command, in the order in which help lists them.
    package static let all: [Command] = [
        .connect, .use, .disconnect, .set, .show, .history, .help, .edit, .save, .quit,
        .list, .describe, .count, .peek, .search, .diff, .probe,
        .analyze, .copy, .merge, .sync, .apply, .put, .delete,
        .backup, .restore, .prune, .download, .upload,
        .create, .index, .alias, .alter, .rename, .drop, .load, .release, .flush,
        .verify, .bench, .promote, .rollback, .point, .wait,
        .jobs, .status, .resume, .cancel,
        .include, .print, .confirm, .run, .sleep,
    ]
}
