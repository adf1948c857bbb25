import Model
import Testing

// MARK: Generations

extension Conformance {
    static let generations = [
        Conformance("promoting twice is promoting once; the old generation stays, and aliases stay with the name") {
            store in
            guard let generations = store.generations else { return }
            let (old, new) = try await staged(store, "a")
            try await store.aliasing?.point("live", to: "a")
            let move = Move(name: "a", from: old, to: new, keepingOldAs: "a_previous")
            for _ in 0..<2 {
                try await generations.swap([move])
                #expect(try await store.describe("a").identity == new)
                #expect(try await generations.list("a").map(\.collection.name) == ["a", "a_previous"])
                #expect(try await generations.list("a").map(\.identity) == [new, old])
                #expect(try await store.generationNames() == ["a", "a_previous"])
                #expect(try await store.everything(in: "a").count == 20)
                #expect(try await store.everything(in: "a_previous").count == 10)
                if store.aliasing != nil { #expect(try await store.everything(in: "live").count == 20) }
            }
        },
        Conformance("a promoted collection keeps its indexes, and takes records") { store in
            guard let generations = store.generations else { return }
            let (old, new) = try await staged(store, "a")
            if let indexing = store.indexing, let kind = indexing.kinds.first(where: { $0.subject == .field }) {
                let index = Index(name: "i", field: "page", type: kind.type)
                try await indexing.create(index, on: generations.staging(for: "a"))
            }
            try await generations.swap([Move(name: "a", from: old, to: new, keepingOldAs: "a_previous")])
            #expect(try await store.indexes(of: "a", on: "page").count == (store.indexing == nil ? 0 : 1))
            try await store.write(Sample.records(15..<30), to: "a", .again)
            try await store.settle("a")
            #expect(try await store.everything(in: "a").keys.sorted() == (0..<30).map { .integer(Int64($0)) })
            #expect(try await store.everything(in: "a_previous").count == 10)
        },
        Conformance("a swap with a wrong `from`, or of what is not there, is refused and changes nothing") { store in
            guard let generations = store.generations else { return }
            let (old, new) = try await staged(store, "a")
            let wrong = [
                Move(name: "a", from: nil, to: new, keepingOldAs: "a_previous"),
                Move(name: "a", from: Identity("another"), to: new, keepingOldAs: "a_previous"),
                Move(name: "nowhere", from: old, to: new),
            ]
            for move in wrong { await refuses(.conflict) { try await generations.swap([move]) } }
            await refuses(.notFound) {
                try await generations.swap([Move(name: "a", from: old, to: Identity("another"))])
            }
            #expect(try await store.describe("a").identity == old)
            #expect(try await store.everything(in: "a").count == 10)
            #expect(try await store.describe(generations.staging(for: "a")).identity == new)
        },
        Conformance("of several moves none is made if one cannot be") { store in
            guard let generations = store.generations else { return }
            let (a, b) = (try await staged(store, "a"), try await staged(store, "b"))
            let first = Move(name: "a", from: a.old, to: a.new, keepingOldAs: "a_previous")
            let second = Move(name: "b", from: b.old, to: b.new, keepingOldAs: "b_previous")
            var wrong = second
            wrong.from = a.old
            await refuses(.conflict) { [wrong] in try await generations.swap([first, wrong]) }
            #expect(try await store.describe("a").identity == a.old)
            try await generations.swap([first, second])
            #expect(try await store.describe("a").identity == a.new)
            #expect(try await store.describe("b").identity == b.new)
            try await generations.swap([first, second])
            #expect(try await store.generationNames() == ["a", "a_previous", "b", "b_previous"])
        },
        Conformance("what is kept grows older; the way back is a swap too") { store in
            guard let generations = store.generations else { return }
            var live = try await staged(store, "a").old
            var made = [live]
            for _ in 0..<3 {
                let staging = try await generations.staging(for: "a")
                let new = try await store.create(Sample.plain(staging))
                try await generations.swap([Move(name: "a", from: live, to: new, keepingOldAs: "a_previous")])
                made.insert(new, at: 0)
                live = new
            }
            #expect(try await generations.list("a").map(\.identity) == made)
            try await generations.swap([Move(name: "a", from: live, to: made[1], keepingOldAs: nil)])
            #expect(try await generations.list("a").map(\.identity).first == made[1])
            #expect(Set(try await generations.list("a").map(\.identity)) == Set(made))
        },
        Conformance("a name that nothing has yet can be promoted to; an alias cannot") { store in
            guard let generations = store.generations else { return }
            let new = try await store.create(Sample.plain(generations.staging(for: "a")))
            #expect(try await generations.list("a").isEmpty)
            try await generations.swap([Move(name: "a", from: nil, to: new, keepingOldAs: "a_previous")])
            #expect(try await store.generationNames() == ["a"])
            guard let aliasing = store.aliasing else { return }
            guard !generations.isByAlias else {
                try await store.create(Sample.plain("own"))
                await refuses(.conflict) { _ = try await generations.staging(for: "own") }
                return await refuses(.conflict) {
                    try await generations.swap([Move(name: "own", from: store.describe("own").identity, to: new)])
                }
            }
            try await aliasing.point("live", to: "a")
            guard !generations.mayBeByAlias else { return }
            await refuses(.conflict) { _ = try await generations.staging(for: "live") }
        },
        Conformance("a live name that is an alias moves; what it meant is kept by another, and goes by that") { store in
            guard let generations = store.generations, generations.mayBeByAlias else { return }
            var made = [try await store.create(Sample.plain("a_own"))]
            try await store.aliasing?.point("a", to: "a_own")
            try await store.aliasing?.point("live", to: "a_own")
            for count in [20, 30] {
                let staging = try await generations.staging(for: "a")
                made.insert(try await store.create(Sample.plain(staging)), at: 0)
                try await store.write(Sample.records(0..<count), to: staging, .first)
                try await store.settle(staging)
                let move = Move(name: "a", from: made[1], to: made[0], keepingOldAs: "a_previous")
                for _ in 0..<2 { try await generations.swap([move]) }
                #expect(try await generations.list("a").map(\.identity) == made)
                for name in ["a", "live"] { #expect(try await store.everything(in: name).count == count) }
            }
            #expect(try await store.collections().contains("a_own"))
            await refuses(.conflict) { [made] in try await store.drop("live", being: made[0]) }
            try await store.drop("a_previous_2", being: made[2])
            #expect(try await generations.list("a").map(\.identity) == Array(made.prefix(2)))
            #expect(try await !store.collections().contains("a_own"))
            try await generations.swap([Move(name: "a", from: made[0], to: made[1], keepingOldAs: nil)])
            #expect(try await generations.list("a").map(\.identity) == [made[1], made[0]])
            #expect(try await store.everything(in: "live").count == 20)
        },
        Conformance("readers see the old collection or the new one, and what is open goes on") { store in
            guard let generations = store.generations, generations.isAtomic else { return }
            let (old, new) = try await staged(store, "a")
            let open = try await store.read("a", at: nil)
            let readers = Task {
                var seen: Set<Int> = []
                while !Task.isCancelled {
                    do { seen.insert(try await store.everything(in: "a").count) } catch let error as StoreError {
                        guard error.code == .cancelled else { throw error }
                    }
                }
                return seen
            }
            for _ in 0..<10 {
                try await generations.swap([Move(name: "a", from: old, to: new)])
                try await generations.swap([Move(name: "a", from: new, to: old)])
            }
            readers.cancel()
            #expect(try await readers.value.subtracting([10, 20]).isEmpty)
            if store.facts.moment != .none { #expect(try await open.count(nil) == 10) }
            await open.close()
        },
    ]

    /// A live collection of ten records, and one of twenty that is to take its place.
    private static func staged(_ store: any Store, _ name: String) async throws -> (old: Identity, new: Identity) {
        let staging = try await store.generations?.staging(for: name) ?? name
        #expect(staging != name)
        let isByAlias = store.generations?.isByAlias == true
        let own = isByAlias ? name + "_own" : name
        let old = try await store.create(Sample.plain(own))
        if isByAlias { try await store.aliasing?.point(name, to: own) }
        try await store.write(Sample.records(0..<10), to: name, .first)
        let new = try await store.create(Sample.plain(staging))
        try await store.write(Sample.records(0..<20), to: staging, .first)
        for name in [name, staging] { try await store.settle(name) }
        return (old, new)
    }
}

extension Store {
    /// The names that generations have: those of collections, or aliases where they make collections live.
    fileprivate func generationNames() async throws -> [String] {
        guard generations?.isByAlias == true else { return try await collections() }
        return try await aliasing?.aliases().keys.filter { $0 != "live" }.sorted() ?? []
    }
}
