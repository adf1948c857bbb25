import Glibc
import JSON
import Language
import Model
import Transfer

/// A function of the language: its text and what it does.
struct BuiltIn: Sendable {
    let function: Function
    let run: @Sendable ([Located<Value>], Span, isolated Session) async throws -> Value

    init(
        _ usage: String, _ summary: String, arity: ClosedRange<Int> = 1...1, argument: Slot.Kind = .expression,
        run: @escaping @Sendable ([Located<Value>], Span, isolated Session) async throws -> Value
    ) {
        let name = String(usage.prefix { $0 != "(" })
        function = Function(name, usage, summary, arity: arity, argument: argument)
        self.run = run
    }

    static let all = about + outside
}

// MARK: About collections

extension BuiltIn {
    private static let about = [
        BuiltIn("count(R)", "how many records a collection has, or how many elements a list", argument: .collection) {
            given, _, session in
            if let elements = given[0].value.elements { return .integer(Int64(elements.count)) }
            return try await session.reading(given[0]) { .integer(Int64(try await $0.count(nil))) }
        },
        BuiltIn("exists(T)", "whether a collection is there, or a connection can be reached", argument: .target) {
            given, _, session in .bool(try await session.exists(given[0]))
        },
        BuiltIn(
            "dim(R)", "the dimension of its vectors; where there are several, they must agree", argument: .collection
        ) {
            given, span, session in
            let vectors = try await session.shape(given[0]).vectors.compactMap(\.dimension)
            return .integer(Int64(try agreed(vectors, "dimension", span)))
        },
        BuiltIn(
            "metric(R)", "the metric of its vectors; where there are several, they must agree", argument: .collection
        ) {
            given, span, session in
            let shape = try await session.shape(given[0])
            guard let metrics = Optional(shape.vectors.compactMap(\.metric)), !metrics.isEmpty else { return .null }
            return .word(try agreed(metrics, "metric", span).rawValue)
        },
        BuiltIn("fields(R)", "the names of its fields, vectors among them", argument: .collection) {
            given, _, session in
            let shape = try await session.shape(given[0])
            return .list((shape.vectors.map(\.name) + shape.fields.map(\.name)).map(Value.text))
        },
        BuiltIn("alias_target(R)", "the collection that an alias stands for, or null", argument: .collection) {
            given, _, session in
            let place = try await session.place(session.reference(given[0]))
            let aliases = try await place.use { store, _ in try await store.aliasing?.aliases() ?? [:] }
            return aliases[place.name].map(Value.text) ?? .null
        },
        BuiltIn("index_state(R)", "finished, building or failed, over all its indexes", argument: .collection) {
            given, _, session in
            let place = try await session.place(session.reference(given[0]))
            let states = try await place.use { try await $0.describe($1).states.values.map(\.phase) }
            return .word(states.contains(.failed) ? "failed" : states.contains(.building) ? "building" : "finished")
        },
        BuiltIn("collections(C)", "the names of a connection's collections; a pattern picks some", argument: .target) {
            given, _, session in
            .list(try await session.places(session.target(given[0])).map { .text($0.name) })
        },
        BuiltIn("version(C)", "the version of the engine behind a connection", argument: .connection) {
            given, _, session in
            let name = Located(given[0].value.description, at: given[0].span)
            return .text(try await session.store(name).facts.version)
        },
    ]

    private static func agreed<Item: Hashable>(_ items: [Item], _ what: String, _ span: Span) throws -> Item {
        guard let first = items.first, Set(items).count == 1 else {
            throw Failure(
                "E0315",
                items.isEmpty ? "the collection has no vector with a \(what)" : "its vectors differ in \(what)",
                at: span)
        }
        return first
    }
}

// MARK: The world outside

extension BuiltIn {
    private static let outside = [
        BuiltIn(
            "env(X[, DEFAULT])", "an environment variable; unset without a default is an error", arity: 1...2,
            argument: .name
        ) {
            given, _, session in
            let name = Located(given[0].value.description, at: given[0].span)
            if given.count == 2, session.invocation.environment[name.value] == nil { return given[1].value }
            return .text(try session.environment(name))
        },
        BuiltIn("now()", "the time, in UTC", arity: 0...0) { _, _, session in
            .text(Timestamp.text((session.moment ?? Timestamp.now) / 1_000_000 * 1_000_000))
        },
        BuiltIn("uuid5(x)", "the UUID that RFC 4122 makes of a text, in its URL namespace") { given, _, _ in
            .text(UUID(urlName: given[0].value.description).description)
        },
        BuiltIn("lines(P)", "the lines of a file, without empty ones", argument: .path) { given, _, session in
            let text = try await session.fileText(Located(given[0].value.description, at: given[0].span))
            return .list(text.split(whereSeparator: \.isNewline).map { .text(String($0)) })
        },
        BuiltIn("pointed(U)", "what a pointer says, or null", argument: .uri(of: .pointer)) { given, _, session in
            let uri = Located(given[0].value.description, at: given[0].span)
            return try await session.pointerValue(uri).map(Value.text) ?? .null
        },
        BuiltIn("file_exists(P)", "whether a file or folder is there", argument: .path) { given, _, session in
            .bool(access(session.expanded(given[0].value.description), F_OK) == 0)
        },
        BuiltIn("disk_free(P)", "the bytes that are free where a path lies", argument: .path) { given, span, session in
            var facts = statvfs()
            let path = session.expanded(given[0].value.description)
            guard statvfs(path, &facts) == 0 else {
                throw Failure("E0602", "cannot look at \(path): \(String(cString: strerror(errno)))", at: span)
            }
            return .integer(Int64(facts.f_bavail) * Int64(facts.f_frsize))
        },
    ]
}

extension Session {
    /// A reference to one collection, however it was given.
    func reference(_ given: Located<Value>) throws -> Located<Reference> {
        try Parameter<Located<Reference>>.collection("R", "").read(.value(given))
    }

    func target(_ given: Located<Value>) throws -> Located<Reference> {
        try Parameter<Located<Reference>>.target("T", "").read(.value(given))
    }

    func reading<Result: Sendable>(
        _ given: Located<Value>, _ body: (any Reading) async throws -> Result
    ) async throws -> Result {
        try await place(reference(given)).reading(body)
    }

    func shape(_ given: Located<Value>) async throws -> Model.Collection {
        try await place(reference(given)).use { try await $0.describe($1).collection }
    }

    /// Whether it is there: what cannot be reached is not.
    func exists(_ given: Located<Value>) async throws -> Bool {
        let target = try target(given)
        guard let name = target.value.name else {
            let connection = try connectionName(target)
            guard self.connection(connection.value) != nil else { return false }
            return (try? await store(connection).collections()) != nil
        }
        let place = try await place(
            Located(Reference(connection: target.value.connection, name: name), at: target.span))
        do throws(StoreError) {
            _ = try await place.store.describe(name)
            return true
        } catch {
            if error.code == .notFound { return false }
            throw Failure(error, at: target.span)
        }
    }
}
