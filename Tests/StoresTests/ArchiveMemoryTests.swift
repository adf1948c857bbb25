import Foundation
import Model
import TestSupport
import Testing

@testable import Stores

/// However large an archive is, a scan holds about a page of it.
@Suite(.serialized) struct ArchiveMemoryTests {
    private let archive = TemporaryArchive()

    @Test func aScanHoldsLittleOfTheFilesInMemory() async throws {
        let store = try archive.store()
        var shape = Sample.plain("a", dimension: 256)
        shape.fields.append(Field(name: "text", type: .text(maxLength: nil)))
        try await store.create(shape)
        for start in stride(from: 0, to: 60_000, by: 5_000) {
            var batch = Sample.records(start..<start + 5_000, dimension: 256)
            var texts = Ragged<UInt8>()
            for _ in 0..<5_000 { texts.append(repeatElement(UInt8(ascii: "x"), count: 400)) }
            batch.fields.append(Column(.bytes(texts)))
            try await store.write(batch, to: "a", .first)
        }
        try await store.settle("a")
        try await store.read("a", at: nil).closing { reading in
            var most = 0
            for try await _ in FilteredPages(reading, nil, budget: Budget(records: 1_000)) {
                most = max(most, try resident(in: archive.root))
            }
            // 84 MB are read, in pages of 1.4; beside them two checksums are computed ahead.
            #expect(most < 6 << 20, "\(most >> 20) MiB")
        }
        await store.close()
    }

    /// The bytes of mapped files below a folder that are in memory.
    private func resident(in folder: String) throws -> Int {
        var isOurs = false
        var sum = 0
        for line in try String(contentsOfFile: "/proc/self/smaps", encoding: .utf8).split(separator: "\n") {
            if line.contains("-"), line.contains(" r--") { isOurs = line.contains(folder) }
            guard isOurs, line.hasPrefix("Rss:") else { continue }
            sum += (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
            isOurs = false
        }
        return sum
    }
}
