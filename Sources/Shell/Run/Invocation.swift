import Language

/// How the program was called, as far as commands care.
package struct Invocation: Sendable {
    package var assumesYes = false
    package var isDryRun = false
    package var isInteractive = false
    package var isQuiet = false
    package var keepsHistory = true
    package var format: Format?
    package var coloring = Coloring.automatic
    package var writesErrorsAsJSON = false
    package var progress = ProgressStyle.automatic
    package var steps = StepSelection.all
    package var timeBox: TimeBox?
    package var environment: [String: String] = [:]
    package var standardOutput: Int32 = 1
    package var standardError: Int32 = 2

    package init() {}

    /// Where state lies that is worth keeping: history, later jobs.
    package var home: String {
        if let home = environment["VECSH_HOME"], !home.isEmpty { return home }
        let state = environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return (state ?? "\(environment["HOME"] ?? ".")/.local/state") + "/vecsh"
    }

    package var historyPath: String {
        environment["VECSH_HISTORY"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/history.jsonl"
    }

    /// Where the person's own settings lie.
    package var configuration: String {
        let place = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return (place ?? "\(environment["HOME"] ?? ".")/.config") + "/vecsh"
    }
}

/// Which steps of a runbook run.
package enum StepSelection: Hashable, Sendable {
    case all
    case only(String)
    case from(String)
}

package enum ProgressStyle: String, Sendable, CaseIterable {
    case automatic = "auto", bar, plain, json, off
}
