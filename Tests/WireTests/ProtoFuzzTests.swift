import TestSupport
import Testing

@testable import Wire

/// Whatever bytes come, a reader ends with fields or with an error.
@Suite struct ProtoFuzzTests {
    private static let whole = Array(
        ProtoWriter { writer in
            writer.integer(1, -7)
            writer.text(2, "text")
            writer.double(3, 1.5)
            writer.float(4, -0.25)
            writer.integers(5, [Int64.min, 0, 1, 300])
            writer.message(6) { inner in
                inner.bool(1, true)
                inner.bytes(2, [UInt8](repeating: 9, count: 300))
                inner.message(3) { $0.text(1, "deep") }
            }
        }.message)

    /// Every way to look at every field, as deep as it goes.
    private func readAll(_ bytes: ArraySlice<UInt8>, depth: Int = 0) -> Int {
        var reader = ProtoReader(bytes)
        var count = 0
        while let field = try? reader.next() {
            count += 1
            var (integers, bools, doubles, floats): ([Int64], [Bool], [Double], [UInt8]) = ([], [], [], [])
            _ = (try? field.text(), try? field.integer(), try? field.double(), try? field.float())
            _ = (try? field.append(to: &integers), try? field.append(to: &bools))
            _ = (try? field.append(to: &doubles), try? field.appendFloats(to: &floats))
            if depth < 8, let inner = try? field.bytes() { count += readAll(inner, depth: depth + 1) }
        }
        return count
    }

    @Test func everyPrefixAndEveryChangedByteIsSurvived() {
        #expect(readAll(Self.whole[...]) > 6)
        for end in Self.whole.indices { #expect(readAll(Self.whole[..<end]) >= 0) }
        for place in Self.whole.indices {
            for byte in [0, 0x7F, 0x80, 0xFF, Self.whole[place] ^ 1, Self.whole[place] ^ 0x40] as [UInt8] {
                var bytes = Self.whole
                bytes[place] = byte
                #expect(readAll(bytes[...]) >= 0)
            }
        }
    }

    @Test func garbageIsSurvived() {
        let seed = Environment.number("VECSH_SEED") ?? .random(in: 0..<1_000_000)
        var random = SeededRandom(seed)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            #expect(readAll(bytes[...]) >= 0, "seed \(seed)")
            var response = Response()
            (response.status, response.body) = (200, bytes)
            response.headers = [("grpc-status", ["0", "3", "x", ""].randomElement(using: &random) ?? "")]
            if let message = try? GRPC.message(in: response) {
                #expect(message.count == bytes.count - 5 && bytes[0] == 0, "seed \(seed)")
            }
        }
    }

    /// Two that say the same are read the same, and lengths that are too long are refused before room is made for them.
    @Test func whatIsMalformedIsSaidToBe() {
        let bad: [[UInt8]] = [
            [0x0A], [0x0A, 5, 1], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x08], [0x09, 1, 2],
            [0x0D, 1], [0x0B], [0x0C], [0x0E], [0x0F], [0], [0x08] + [UInt8](repeating: 0x80, count: 11),
            [0x08] + [UInt8](repeating: 0xFF, count: 9) + [2],
        ]
        for bytes in bad {
            #expect(throws: WireError.self, "\(bytes)") {
                var reader = ProtoReader(bytes[...])
                while try reader.next() != nil {}
            }
        }
    }
}
