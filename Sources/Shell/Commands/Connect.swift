import Glibc
import Language
import Model
import Stores

extension Command {
    static let connect = Command(
        Signature(
            "connect", .session, "Open a database under a name", [name.form, .word("to"), uri.form],
            clauses: [
                Clause("user", [user.form], user.slot.summary),
                Clause(
                    "password",
                    [
                        .choice([
                            [.word("env"), variable.form], [.word("file"), file.form], [.word("command"), shell.form],
                            [.word("prompt")],
                        ])
                    ], "Where the password comes from; it is never written down"),
                Clause("readonly", [], "Refuse every write"),
                Clause("lazy", [], "Wait for the first use"),
                Clause("with", [options.form], "The store's own options; `help stores` lists them"),
            ],
            details: "A name that is taken is connected anew. Passwords never reach history, log or messages.",
            examples: [
                Example("connect db to sqlite://./notes.db", "Open a file, or begin one."),
                Example("connect old to archive:///srv/export readonly", "Look into an archive that must not change."),
                Example("connect scratch to mem://scratch", "Collections that are gone at the end."),
            ])
    ) { call, session in
        do { try await session.connect(call) } catch var failure as Failure where failure.exit == .failed {
            failure.exit = .unreachable
            throw failure
        }
    }

    static let use = Command(
        Signature(
            "use", .session, "Choose the connection that bare names belong to", [chosen.form],
            examples: [Example("use db", "`describe :notes` is now `describe db:notes`.")])
    ) { call, session in
        let name = try call[chosen]
        guard session.connection(name.value) != nil else { throw session.unknownConnection(name) }
        session.choose(name.value)
    }

    static let disconnect = Command(
        Signature(
            "disconnect", .session, "Close a connection", [chosen.form],
            examples: [Example("disconnect db", "Close it and forget its name.")])
    ) { call, session in
        let name = try call[chosen]
        guard let connection = session.connection(name.value) else { throw session.unknownConnection(name) }
        await session.forget(connection)
        session.say(call, "\(name.value) is closed")
    }
}

private let name = Parameter<Located<String>>.named("name", "What the connection is called from now on")
private let uri = Parameter<Located<String>>.text("uri", kind: .uri(of: .store), "What to open: engine and place")
private let chosen = Parameter<Located<String>>.connection("connection", "The connection that is meant")
private let user = Parameter<Located<String>>.named("user", "The user's name")
private let variable = Parameter<Located<String>>.named(
    "variable", kind: .environment, "An environment variable that holds the password")
private let file = Parameter<Located<String>>.path("password file", "A file whose first line is the password")
private let shell = Parameter<Located<String>>.text(
    "password command", kind: .shell, "A shell command that prints the password")
private let options = Parameter<Options>.options("with", [], "The store's own options")

/// What can be said of a connection before it is opened.
enum Connecting {
    static func endpoint(_ uri: Located<String>) throws -> Endpoint {
        guard let endpoint = Endpoint(uri.value) else {
            throw Failure(
                "E0406", "'\(uri.value)' is no URI", at: uri.span,
                help: ["write scheme://place: \(storeKinds.map(\.address).joined(separator: ", "))"])
        }
        return endpoint
    }

    static func kind(of endpoint: Endpoint, at span: Span) throws -> StoreKind {
        let schemes = storeKinds.map(\.scheme)
        guard let kind = storeKinds.first(where: { $0.scheme == endpoint.scheme }) else {
            let suggestion = Suggestion.nearest(to: endpoint.scheme, in: schemes).map { "did you mean '\($0)://'?" }
            throw Failure(
                "E0407", "no store is called '\(endpoint.scheme)'", at: span,
                help: [suggestion ?? "known are \(schemes.joined(separator: ", "))"])
        }
        return kind
    }

    static func options(_ given: Options?, _ kind: StoreKind, _ secrets: Secrets) throws -> [String: String] {
        var options: [String: String] = [:]
        for (name, value) in given?.pairs ?? [] {
            guard let option = kind.options.first(where: { $0.name == name.value }) else {
                let known = kind.options.map(\.name)
                let suggestion = Suggestion.nearest(to: name.value, in: known).map { "did you mean '\($0)'?" }
                throw Failure(
                    "E0408", "\(kind.scheme):// has no option '\(name.value)'", at: name.span,
                    help: [suggestion ?? (known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")])
            }
            options[name.value] = value.value.description
            if option.isSecret { secrets.add(value.value.description) }
        }
        return options
    }
}

extension Session {
    fileprivate func connect(_ call: Call) async throws {
        let (name, uri) = (try call[name], try call[uri])
        var endpoint = try Connecting.endpoint(uri)
        let kind = try Connecting.kind(of: endpoint, at: uri.span)
        try await fill(&endpoint, call)
        var options = try Connecting.options(call.optional(options), kind, secrets)
        // What is only looked at is not made: a misspelled path is an error then.
        if call.has("readonly"), options["create"] == nil, kind.options.contains(where: { $0.name == "create" }) {
            options["create"] = "no"
        }
        let connection = Connection(
            name: name.value, endpoint: endpoint, kind: kind, options: options, isReadOnly: call.has("readonly"))
        try await connect(connection, isLazy: call.has("lazy"), at: uri.span)
        say(call, "\(name.value) is \(endpoint)")
    }

    /// Puts user and password into the endpoint.
    fileprivate func fill(_ endpoint: inout Endpoint, _ call: Call) async throws {
        if endpoint.path.hasPrefix("~/") { endpoint.path = expanded(endpoint.path) }
        if let name = try call.optional(user) { endpoint.user = name.value }
        if let password = try await password(call) { endpoint.password = password }
        if let password = endpoint.password { secrets.add(password) }
    }

    private func password(_ call: Call) async throws -> String? {
        if let name = try call.optional(variable) {
            let text = try environment(name)
            secrets.add(text)
            return text
        }
        if let path = try call.optional(file) {
            return try await fileText(path).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        }
        if let command = try call.optional(shell) { return try await firstLine(of: command) }
        guard call.has("password") else { return nil }
        guard let text = await offPool({ Question.password("Password: ") }) else {
            throw Failure("E0409", "no password was typed", at: call.verb, exit: .unreachable)
        }
        return text
    }

    fileprivate func connect(_ connection: Connection, isLazy: Bool, at span: Span) async throws {
        let isCurrent = current == connection.name
        if let old = self.connection(connection.name) {
            messages.say("\(old.name) was \(old.endpoint)")
            await forget(old)
        }
        defer { if isCurrent, self.connection(connection.name) != nil { choose(connection.name) } }
        var connection = connection
        if !isLazy {
            do { connection.store = try await connection.opened() } catch {
                var failure = Failure(error, at: span)
                failure.exit = .unreachable
                throw failure
            }
        }
        connections.append(connection)
        names.connected(connection.name, note: connection.endpoint.description)
        if let store = connection.store { names.opened(connection.name, store) }
    }

    fileprivate func choose(_ name: String) {
        current = name
        names.use(name)
    }

    fileprivate func forget(_ connection: Connection) async {
        await connection.store?.close()
        connections.removeAll { $0.name == connection.name }
        names.disconnected(connection.name)
        if current == connection.name {
            current = nil
            names.use(nil)
        }
    }
}
