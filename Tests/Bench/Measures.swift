import Glibc
import Model
import Stores

func scan(_ folder: String) async throws {
    let store = try ArchiveStore(at: folder, mayCreate: false)
    for name in try await store.collections() {
        let reading = try await store.read(name, at: nil)
        var (rows, bytes) = (0, 0)
        let time = try await ContinuousClock().measure {
            for try await page in FilteredPages(reading, nil, wanted: Projection(fields: [], rest: false)) {
                rows += page.batch.count
                bytes += page.batch.vectors.reduce(0) { $0 + $1.byteCount }
            }
        }
        let rate = Double(bytes) / time.milliseconds / 1e6
        print(
            "\(name): \(rows) rows, \(rate.rounded(to: 2)) GB/s, \(time.milliseconds.rounded(to: 1)) ms, peak \(peakMemory)"
        )
    }
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
