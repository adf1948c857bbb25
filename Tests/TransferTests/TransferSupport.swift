import Foundation
import JSON
import Model
import Stores
import TestSupport

@testable import Transfer

/// A folder that goes with the test.
final class TemporaryHome {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "vecsh-transfer-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Patience {
    /// Repeats at once, and records every page.
    static var none: Patience {
        var patience = Patience()
        (patience.pause, patience.unrecordedBytes, patience.unrecordedTime) = (.zero, 0, .zero)
        return patience
    }
}

/// Records of every type, generated; the first are the samples of all edges.
enum Generated {
    static func records(_ count: Int, of shape: Collection, _ seed: UInt64) throws -> Batch {
        var random = SeededRandom(seed)
        return try Sample.batch(Sample.lines + (0..<count).map { line($0, &random) }, of: shape)
    }

    static func line(_ number: Int, _ random: inout SeededRandom) -> String {
        let vector = (0..<8).map { _ in "\(Float.random(in: -1...1, using: &random))" }.joined(separator: ",")
        let text = ["", "x", "größer", "\\u0000"].randomElement(using: &random) ?? ""
        let parts = [#""v_float32":[\#(vector)]"#, #""v_multi":[[1,2]]"#, #""v_float32":null"#]
        let extra = ["", #","extra":{"n":\#(number)}"#, #","extra":null"#].randomElement(using: &random) ?? ""
        return #"{"key":"k\#(number)","vectors":{\#(parts.randomElement(using: &random) ?? "")},"#
            + #""fields":{"f_int64":\#(Int64.random(in: .min ... .max, using: &random)),"f_text":"\#(text)"\#(extra)}}"#
    }
}

/// A copy from one store to another, run by as many jobs as it takes.
struct Trip {
    let source: any Store
    let target: any Store
    let home: TemporaryHome
    var request = CopyRequest(
        source: Site(connection: "a", endpoint: "mem://a", collection: "from"),
        target: Site(connection: "b", endpoint: "mem://b", collection: "to"))
    var slices = 4
    var patience = Patience.none

    init(from source: any Store, to target: any Store) throws {
        (self.source, self.target, home) = (source, target, try TemporaryHome())
        request.tuning.page = Budget(records: 7)
    }

    /// A plan of several slices, however few records there are.
    func folder() async throws -> JobFolder {
        var plan = try await Planner(request, from: source, to: target).plan()
        let reading = try await source.read(request.source.collection, at: nil)
        plan.slices = try await reading.slices(atMost: slices)
        await reading.close()
        return try JobFolder.create(plan, in: home.path)
    }

    func job(_ folder: JobFolder) async throws -> Job {
        try await Job(folder, from: source, to: target, patience: patience)
    }
}

func verified(
    _ source: any Store, _ a: String, _ target: any Store, _ b: String, _ mapping: Mapping = .identity,
    filter: Filter? = nil, likeness: Likeness = .exact, roundSize: Int = 1_000_000,
    sample: Int? = nil
) async throws -> Verify.Result {
    let (left, right) = (try await source.read(a, at: nil), try await target.read(b, at: nil))
    let copied = Side(right, nil)
    var verify = Verify([try Side(left, filter, mapping, like: copied)], against: copied, likeness: likeness)
    verify.roundSize = roundSize
    let result = if let sample { try await verify.sample(sample, seed: 7) } else { try await verify.run() }
    await left.close()
    await right.close()
    return result
}
