import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// Copies into stores that change values on the way: a right one is equal, a wrong one is not.
@Suite struct ChangeTests {
    private static let cases: [[Change]] = [
        [.normalised(vector: "v_float32")], [.rescaled(vector: "v_float32")],
        [.rounded(vector: "v_float32", to: .float16)],
        [.rounded(vector: "v_float32", to: .bfloat16)], [.rounded(vector: "v_float16", to: .float32)],
        [.normalised(vector: "v_float32"), .rounded(vector: "v_float32", to: .float16)],
        [.dropped(field: "f_int64"), .dropped(field: "extra"), .dropped(field: "v_multi")],
        [.dropped(field: Change.everyField)], [.rekeyed],
        [.nullAsAbsent(field: "f_text"), .nullAsAbsent(field: "extra")], [.absentAsNull(field: "f_int64")],
        [.nullAsAbsent(field: Change.everyField)],
        [.reserialised(field: "f_json"), .reserialised(field: "extra")], [.reserialised(field: Change.everyField)],
    ]

    private static let lines = [
        #"{"key":"long","vectors":{"v_float32":[3,4,0,0,0,0,0,0.1],"v_multi":[[1,2]]},"fields":{"f_int64":5,"f_json":{"a":[1.0,{"b":2,"c":1e2}]},"extra":{"x":1.0,"y":-7.0}}}"#,
        #"{"key":"zero","vectors":{"v_float32":[0,0,0,0,0,0,0,0]},"fields":{"f_text":null,"extra":null,"other":null}}"#,
        #"{"key":"bare","vectors":{"v_float16":[1,2,3,4,5,6,7,8]},"fields":{"f_int64":null,"f_json":null}}"#,
    ]

    private func trip(_ changes: [Change], isDeclared: Bool) async throws -> (Trip, Plan) {
        let source: any Store = MemoryStore()
        try await source.create(Sample.everyType("from"))
        try await source.write(Sample.batch(Self.lines, of: Sample.everyType("from")), to: "from", .first)
        let target: any Store = ChangingStore(MemoryStore(), changes, isRoundingDeclared: isDeclared)
        let trip = try Trip(from: source, to: target)
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        return (trip, try folder.plan())
    }

