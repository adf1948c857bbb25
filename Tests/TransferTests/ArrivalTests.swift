import Model
import Stores
import TestSupport
import Testing

@testable import Transfer

/// What every store owes to a copy: what it says that it does to values is all that it does.
@Suite struct ArrivalTests {
    enum Target: CaseIterable {
        case memory, sqlite, archive, changing

        func opened(in folder: String) async throws -> any Store {
            switch self {
            case .memory: MemoryStore()
            case .sqlite: try await SQLite.kind.open(try #require(Endpoint("sqlite://\(folder)/a.db")), [:])
            case .archive: try ArchiveStore(at: folder + "/archive")
            case .changing:
                ChangingStore(
                    MemoryStore(),
                    [
                        .normalised(vector: "v_float32"), .rounded(vector: "v_float16", to: .bfloat16),
                        .nullAsAbsent(field: Change.everyField), .reserialised(field: "extra"),
                    ])
            }
        }
    }

    @Test(arguments: Target.allCases, [1, 2] as [UInt64])
    func whatArrivesIsWhatThePlanSaid(_ kind: Target, _ seed: UInt64) async throws {
        let source: any Store = MemoryStore()
        let shape = Sample.everyType("from")
        try await source.create(shape)
        try await source.write(Generated.records(300, of: shape, seed), to: "from", .first)
        let home = try TemporaryHome()
        let target = try await kind.opened(in: home.path)
        var trip = try Trip(from: source, to: target)
        trip.request.tuning.page = Budget(records: 50)
        let folder = try await trip.folder()
        try await trip.job(folder).run()
        let likeness = Likeness(changes: try folder.plan().context.changes)
        let result = try await verified(source, "from", target, "to", likeness: likeness)
        #expect(result.isEqual && result.targetCount == 300 + Sample.lines.count, "\(kind): \(result.examples)")
        let fetched = try await verified(source, "from", target, "to", likeness: likeness, sample: 40)
        #expect(fetched.isEqual && fetched.compared == 40, "\(kind): \(fetched.examples)")
        await target.close()
    }
}
