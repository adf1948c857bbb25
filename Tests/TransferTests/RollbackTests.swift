import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// What a job has brought is taken out again, and nothing else.
@Suite struct RollbackTests {
    private let source: any Store = MemoryStore()
    private let target: any Store = MemoryStore()

    /// A job from records `0..<20`, beside others in its target.
    private func plan(_ mapping: Mapping, besides others: Range<Int>?) async throws -> Plan {
        try await source.create(Sample.plain("from"))
        try await source.write(Sample.records(0..<20), to: "from", .first)
        var trip = try Trip(from: source, to: target)
        if let others {
            let made = try mapping.shape(of: Sample.plain("from"), named: "to")
            try await target.create(made)
            var records = Sample.records(others)
            for field in made.fields.dropFirst(records.fields.count) {
                var column = ColumnBuilder(field.type)
                for _ in others { column.append(bytes: "another".utf8) }
                records.fields.append(column.column())
            }
            try await target.write(records, to: "to", .first)
        }
        trip.request.mapping = mapping
        trip.request.existing = .append
        if mapping.keys == .auto { trip.slices = 1 }
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        return try folder.plan()
    }

    private func rollback(_ plan: Plan, isMarkedAlone: Bool = false, isTargetOurs: Bool = false) async throws -> Int {
        try await Rollback(
            of: plan, from: source, to: target, isMarkedAlone: isMarkedAlone, isTargetOurs: isTargetOurs
        ).run()
    }

    private var count: Int {
        get async throws { try await target.everything(in: "to").count }
    }

    @Test func recordsAreKnownByWhatEachOfThemGot() async throws {
        let plan = try await plan(Mapping(set: ["tenant": "a"]), besides: 10..<40)
        // Ten of those that stood there were replaced, and are gone with the others.
        #expect(try await count == 40)
        try await source.write(Sample.records(30..<35), to: "from", .again)
        #expect(try await rollback(plan) == 20)
        #expect(try await count == 20)
    }

    @Test func whatHasGoneFromTheSourceIsFoundByItsMarks() async throws {
        let plan = try await plan(Mapping(set: ["tenant": "a"], keys: .hash), besides: 20..<30)
        try await source.delete([.integer(3), .integer(4)], from: "from")
        #expect(try await rollback(plan, isMarkedAlone: true) == 20)
        #expect(try await count == 10)
    }

    @Test func numberedRecordsAreFoundByTheirMarks() async throws {
        var mapping = Mapping(set: ["tenant": "a"], keys: .auto)
        mapping.tellApart("from", 3)
        let plan = try await plan(mapping, besides: nil)
        #expect(try await target.everything(in: "to").keys.min() == .integer(3 << 40 + 1))
        await #expect(throws: JobError.self) { try await rollback(plan) }
        #expect(try await rollback(plan, isMarkedAlone: true) == 20)
        #expect(try await count == 0)
    }

    @Test func withoutMarksOnlyAnOwnTargetIsTouched() async throws {
        let plan = try await plan(.identity, besides: 20..<30)
        await #expect(throws: JobError.self) { try await rollback(plan) }
        #expect(try await count == 30)
        #expect(try await rollback(plan, isTargetOurs: true) == 20)
        #expect(try await count == 10)
    }

    @Test func keysOfSeveralSourcesAreCompared() async throws {
        let store = source
        for (name, range) in [("a", 0..<50), ("b", 48..<100), ("c", 200..<210)] {
            try await store.create(Sample.plain(name))
            try await store.write(Sample.records(range), to: name, .first)
        }
        func pairs(_ mapping: (String) -> Mapping, sample: Int? = nil, held: Int = 1_000) async throws -> [KeyCollisions
            .Pair]
        {
            var search = KeyCollisions(
                of: ["a", "b", "c"].map { .init(store, $0, nil, mapping($0)) }, sample: sample)
            search.held = held
            return try await search.find()
        }
        for held in [1_000, 10] {
            let found = try await pairs({ _ in .identity }, held: held)
            #expect(found.map { [$0.first, $0.second, $0.count] } == [[0, 1, 2]])
        }
        #expect(try await pairs({ Mapping(keys: .uuid5, keyPrefix: $0) }).isEmpty)
        #expect(try await pairs({ _ in Mapping(keys: .hash) }).count == 1)
        #expect(try await pairs({ _ in .identity }, sample: 3).isEmpty)
    }

    @Test(arguments: [CollisionRule.first, .last, .rekey])
    func recordsOfOneKeyGiveWay(_ rule: CollisionRule) async throws {
        let shape = Collection(
            name: "", key: KeyField(type: .id), vectors: Sample.plain("").vectors, fields: Sample.plain("").fields)
        let uuid = UUID(high: 1, low: 2)
        for (name, range) in [("a", 0..<50), ("b", 48..<100), ("c", 49..<60)] {
            var own = shape
            own.name = name
            try await source.create(own)
            var records = Sample.records(range)
            records.keys[range.count - 1] = .uuid(uuid)
            try await source.write(records, to: name, .first)
        }
        var mappings = ["a", "b", "c"].map { name in
            var mapping = Mapping(set: ["tenant": .string(name)])
            mapping.collisions = rule
            mapping.tellApart(name, 0)
            return mapping
        }
        func search() -> KeyCollisions {
            KeyCollisions(of: zip(["a", "b", "c"], mappings).map { .init(source, $0, nil, $1) })
        }
        let keys = try await search().givingWay(by: rule)
        // a has 0…48 and the UUID, b 48…98 and the UUID, c 49…58 and the UUID.
        #expect(keys.map(\.count) == (rule == .last ? [2, 11, 0] : [0, 2, 11]))
        let own = try await source.describe("a").collection
        for place in mappings.indices { mappings[place].giveWay(keys[place], of: own) }
        #expect(try await search().find().isEmpty)
        for mapping in mappings { #expect(Mapping(json: mapping.json) == mapping) }
        for (name, mapping) in zip(["a", "b", "c"], mappings) {
            var trip = try Trip(from: source, to: target)
            trip.request.source.collection = name
            (trip.request.mapping, trip.request.existing) = (mapping, name == "a" ? .fail : .append)
            try await trip.job(trip.folder()).run()
        }
        #expect(try await count == (rule == .rekey ? 113 : 100))
    }

    @Test func aTargetIsWrittenByOneMigration() throws {
        let home = try TemporaryHome()
        let site = Site(connection: "a", endpoint: "mem://a", collection: "docs")
        let first = try TargetLock(site, for: "job abc", in: home.path)
        first.note("job def")
        let error = #expect(throws: JobError.self) { _ = try TargetLock(site, for: "job ghi", in: home.path) }
        #expect(error?.message.contains("job def is writing a:docs") == true)
        _ = try TargetLock(Site(connection: "a", endpoint: "mem://a", collection: "code"), for: "x", in: home.path)
        withExtendedLifetime(first) {}
    }

    @Test func aTimelineStaysShort() throws {
        let timeline = Timeline()
        for _ in 0..<1_000 { timeline.add(records: 2, bytes: 10, took: .milliseconds(1)) }
        let (width, steps) = timeline.steps
        #expect(width >= .milliseconds(50) && steps.count <= 240)
        #expect(steps.reduce(0) { $0 + $1.records } == 2_000)
    }
}