    @Test(arguments: cases, [true, false])
    func aCopyThatTheTargetChangedIsEqual(_ changes: [Change], _ isDeclared: Bool) async throws {
        let (trip, plan) = try await trip(changes, isDeclared: isDeclared)
        #expect(plan.context.changes == changes)
        let likeness = Likeness(changes: plan.context.changes)
        let result = try await verified(trip.source, "from", trip.target, "to", likeness: likeness)
        #expect(result.isEqual && result.sourceCount == 3, "\(result.examples)")
        // The rule forgives what it is about, and nothing else.
        let strict = try await verified(trip.source, "from", trip.target, "to")
        let isWider = changes == [.rounded(vector: "v_float16", to: .float32)]
        #expect(strict.isEqual == isWider, "\(changes)")
        try await trip.target.write(Self.altered(trip.target), to: "to", .again)
        let altered = try await verified(trip.source, "from", trip.target, "to", likeness: likeness)
        guard changes != [.rekeyed] else { return #expect((altered.missing, altered.extra) == (1, 1)) }
        #expect(altered.different == 1 && altered.missing + altered.extra == 0, "\(altered)")
        #expect(altered.examples[0].why.contains("expected 5, found 6") || altered.examples[0].why.contains("f_float"))
    }

    /// The same record with another number, in a field that the target has.
    private static func altered(_ store: any Store) async throws -> Batch {
        let shape = try await store.describe("to").collection
        let isThere = shape.fields.contains { $0.name == "f_int64" }
        var line = lines[0]
        if isThere {
            line = line.replacing("\"f_int64\":5", with: "\"f_int64\":6")
        } else {
            line = line.replacing("\"f_int64\":5", with: "\"f_float\":0.5")
                .replacing(#","v_multi":[[1,2]]"#, with: "")
        }
        if !shape.isOpen { line = line.replacing(#","extra":{"x":1.0,"y":-7.0}"#, with: "") }
        return try Sample.batch([line], of: shape)
    }

    @Test(arguments: [
        [Change.normalised(vector: "v")], [.rescaled(vector: "v")], [.rounded(vector: "v", to: .float16)],
    ])
    func aVectorThatIsAnotherIsFound(_ changes: [Change]) async throws {
        let store: any Store = ChangingStore(MemoryStore(), changes, isRoundingDeclared: false)
        for name in ["a", "b"] { try await store.create(Sample.plain(name)) }
        try await store.write(Sample.records(1..<2000), to: "a", .first)
        try await store.write(Sample.records(1..<2000), to: "b", .first)
        var other = Sample.records(7..<8)
        other.vectors[0] = Sample.records(9..<10).vectors[0]
        try await store.write(other, to: "b", .again)
        let result = try await verified(store, "a", store, "b", likeness: Likeness(changes: changes))
        #expect((result.different, result.missing, result.extra) == (1, 0, 0))
        #expect(result.examples.map(\.key) == [.integer(7)])
        #expect(result.examples[0].why.hasPrefix("vector v: expected "), "\(result.examples)")
    }

    @Test func aPlanSaysWhatHappensToValues() async throws {
        let (_, plan) = try await trip(
            [
                .normalised(vector: "v_float32"), .rounded(vector: "v_float16", to: .bfloat16),
                .dropped(field: "f_int8"),
            ],
            isDeclared: true)
        let words = plan.verdicts.filter { $0.grade != .exact }.map { verdict in
            "\(verdict.subject): \(verdict.grade) \(verdict.detail.prefix { $0 != ";" })"
        }
        #expect(
            words.sorted() == [
                "field f_int8: lossy left out", "vector v_float16: lossy rounded to bfloat16",
                "vector v_float32: converted brought to length one",
            ])
        #expect(plan.verdicts.contains { $0.detail.contains("`with norms=FIELD` keeps them") })
        #expect(try Plan(json: JSONValue(plan.json.text)).context.changes == plan.context.changes)
    }

    @Test func whatIsInSyncIsNotWrittenAgain() async throws {
        let (trip, plan) = try await trip([.normalised(vector: "v_float32")], isDeclared: true)
        let left = try await trip.source.read("from", at: nil)
        let right = try await trip.target.read("to", at: nil)
        let target = Side(right, nil)
        let sync = Sync(
            source: Side(left, nil), target: target, in: trip.target,
            likeness: Likeness(changes: plan.context.changes), deleting: true)
        let result = try await sync.run()
        #expect((result.inserted, result.changed, result.deleted) == (0, 0, 0))
    }

    @Test func aRestoreIntoAStoreThatChangesIsVerified() async throws {
        let source: any Store = MemoryStore()
        try await source.create(Sample.everyType("from"))
        try await source.write(Sample.batch(Self.lines, of: Sample.everyType("from")), to: "from", .first)
        let target: any Store = ChangingStore(MemoryStore(), [.normalised(vector: "v_float32")])
        _ = try await WholeCopy(source: source, name: "from", target: target, newName: "to").run()
        let liar: any Store = ChangingStore(
            MemoryStore(), [.normalised(vector: "v_float32"), .dropped(field: "f_json")],
            saying: [.normalised(vector: "v_float32")])
        await #expect(throws: JobError.self) {
            _ = try await WholeCopy(source: source, name: "from", target: liar, newName: "to").run()
        }
    }

    @Test func aNumberThatTheTargetsTypeHasNotIsRefused() async throws {
        let source: any Store = MemoryStore()
        try await source.create(Sample.plain("from"))
        try await source.write(Sample.records(70_000..<70_001), to: "from", .first)
        let trip = try Trip(
            from: source, to: ChangingStore(MemoryStore(), [.rounded(vector: "v", to: .float16)]))
        let error = await #expect(throws: StoreError.self) { try await trip.job(trip.folder()).run() }
        #expect(error?.message.contains("key 70000") == true && error?.message.contains("float16") == true)
    }
}
