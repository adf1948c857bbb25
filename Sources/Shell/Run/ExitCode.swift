/// What kind of thing went wrong, for whoever called the program.
package enum ExitCode: Int32, Sendable, CaseIterable {
    case success = 0
    case failed = 1
    case usage = 2
    case unreachable = 3
    case different = 4
    case unconfirmed = 5
    case partly = 6
    case timedOut = 7
    case outOfTime = 8
    case interrupted = 130

    package var meaning: String {
        switch self {
        case .success: "All statements succeeded"
        case .failed: "A statement failed"
        case .usage: "Usage or syntax error; nothing was executed"
        case .unreachable: "Could not connect or authenticate"
        case .different: "An assert failed, or verify found a difference"
        case .unconfirmed: "A confirmation was needed and not given"
        case .partly: "Finished with errors under `on error continue`, or records were rejected or cannot be read"
        case .timedOut: "A lock was busy, or a wait timed out"
        case .outOfTime: "The time of --max-duration is over; the same call goes on"
        case .interrupted: "Interrupted"
        }
    }
}
