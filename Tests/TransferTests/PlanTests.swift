import JSON
import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

@Suite struct PlanTests {
    private static let mappings: [Mapping] = [
        .identity, Mapping(fields: ["a", "b"]), Mapping(rename: ["é": "e", "x": "y"], keys: .uuid5, keepKeyAs: "old"),
        Mapping(set: ["at": "now"], moments: ["at"], keys: .hash, keyPrefix: "a/", norms: "length"),
        Mapping(set: ["t": "x", "n": 5, "d": 0.5, "b": true, "z": nil, "l": [1, ["m": "n"]]]),
    ]

    @Test(arguments: mappings) func aMappingComesBackFromJSON(_ mapping: Mapping) throws {
        #expect(Mapping(json: try JSONValue(mapping.json.indented())) == mapping)
    }

    @Test func everyFilterComesBackFromJSON() throws {
        for filter in Sample.filters {
            #expect(Filter(json: try JSONValue(filter.json.indented())) == filter)
        }
    }

    private func plan(_ shape: Collection) async throws -> Plan {
        let (from, to): (any Store, any Store) = (MemoryStore(), MemoryStore())
        try await from.create(shape)
        let site = Site(connection: "a", endpoint: "mem://a", collection: shape.name)
        let request = CopyRequest(source: site, target: Site(connection: "b", endpoint: "mem://b", collection: "to"))
        return try await Planner(request, from: from, to: to).plan()
    }

    @Test(arguments: [Sample.everyType("every"), Sample.plain("plain"), Sample.everyType("id", key: .id)])
    func aPlanComesBackFromItsFile(_ shape: Collection) async throws {
        var plan = try await plan(shape)
        plan.context.filter = Sample.filters.last
        plan.context.mapping = Self.mappings[2]
        plan.context.including = ["aliases"]
        plan.slices = [Slice(index: 0, through: Cursor("é\u{0}")), Slice(index: 1, after: Cursor("é\u{0}"))]
        plan.tuning.rate = 5
        plan.tuning.rejects = "r.jsonl"
        (plan.tuning.bandwidth, plan.tuning.flushEvery, plan.tuning.state) = (7, 8, "/s.json")
        plan.context.limit = 9
        plan.existing = .replace
        let home = try TemporaryHome()
        let again = try JobFolder.create(plan, in: home.path).plan()
        #expect(again.context == plan.context && again.slices == plan.slices && again.tuning == plan.tuning)
        #expect(again.moment == plan.moment && again.verdicts == plan.verdicts && again.existing == plan.existing)
        #expect(again.records == plan.records && again.bytes == plan.bytes)
        #expect(again.context.fingerprint == plan.context.fingerprint)
    }

    @Test func aPlanThatHasLostASliceIsRefused() async throws {
        let json = try await plan(Sample.plain("a")).json
        for slices in ["[]", #"[{"after":null}]"#, #"[{"index":0},{"index":0}]"#] {
            let members = (json.members ?? []).map {
                $0.name == "slices" ? JSONValue.Member("slices", (try? JSONValue(slices)) ?? .null) : $0
            }
            #expect(throws: JobError.self) { try Plan(json: .object(members)) }
        }
    }

    @Test func aJobIsFoundByWhatWasAskedFor() async throws {
        let plan = try await plan(Sample.plain("a"))
        let home = try TemporaryHome()
        let folder = try JobFolder.create(plan, in: home.path)
        #expect(JobFolder.asked(plan.context.fingerprint, in: home.path)?.id == folder.id)
        var other = plan.context
        other.mapping = Self.mappings[1]
        #expect(JobFolder.asked(other.fingerprint, in: home.path) == nil)
        #expect(JobFolder.find(String(folder.id.prefix(4)), in: home.path)?.id == folder.id)
    }
}
