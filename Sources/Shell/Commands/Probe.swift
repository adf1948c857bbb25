import Depot
import JSON
import Language
import Model

extension Command {
    static let probe = Command(
        Signature(
            "probe", .look, "Look into a database, a folder or a pointer that is not connected", [uri.form],
            clauses: [Clause("with", [options.form], "The store's own options; `help stores` lists them")],
            details: """
                What is there, how much it is, what stands in the way of reading it, and how long reading all of it takes at the
                speed of a first second. Nothing is written. Of a pointer it shows what it says, and who made it say so.
                """,
            examples: [
                Example("probe sqlite://./session.db", "What is in a file."),
                Example("probe file://./current", "What a pointer says, and since when."),
            ])
    ) { call, session in
        let uri = try call[uri]
        let endpoint = try Connecting.endpoint(uri)
        if PointerPlace.schemes.contains(endpoint.scheme) {
            let document = try await session.pointerDocument(uri)
            return try await session.answer(call) { try await $0.print(document) }
        }
        let kind = try Connecting.kind(of: endpoint, at: uri.span)
        var given = try Connecting.options(call.optional(options), kind, session.secrets)
        // What is only looked at is not made.
        if kind.options.contains(where: { $0.name == "create" }) { given["create"] = "no" }
        if let password = endpoint.password { session.secrets.add(password) }
        let connection = Connection(name: "it", endpoint: endpoint, kind: kind, options: given, isReadOnly: true)
        let document = try await session.probe(connection, at: uri.span)
        try await session.answer(call) { try await $0.print(document) }
    }
}

private let uri = Parameter<Located<String>>.text("uri", kind: .uri(of: .anything), "What to look into")
private let options = Parameter<Options>.options("with", [], "The store's own options")

/// A collection that was come upon.
private struct Find {
    var place: Place
    var description: Description
    var tally: Tally
}

extension Session {
    fileprivate func probe(_ connection: Connection, at span: Span) async throws -> JSONValue {
        let store = try await blaming(span) { try await connection.opened() }
        do {
            let document = try await document(of: store, connection, span)
            await store.close()
            return document
        } catch {
            await store.close()
            throw error
        }
    }

    private func document(of store: any Store, _ connection: Connection, _ span: Span) async throws -> JSONValue {
        var finds: [Find] = []
        for name in try await blaming(span, { try await store.collections() }) {
            let place = Place(connection: connection.name, name: name, store: store, span: span)
            let description = try await place.use { try await $0.describe($1) }
            finds.append(Find(place: place, description: description, tally: try await place.tally()))
        }
        let records = finds.reduce(0) { $0 + $1.tally.records }
        var seconds = 0.0
        if let largest = finds.max(by: { $0.tally.records < $1.tally.records }), records > 0 {
            seconds = Double(records) / (try await rate(of: largest.place))
        }
        let sizes = finds.compactMap(\.description.bytes)
        return [
            "uri": .string(secrets.redacted(connection.endpoint.description)), "store": .string(connection.kind.scheme),
            "version": .string(store.facts.version), "records": .integer(Int64(records)),
            "bytes": .optional(sizes.count == finds.count ? sizes.reduce(0, +) : nil),
            "disk_bytes": .optional(await diskBytes(connection.endpoint)), "read_s": .double(seconds.rounded(to: 2)),
            "collections": .array(
                finds.map { Summary.document($0.description, store: connection.kind.scheme, $0.tally) }),
        ]
    }

    /// How much a file or a folder of this machine takes; nil for a server.
    private func diskBytes(_ endpoint: Endpoint) async -> Int? {
        guard endpoint.host.isEmpty, !endpoint.path.isEmpty else { return nil }
        let place = isFolder(endpoint.path) ? DiskFolder(endpoint.path) : DiskFolder(file: endpoint.path)
        return (try? await place.files())?.reduce(0) { $0 + $1.bytes }
    }

    /// Records a second, as far as the first second tells.
    private func rate(of place: Place) async throws -> Double {
        try await place.reading { reading in
            let start = ContinuousClock.now
            var (slice, records) = (Slice.whole, 0)
            while ContinuousClock.now - start < .seconds(1), let page = try await reading.page(Scan(slice: slice)) {
                records += page.batch.count
                slice.after = page.end
            }
            return max(1, Double(records)) / max(1e-6, (ContinuousClock.now - start).inSeconds)
        }
    }
}
