import JSON
import Model

/// Records as they are gathered for a page: text from the lines, vectors from the mapped files.
struct ArchivePage {
    private let snapshot: ArchiveSnapshot
    /// The wanted dense vectors, and their places among all.
    private let dense: [(place: Int, stride: Int)]
    private var reader: ArchiveLineReader
    private var runs: [Range<Int>] = []
    private var cost = Cost()
    private var partition: String?
    private var hasOnePartition = true

    init(_ snapshot: ArchiveSnapshot, _ wanted: Projection) {
        let collection = snapshot.manifest.collection
        self.snapshot = snapshot
        dense = collection.dense.enumerated()
            .filter { wanted.vectors?.contains($0.element.name) ?? true }
            .map { ($0.offset, $0.element.stride) }
        reader = ArchiveLineReader(collection, wanted: wanted)
        cost = Cost(wanted.shape(of: collection))
    }

    var count: Int { reader.count }

    /// Whether one more record keeps within the budget, and in the partition; the first always does.
    func hasRoom(for line: UnsafeBufferPointer<UInt8>, _ budget: Budget) -> Bool {
        guard count > 0 else { return true }
        return count < budget.records && cost.total + cost.of(line) <= budget.bytes && partition(of: line) == partition
    }

    mutating func append(_ line: UnsafeBufferPointer<UInt8>, row: Int) throws(StoreError) {
        do { try reader.append(line) } catch {
            throw .archive(broken: snapshot.lines.path, "holds no record in line \(row + 1): \(error)")
        }
        cost.total += cost.of(line)
        let partition = partition(of: line)
        if count == 1 { self.partition = partition }
        hasOnePartition = hasOnePartition && partition == self.partition
        if let last = runs.last, last.upperBound == row {
            runs[runs.count - 1] = last.lowerBound..<row + 1
        } else {
            runs.append(row..<row + 1)
        }
    }

    /// The records; `isPassing` says that a scan will not come back to them soon.
    mutating func batch(isPassing: Bool) throws(StoreError) -> Batch {
        var vectors: [[UInt8]] = []
        for (place, stride) in dense {
            let map = snapshot.vectors[place]
            vectors.append(try map.rows(runs, stride: stride))
            if isPassing { for run in runs { map.forget(run.lowerBound * stride..<run.upperBound * stride) } }
        }
        var batch = reader.take(vectors)
        batch.partition = hasOnePartition ? partition : nil
        return batch
    }

    private static let partitionMark = Array(#"{"partition":"#.utf8)

    /// The writer puts it first, so that it can be seen without reading the line.
    private func partition(of line: UnsafeBufferPointer<UInt8>) -> String? {
        guard line.count > 2, line[2] == UInt8(ascii: "p"), line.starts(with: Self.partitionMark) else { return nil }
        var scanner = JSONScanner(line, from: Self.partitionMark.count)
        return try? scanner.text()
    }
}

/// What records will take in memory, never less than they do.
private struct Cost {
    var total = 0
    private var fixed = 0
    private var factor = 0

    init() {}

    init(_ shape: Collection) {
        let others = shape.withoutDense.vectors.count
        fixed = 16 + shape.dense.reduce(0) { $0 + $1.stride } + 8 * (others + shape.fields.count + 1)
        // "1," in a line is four bytes of a vector, or eight with its index "0,".
        factor = others > 0 ? 2 : shape.fields.isEmpty && !shape.isOpen ? 0 : 1
    }

    func of(_ line: UnsafeBufferPointer<UInt8>) -> Int { fixed + factor * line.count }
}

extension ArchiveMap {
    /// The bytes of some runs of rows, end to end.
    fileprivate func rows(_ runs: [Range<Int>], stride: Int) throws(StoreError) -> [UInt8] {
        var parts: [UnsafeRawBufferPointer] = []
        for run in runs {
            verifyAhead(of: run.upperBound * stride - 1)
            parts.append(try bytes(run.lowerBound * stride..<run.upperBound * stride))
        }
        return [UInt8](unsafeUninitializedCapacity: parts.reduce(0) { $0 + $1.count }) { buffer, count in
            for part in parts {
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                    .copyMemory(from: part)
                count += part.count
            }
        }
    }
}
