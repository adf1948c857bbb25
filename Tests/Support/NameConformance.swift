import Model
import Testing

extension Conformance {
    static let names = [
        Conformance("an alias is read like its collection, moves in one step, and is never dropped through") { store in
            guard let aliasing = store.aliasing else { return }
            try await store.create(Sample.plain("a"))
            try await store.create(Sample.plain("b"))
            try await store.write(Sample.records(0..<3), to: "b", .first)
            try await aliasing.point("live", to: "a")
            try await aliasing.point("live", to: "b")
            try await aliasing.point("live", to: "b")
            #expect(try await aliasing.aliases() == ["live": "b"])
            #expect(try await store.describe("live").collection.name == "b")
            #expect(try await store.describe("b").aliases == ["live"])
            #expect(try await store.everything(in: "live").count == 3)
            #expect(try await store.collections() == ["a", "b"])
            await refuses(.conflict) { try await aliasing.point("a", to: "b") }
            await refuses(.conflict) { try await store.drop("live", being: nil) }
            await refuses(.conflict) { try await store.create(Sample.plain("live")) }
            await refuses(.notFound) { try await aliasing.point("x", to: "nowhere") }
            try await aliasing.remove(alias: "live")
            await refuses(.notFound) { try await aliasing.remove(alias: "live") }
            #expect(try await store.everything(in: "b").count == 3)
        },
        Conformance("rename keeps the records and the aliases") { store in
            guard let renaming = store.renaming else { return }
            try await store.create(Sample.plain("a"))
            try await store.create(Sample.plain("taken"))
            try await store.write(Sample.records(0..<3), to: "a", .first)
            try await store.aliasing?.point("live", to: "a")
            await refuses(.conflict) { try await renaming.rename("a", to: "taken") }
            await refuses(.notFound) { try await renaming.rename("nowhere", to: "b") }
            let name = store.holds(Sample.plain("b c")) ? "b c" : "b_c"
            try await renaming.rename("a", to: name)
            #expect(try await store.collections() == [name, "taken"])
            #expect(try await store.everything(in: name).count == 3)
            if store.aliasing != nil { #expect(try await store.describe("live").collection.name == name) }
        },
        Conformance("indexes are listed as they were made, twice is once") { store in
            guard let indexing = store.indexing, let kind = indexing.kinds.first(where: { $0.subject == .field })
            else { return }
            try await store.create(Sample.plain("a"))
            var indexed = Sample.plain("a")
            indexed.indexes = [Index(name: "page_index", field: "page", type: kind.type)]
            let promised = store.fit(indexed, into: nil).collection.indexes
            guard let index = promised.first(where: { $0.field == "page" }) else { return }
            try await indexing.create(index, on: "a")
            try await indexing.create(index, on: "a")
            var other = index
            other.field = "v"
            await refuses(.conflict) { [other] in try await indexing.create(other, on: "a") }
            if try await !store.describe("a").collection.isOpen {
                other = Index(name: "x", field: "nothing", type: kind.type)
                await refuses(.notFound) { [other] in try await indexing.create(other, on: "a") }
            }
            #expect(try await store.indexes(of: "a", on: "page") == [index])
            #expect(try await store.describe("a").states[index.name]?.phase == .finished)
            try await indexing.drop(index: index.name, on: "a")
            await refuses(.notFound) { try await indexing.drop(index: index.name, on: "a") }
            #expect(try await store.indexes(of: "a", on: "page") == [])
        },
    ]
}

extension Store {
    /// Those on one field: some stores keep others of themselves.
    func indexes(of name: String, on field: String) async throws -> [Index] {
        try await describe(name).collection.indexes.filter { $0.field == field }
    }
}
