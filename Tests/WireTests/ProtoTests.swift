import TestSupport
import Testing

@testable import Wire

@Suite struct ProtoTests {
    @Test func everyKindOfFieldIsReadAsItWasWritten() throws {
        let written = ProtoWriter { writer in
            writer.integer(1, -1)
            writer.integer(2, UInt64.max)
            writer.integer(3, 0)
            writer.always(4, integer: 0)
            writer.text(5, "naïve")
            writer.double(6, -0.0)
            writer.float(7, 1.5)
            writer.bool(8, true)
            writer.integers(9, [0, -1, 300, Int64.max])
            writer.message(536_870_911) { $0.message(1) { $0.text(1, "deep") } }
        }
        var seen: [String] = []
        var integers: [Int64] = []
        try ProtoReader.forEach(written.message) { field in
            switch field.number {
            case 1: seen.append("\(try field.integer())")
            case 2: seen.append("\(try field.unsigned())")
            case 3: Issue.record("a zero was written")
            case 4: seen.append("zero \(try field.integer())")
            case 5: seen.append(try field.text())
            case 6: seen.append("\(try field.double())")
            case 7: seen.append("\(try field.float())")
            case 8: seen.append("\(try field.bool())")
            case 9: try field.append(to: &integers)
            default: try field.forEach { try $0.forEach { seen.append("\(field.number) \(try $0.text())") } }
            }
        }
        #expect(
            seen == [
                "-1", "18446744073709551615", "zero 0", "naïve", "-0.0", "1.5", "true", "536870911 deep",
            ])
        #expect(integers == [0, -1, 300, .max])
    }

    @Test func bytesAreThoseOfTheSpecification() {
        #expect(ProtoWriter { $0.integer(1, 150) }.message == [0x08, 0x96, 0x01])
        #expect(ProtoWriter { $0.text(2, "testing") }.message == [0x12, 7] + Array("testing".utf8)[...])
    }

    @Test func numbersMayComePackedOrOneByOne() throws {
        var floats: [UInt8] = []
        var integers: [Int64] = []
        let one = ProtoWriter {
            $0.float(1, 1)
            $0.float(1, 2)
            $0.integer(2, 7)
            $0.integers(2, [8, 9])
        }
        try ProtoReader.forEach(one.message) { field in
            if field.number == 1 { try field.appendFloats(to: &floats) } else { try field.append(to: &integers) }
        }
        #expect(floats == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40] && integers == [7, 8, 9])
    }

    @Test func damagedMessagesAreRefusedAndNeverCrash() {
        let whole = ProtoWriter { writer in
            writer.integer(1, Int64.max)
            writer.text(2, "text")
            writer.double(3, 1)
            writer.float(4, 1)
        }.message
        func read(_ bytes: ArraySlice<UInt8>) throws {
            try ProtoReader.forEach(bytes) { field in
                var integers: [Int64] = []
                try field.append(to: &integers)
            }
        }
        for end in whole.indices { try? read(whole[..<end]) }
        for bytes: [UInt8] in [[0x00], [0x0B], [0x08], [0x12, 5, 1], [0x08] + [UInt8](repeating: 0xFF, count: 11)] {
            #expect(throws: WireError.self) { try read(bytes[...]) }
        }
        var chance = Chance(seed: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &chance)).map { _ in
                UInt8.random(in: 0...255, using: &chance)
            }
            try? read(bytes[...])
        }
    }
}
