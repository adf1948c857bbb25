import JSON
import Model

/// How a copy is run; it may change from run to run.
package struct Tuning: Hashable, Sendable {
    /// The most that one page may hold.
    package var page: Budget
    package var parallel: Int
    /// All pages in flight together.
    package var memory: Int
    /// Records a second; nil is as fast as it goes.
    package var rate: Int?
    /// Bytes a second; nil is as fast as it goes.
    package var bandwidth: Int?
    /// The pages of a slice after which the target is told to gather what it has.
    package var flushEvery: Int?
    /// Where rejected records go; nil stops the copy at the first.
    package var rejects: String?
    /// A file in which other programs find where the job stands, until what it has staged is promoted or rolled back.
    package var state: String?

    package init(
        page: Budget = Budget(records: 10_000, bytes: 8 << 20), parallel: Int = 4, memory: Int = 256 << 20,
        rate: Int? = nil, rejects: String? = nil
    ) {
        self.page = page
        self.parallel = parallel
        self.memory = memory
        self.rate = rate
        self.rejects = rejects
    }
}

/// Batches and slices under one name.
package struct Preset: Sendable {
    package let name: String
    package let summary: String
    package let batch: Int
    package let parallel: Int

    package static let all = [
        Preset(name: "high", summary: "batch=10000, parallel=8", batch: 10_000, parallel: 8),
        Preset(name: "balanced", summary: "batch=2000, parallel=4", batch: 2_000, parallel: 4),
        Preset(name: "conservative", summary: "batch=500, parallel=2", batch: 500, parallel: 2),
    ]
}

extension Tuning {
    package mutating func take(_ preset: Preset) {
        page.records = preset.batch
        parallel = preset.parallel
    }

    /// With what a later run may ask for anew: where rejected records go, and how fast.
    func changed(by later: Tuning) -> Tuning {
        var tuning = self
        (tuning.rejects, tuning.rate, tuning.bandwidth) = (later.rejects, later.rate, later.bandwidth)
        tuning.flushEvery = later.flushEvery ?? flushEvery
        tuning.state = later.state ?? state
        return tuning
    }

    /// How long that much must take at least, where so many slices share the limits.
    func leastTime(_ records: Int, _ bytes: Int, lanes: Int) -> Duration {
        let byRecords = rate.map { Double(records) / Double($0) } ?? 0
        let byBytes = bandwidth.map { Double(bytes) / Double($0) } ?? 0
        return .microseconds(Int64(max(byRecords, byBytes) * Double(lanes) * 1e6))
    }
}

extension Tuning {
    /// The most records of which a page keeps to the memory that all have together; never above 10,000.
    package static func batch(memory: Int, vectorBytes: Int, payloadBytes: Int) -> Int {
        max(1, min(10_000, memory / max(1, vectorBytes + payloadBytes)))
    }

    mutating func limit(vectorBytes: Int, payloadBytes bytes: Double) {
        let batch = Tuning.batch(
            memory: memory, vectorBytes: vectorBytes, payloadBytes: max(0, Int(bytes) - vectorBytes))
        page.records = min(page.records, batch)
    }
}

extension Collection {
    /// What the dense vectors of one record take.
    package var vectorBytes: Int { vectors.reduce(0) { $0 + ($1.layout == .dense ? $1.stride : 0) } }
}

// MARK: JSON

extension Tuning {
    var json: JSONValue {
        [
            "page_records": .integer(Int64(page.records)), "page_bytes": .integer(Int64(page.bytes)),
            "parallel": .integer(Int64(parallel)), "memory": .integer(Int64(memory)), "rate": .optional(rate),
            "bandwidth": .optional(bandwidth), "flush_every": .optional(flushEvery), "rejects": .optional(rejects),
            "state": .optional(state),
        ]
    }

    init?(json: JSONValue?) {
        guard let json, let records = json["page_records"]?.integer, let bytes = json["page_bytes"]?.integer,
            let parallel = json["parallel"]?.integer, let memory = json["memory"]?.integer
        else { return nil }
        self.init(
            page: Budget(records: Int(records), bytes: Int(bytes)), parallel: Int(parallel), memory: Int(memory),
            rate: json["rate"]?.integer.map { Int($0) }, rejects: json["rejects"]?.string)
        bandwidth = json["bandwidth"]?.integer.map { Int($0) }
        flushEvery = json["flush_every"]?.integer.map { Int($0) }
        state = json["state"]?.string
    }
}
