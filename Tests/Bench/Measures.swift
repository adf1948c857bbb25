import Glibc
import JSON
import Model
import Stores

func scan(_ folder: String) async throws {
    let store = try ArchiveStore(at: folder, mayCreate: false)
    for name in try await store.collections() {
        let reading = try await store.read(name, at: nil)
        try await scan(reading, "vectors", Projection(fields: [], rest: false))
    }
    print("peak \(peakMemory)")
    for name in try await store.collections() {
        let reading = try await store.read(name, at: nil)
        try await scan(reading, "everything, checksums known", .all)
    }
}

/// All collections of a folder of Chroma's, each opened and read whole, in two slices side by side as a copy reads them.
func scanChroma(_ folder: String) async throws {
    let store = ChromaDirectoryStore(at: folder)
    for name in try await store.collections() {
        let reading = try await store.read(name, at: nil)
        try await scan(reading, name, .all, reading.slices(atMost: 2))
    }
    print("peak \(peakMemory)")
}

/// A collection of a Qdrant's, read whole by scroll, as a loop of qdrant-client does: `qdrant://host:port` and a name.
func scanQdrant(_ address: String, _ name: String) async throws {
    guard let endpoint = Endpoint(address) else { throw StoreError(.rejected, "\(address) is no address") }
    let store = try await Qdrant.kind.open(endpoint, [:])
    try await scan(store.read(name, at: nil), name, .all)
    await store.close()
}

/// The records of an archive into a new collection of a Qdrant's by upsert, and what that alone took, without the reading.
func writeQdrant(_ folder: String, _ address: String, _ name: String) async throws {
    guard let endpoint = Endpoint(address) else { throw StoreError(.rejected, "\(address) is no address") }
    let archive = try ArchiveStore(at: folder, mayCreate: false)
    let reading = try await archive.read("bench", at: nil)
    let store = try await Qdrant.kind.open(endpoint, [:])
    var shape = reading.description.collection
    shape.name = name
    shape.native = ["qdrant": ["optimizers_config": ["indexing_threshold": 0]]]
    try await store.create(store.fit(shape, into: nil).collection)
    var (time, work) = (Duration.zero, 0.0)
    for try await page in FilteredPages(reading, nil, budget: Budget(records: 10_000, bytes: 8 << 20)) {
        let before = processorSeconds
        time += try await ContinuousClock().measure { try await store.write(page.batch, to: name, .first) }
        work += processorSeconds - before
    }
    print("\((time.milliseconds / 1e3).rounded(to: 2)) \(work.rounded(to: 2)) \(peakMemory.prefix { $0.isNumber })")
    await store.close()
}

/// Of this process, so far.
private var processorSeconds: Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

private func scan(
    _ reading: any Reading, _ what: String, _ wanted: Projection, _ slices: [Slice] = [.whole]
) async throws {
    var (rows, bytes) = (0, 0)
    let time = try await ContinuousClock().measure {
        try await withThrowingTaskGroup { group in
            for slice in slices { group.addTask { try await size(of: slice, reading, wanted) } }
            for try await size in group {
                rows += size.rows
                bytes += size.bytes
            }
        }
    }
    let rate = (Double(bytes) / time.milliseconds / 1e6).rounded(to: 2)
    print("\(rows) rows, \(what): \(rate) GB/s of vectors, \(time.milliseconds.rounded(to: 1)) ms")
}

private func size(
    of slice: Slice, _ reading: any Reading, _ wanted: Projection
) async throws -> (rows: Int, bytes: Int) {
    var (rows, bytes) = (0, 0)
    for try await page in FilteredPages(reading, nil, wanted: wanted, slice: slice) {
        rows += page.batch.count
        bytes += page.batch.vectors.reduce(0) { $0 + $1.byteCount }
    }
    return (rows, bytes)
}

func open(_ folder: String) async throws {
    var bytes = 0
    let time = try await ContinuousClock().measure {
        let store = try ArchiveStore(at: folder, mayCreate: false)
        for name in try await store.collections() { bytes += try await store.describe(name).bytes ?? 0 }
    }
    print("\(bytes) bytes opened and described in \(time.milliseconds.rounded(to: 1)) ms, peak \(peakMemory)")
}

/// The most memory that this process has had, as the kernel says it.
private var peakMemory: String {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return "\(usage.ru_maxrss / 1024) MB"
}

extension Duration {
    fileprivate var milliseconds: Double {
        Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
    }
}

extension Double {
    fileprivate func rounded(to places: Int) -> Double {
        let factor = pow(10, Double(places))
        return (self * factor).rounded() / factor
    }
}
