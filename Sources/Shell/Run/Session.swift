import Depot
import Language
import Model
import Stores
import Transfer

/// What one run of the program holds between statements.
package actor Session {
    package nonisolated let invocation: Invocation
    package nonisolated let secrets = Secrets()
    package nonisolated let messages: Messages
    package nonisolated let names: NameCache

    /// In the order in which they were made.
    var connections: [Connection] = []
    var current: String?
    var variables: [String: Value] = [:]
    var settings = Settings()
    /// Statements that succeeded at the prompt, newest last.
    var succeeded: [String] = []
    /// Errors passed over under `on error continue`.
    var failures = 0
    /// What the command that is being planned would do; nil while commands are carried out.
    var planned: [PlannedStep]?
    /// What `now()` stands for while one statement makes its copies, in microseconds since 1970; nil is the time itself.
    var moment: Int64?
    /// The collections that this session is migrating into.
    var targetLocks: [Site: TargetLock] = [:]
    /// How many plans are running, one inside the other: of a script that another includes.
    var planDepth = 0
    /// Writes that a dry run has shown instead of doing.
    var plannedWrites = 0
    /// Whether the step that was asked for has come.
    var hasReachedStep = false
    /// How many steps are running, one inside the other.
    var stepDepth = 0
    /// How many statements are running, one inside the other, of those that the transcript has as one.
    var recordDepth = 0
    /// What the blocks that run now have locked, the innermost last.
    var held: [HeldLease] = []
    /// Files that are being included, to notice one that includes itself.
    var including: [String] = []
    package nonisolated let history: History
    /// The line about connections that stands above the prompt.
    var shownStatus = ""

    package init(_ invocation: Invocation, transcript: Transcript? = nil) {
        self.invocation = invocation
        messages = Messages(invocation, secrets: secrets, transcript: transcript)
        names = NameCache(isEager: invocation.isInteractive)
        let keepsHistory = invocation.isInteractive && invocation.keepsHistory
        if keepsHistory { Folders.make(above: invocation.historyPath) }
        history = History(path: keepsHistory ? invocation.historyPath : nil)
        settings.format = invocation.format
    }

    package func define(_ name: String, _ text: String) {
        variables[name] = .text(text)
        if Secrets.isSecret(name: name) { secrets.add(text) }
    }

    var isDryRun: Bool { invocation.isDryRun || planDepth > 0 }

    package var definedNames: Set<String> { Set(variables.keys) }

    /// Closes every connection.
    package func close() async {
        for connection in connections { await connection.store?.close() }
        connections = []
    }
}

/// What `set` changes.
struct Settings: Sendable {
    /// Nil is the table.
    var format: Format?
    var isPaged = true
    var isTimed = false

    static let names: [(name: String, summary: String)] = [
        ("format", "how results are written: table, vertical, json, jsonl, csv"),
        ("pager", "whether long results go through a pager: on, off"),
        ("timing", "whether every command says how long it took: on, off"),
    ]
}

// MARK: Connections

extension Session {
    func connection(_ name: String) -> Connection? { connections.first { $0.name == name } }

    /// The open store of a connection; one that waited is opened now.
    func store(_ name: Located<String>) async throws -> any Store {
        guard let place = connections.firstIndex(where: { $0.name == name.value }) else {
            throw unknownConnection(name)
        }
        if let store = connections[place].store { return store }
        let connection = connections[place]
        do throws(StoreError) {
            let store = try await connection.opened()
            keep(store, for: connection.name)
            return store
        } catch {
            var failure = Failure(error, at: name.span)
            failure.exit = .unreachable
            throw failure
        }
    }

    func keep(_ store: any Store, for name: String) {
        guard let place = connections.firstIndex(where: { $0.name == name }) else { return }
        connections[place].store = store
        names.opened(name, store)
    }

    func unknownConnection(_ name: Located<String>) -> Failure {
        let known = connections.map(\.name)
        let suggestion = Suggestion.nearest(to: name.value, in: known).map { "did you mean '\($0)'?" }
        let list =
            known.isEmpty ? "there is none yet: connect NAME to URI" : "there are \(known.joined(separator: ", "))"
        return Failure("E0401", "no connection '\(name.value)'", at: name.span, help: [suggestion ?? list])
    }

    /// The one collection that a reference names.
    func place(_ reference: Located<Reference>) async throws -> Place {
        let connection = try connectionName(reference)
        guard let name = reference.value.name, !name.isEmpty else {
            throw Failure(
                "E0402", "a collection is missing", at: reference.span,
                help: ["write \(connection.value):NAME; `list collections \(connection.value)` shows them"])
        }
        guard !Pattern.isPattern(name) else {
            throw Failure("E0403", "a pattern cannot stand here", at: reference.span, help: ["name one collection"])
        }
        let store = try await store(connection)
        return Place(connection: connection.value, name: name, store: store, span: reference.span)
    }

    func connectionName(_ reference: Located<Reference>) throws -> Located<String> {
        guard let name = reference.value.connection ?? current else {
            let name = reference.value.name ?? ""
            let isConnection = connection(name) != nil
            throw Failure(
                "E0404", "no connection is named", at: reference.span,
                help: [
                    isConnection
                        ? "'\(name)' is a connection: write \(name):NAME"
                        : "write CONNECTION:NAME, or choose one with `use CONNECTION`"
                ])
        }
        return Located(name, at: reference.span)
    }

    /// All collections that a reference means: one, those that a pattern fits, or all.
    func places(_ reference: Located<Reference>) async throws -> [Place] {
        let connection = try connectionName(reference)
        let pattern = reference.value.name ?? "*"
        guard Pattern.isPattern(pattern) else { return [try await place(reference)] }
        let store = try await store(connection)
        let all = try await blaming(reference.span) { try await store.collections() }
        return all.filter { Captures(pattern).match($0) != nil && !GenerationName.isOne($0) }.map {
            Place(connection: connection.value, name: $0, store: store, span: reference.span)
        }
    }
}

enum Pattern {
    static func isPattern(_ name: String) -> Bool {
        name.contains("*") || name.contains("?") || name.contains("<")
    }
}
