import Model
import TestSupport
import Testing

@Suite struct RecordReaderTests {
    private func time(_ rows: Int) throws -> Duration {
        let shape = Collection(
            name: "a", key: KeyField(type: .int64), fields: [Field(name: "text", type: .text(maxLength: nil))])
        let text = String(repeating: "x", count: 2_000)
        let lines = (0..<rows).map { #"{"key":\#($0),"vectors":{},"fields":{"text":"\#(text)"}}"# }
        let start = ContinuousClock.now
        let batch = try Sample.batch(lines, of: shape)
        defer { #expect(batch.count == rows) }
        return .now - start
    }

    /// A column that is copied for each value would take the square.
    @Test func aRecordTakesTheSameTimeInALargeBatch() throws {
        let few = min(try time(200), try time(200))
        let many = try time(6_400)
        #expect(many < few * 120, "\(few) for 200, \(many) for 6400")
    }
}
