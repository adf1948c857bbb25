import Foundation
import Model
import Stores
import TestSupport
import Testing

/// Bytes that changed by chance never crash the reader, whatever it says of them.
@Suite(.serialized) struct ChromaDirectoryFuzzTests {
    private static let seconds = 4.0

    @Test(arguments: ["index_metadata.pickle", "header.bin", "data_level0.bin", "chroma.sqlite3"])
    func anyByteMayBeAnother(_ file: String) async throws {
        var chance = Chance(seed: Environment.number("FUZZ_SEED") ?? 7)
        var count = 0
        for version in ["0.5.23", "1.5.9"] {
            let folder = try ChromaFolder(version)
            let index = try await folder.index(of: "large.cosine")
            let path = file == "chroma.sqlite3" ? "\(folder.root)/\(file)" : "\(index)/\(file)"
            let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
            let end = ContinuousClock.now + .seconds(Self.seconds / 2)
            while .now < end {
                try Data(damaged(whole, &chance)).write(to: URL(filePath: path))
                await read(folder)
                count += 1
            }
        }
        #expect(count > 1)
    }

    private func damaged(_ bytes: [UInt8], _ chance: inout Chance) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...8, using: &chance) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &chance)
            switch Int.random(in: 0..<5, using: &chance) {
            case 0: bytes[place] = .random(in: 0...255, using: &chance)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
            case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &chance) ?? 0
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + .random(in: 1...64, using: &chance)))
            default:
                let run = bytes[place..<min(bytes.count, place + .random(in: 1...64, using: &chance))]
                bytes.insert(contentsOf: run, at: .random(in: 0...bytes.count, using: &chance))
            }
        }
        return bytes
    }

    /// Everything is read or refused by an error.
    private func read(_ folder: ChromaFolder) async {
        let store = folder.store()
        do throws(StoreError) {
            let reading = try await store.read("large.cosine", at: nil)
            var scan = Scan()
            while let page = try await reading.page(scan) { scan.slice.after = page.end }
            _ = try await reading.fetch([.text("plain-10"), .text("1")], .all)
        } catch { #expect(!error.message.isEmpty) }
        await store.close()
    }
}
