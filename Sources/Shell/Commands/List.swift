import JSON
import Language
import Model
import Stores
import Transfer

extension Command {
    static let list = Command(
        Signature(
            "list", .look, "List collections, aliases, indexes, connections or stores",
            [
                .choice([
                    [.word("backups"), folder.form], [kind.form, .optional([whereToLook.form])],
                ])
            ],
            examples: [
                Example("list collections db", "What is there, with sizes and metrics."),
                Example("list collections db:doc*", "Only some."), Example("list aliases db", "Second names."),
                Example("list indexes db:notes", "One collection's indexes."),
                Example("list connections", "What is open."),
                Example("list backups ./backups", "What `backup` has written there."),
            ])
    ) { call, session in
        if let folder = try call.optional(folder) { return try await session.listBackups(in: folder, call) }
        let rows: Rows =
            switch try call[kind].value {
            case "stores": Rows.stores
            case "connections": session.connectionRows
            case "aliases": try await session.aliasRows(session.required(call))
            case "indexes": try await session.indexRows(session.required(call))
            case "jobs": session.jobRows
            case "partitions": try await session.partitionRows(session.required(call))
            default: try await session.collectionRows(session.required(call))
            }
        try await session.answer(call) { try await $0.print(rows: rows.objects, columns: rows.columns) }
    }
}

private let kind = Parameter<Located<String>>.words(
    "kind",
    [
        Slot.Choice("collections", "of a connection or pattern"), Slot.Choice("aliases", "of a connection"),
        Slot.Choice("indexes", "of a collection"), Slot.Choice("partitions", "of a collection"),
        Slot.Choice("connections", "that are open"), Slot.Choice("jobs", "copies that were begun"),
        Slot.Choice("stores", "that can be opened"),
    ], "What to list")
private let whereToLook = Parameter<Located<Reference>>.target(
    "target", "Where to look; the connection in use if none is named")

private let folder = Parameter<Located<String>>.path("folder", "A folder of backups")

private struct Rows {
    var columns: [String]
    var objects: [JSONValue]

    static var stores: Rows {
        Rows(
            columns: ["scheme", "address", "summary"],
            objects: storeKinds.map {
                ["scheme": .string($0.scheme), "address": .string($0.address), "summary": .string($0.summary)]
            })
    }
}

extension Session {
    /// The target, or the connection in use.
    fileprivate func required(_ call: Call) throws -> Located<Reference> {
        if let target = try call.optional(whereToLook) { return target }
        guard current != nil else {
            throw Failure(
                "E0404", "no connection is named", at: call.span(of: kind),
                help: ["write it behind: list \(try call[kind].value) CONNECTION"])
        }
        return Located(Reference(connection: nil, name: nil), at: call.span(of: kind))
    }

    fileprivate var jobRows: Rows {
        Rows(columns: JobFolder.columns, objects: JobFolder.rows(in: invocation.home))
    }

    fileprivate var connectionRows: Rows {
        Rows(
            columns: ["name", "uri", "readonly", "open"],
            objects: connections.map {
                [
                    "name": .string($0.name), "uri": .string(secrets.redacted($0.endpoint.description)),
                    "readonly": .bool($0.isReadOnly), "open": .bool($0.store != nil),
                ]
            })
    }

    fileprivate func collectionRows(_ target: Located<Reference>) async throws -> Rows {
        var (objects, inexact): ([JSONValue], [Place]) = ([], [])
        for place in try await places(target) {
            let tally = try await place.tally()
            if !tally.isExact { inexact.append(place) }
            let description = try await place.use { try await $0.describe($1) }
            objects.append(Summary.json(description, tally))
        }
        tellOfStatistics(inexact)
        return Rows(columns: ["name", "count", "bytes", "vectors", "metric", "aliases"], objects: objects)
    }

    fileprivate func aliasRows(_ target: Located<Reference>) async throws -> Rows {
        let store = try await store(connectionName(target))
        let aliases = try await blaming(target.span) { try await store.aliasing?.aliases() ?? [:] }
        let pattern = target.value.name ?? "*"
        let rows = aliases.filter { $0.key.matches(glob: pattern) || $0.value.matches(glob: pattern) }
        return Rows(
            columns: ["alias", "collection"],
            objects: rows.sorted { $0.key < $1.key }.map {
                ["alias": .string($0.key), "collection": .string($0.value)]
            })
    }

    fileprivate func indexRows(_ target: Located<Reference>) async throws -> Rows {
        var objects: [JSONValue] = []
        for place in try await places(target) {
            let description = try await place.use { try await $0.describe($1) }
            for index in Summary.indexes(description) {
                objects.append(.object([.init("collection", .string(place.name))] + (index.members ?? [])))
            }
        }
        let columns = ["collection", "name", "field", "type", "metric", "params", "state", "indexed", "pending"]
        return Rows(columns: columns, objects: objects)
    }

    fileprivate func partitionRows(_ target: Located<Reference>) async throws -> Rows {
        var objects: [JSONValue] = []
        for place in try await places(target) {
            for partition in try await place.use({ try await $0.describe($1).collection.partitions }) {
                objects.append(["collection": .string(place.name), "partition": .string(partition)])
            }
        }
        return Rows(columns: ["collection", "partition"], objects: objects)
    }
}
