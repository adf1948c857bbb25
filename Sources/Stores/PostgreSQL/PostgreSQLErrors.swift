import CPQ
import Model

extension PostgreSQLConnection {
    /// What an error of the server means here, for the person at the prompt.
    func failure(_ result: PostgreSQLResult) -> StoreError {
        guard let state = result.part(pq_state), let words = result.part(pq_message) else { return lost() }
        let detail = result.part(pq_detail).map { " (\($0))" } ?? ""
        var error = StoreError(PostgreSQLState.code(state), words + detail, help: help(state, result))
        if error.code == .cancelled {
            if Task.isCancelled { error.message = "stopped" } else { error.code = .unavailable }
        }
        if error.code == .rejected || error.code == .conflict { error.rows = rows(result) }
        return error
    }

    /// The connection is gone: nobody knows what became of a statement that was running.
    func lost() -> StoreError {
        let words = String(cString: pq_error(handle)).firstLines
        return StoreError(
            .unavailable, "the connection to \(server.description) is lost" + (words.isEmpty ? "" : ": \(words)"),
            help: "run it again; it connects anew")
    }

    func connectingFailed() -> StoreError {
        let words = String(cString: pq_error(handle)).firstLines
        let isPassword =
            pq_needs_password(handle) == 1
            || ["authentication failed", "no password supplied"].contains { words.contains($0) }
        if isPassword {
            return StoreError(
                .unauthorized, words,
                help:
                    "say who with `user`, and `password env|file|command|prompt`; libpq's own ways work too, as ~/.pgpass"
            )
        }
        if words.contains("certificate") {
            return StoreError(.unavailable, words, help: "`sslrootcert` names the file with whom you trust")
        }
        if words.contains("pg_hba.conf") {
            return StoreError(
                .unauthorized, words,
                help: "the server's pg_hba.conf says who is let in; another `sslmode` may do")
        }
        if words.contains("does not exist") {
            return StoreError(.notFound, words, help: "`psql -l` lists the databases of a server")
        }
        return StoreError(.unavailable, words, help: "check the address, and that the server runs and may be reached")
    }

    private func help(_ state: String, _ result: PostgreSQLResult) -> String? {
        switch state {
        case "25006": "this server, or this connection, only reads: write to the primary server"
        case "53100": "free some space on the server's disk, and run it again"
        case "53300": "end some connections, or raise max_connections"
        case "55P03": "somebody holds a lock on the table; `SELECT * FROM pg_stat_activity` shows who"
        case "42501": "ask its owner for the right, or connect as somebody who has it"
        case "2BP01": "drop what depends on it first"
        case "22021", "22P05": "PostgreSQL cannot store the character U+0000 in text; mend or leave out that record"
        case "42883", "42704": result.part(pq_hint) ?? "see whether the extension vector is there, and new enough"
        default: result.part(pq_hint)
        }
    }

    /// The row of a COPY that an error is about, as its context tells.
    private func rows(_ result: PostgreSQLResult) -> [Int] {
        let lines = result.part(pq_context)?.split(separator: "\n") ?? []
        guard let copy = lines.last(where: { $0.hasPrefix("COPY ") }), let mark = copy.firstRange(of: ", line "),
            let line = Int(copy[mark.upperBound...].prefix { $0.isNumber })
        else { return [] }
        return [line - 1]
    }
}

/// The five characters by which PostgreSQL tells its errors apart.
enum PostgreSQLState {
    static func code(_ state: String) -> StoreError.Code {
        if let code = codes[state] { return code }
        return classes[String(state.prefix(2))] ?? .rejected
    }

    private static let codes: [String: StoreError.Code] = [
        "28000": .unauthorized, "28P01": .unauthorized, "42501": .unauthorized, "25006": .unauthorized,
        "3D000": .notFound, "3F000": .notFound, "42P01": .notFound, "42703": .notFound, "42704": .notFound,
        "42P07": .conflict, "42710": .conflict, "42P06": .conflict, "42701": .conflict, "2BP01": .conflict,
        "23505": .conflict, "53100": .full, "53300": .throttled, "55P03": .unavailable, "57014": .cancelled,
        "42883": .unsupported, "55000": .rejected, "54000": .rejected, "58P01": .unsupported,
    ]

    private static let classes: [String: StoreError.Code] = [
        "08": .unavailable, "0A": .unsupported, "40": .unavailable, "53": .unavailable, "57": .unavailable,
        "58": .unavailable, "XX": .malformed, "F0": .malformed,
    ]
}

extension StoreError {
    static func holdsZero(_ what: String) -> StoreError {
        StoreError(.rejected, "\(what) holds the character U+0000, which PostgreSQL has no place for")
    }
}

extension String {
    /// An error's lines as one, without the names of their severities.
    fileprivate var firstLines: String {
        split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
    }
}
