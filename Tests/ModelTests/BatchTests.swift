import Foundation
import JSON
import Model
import TestSupport
import Testing

@Suite struct BatchTests {
    private let shape = Sample.everyType("all")

    private func everything() throws -> Batch { try Sample.batch(Sample.lines, of: shape) }

    @Test func recordsComeBackAsTheyWere() throws {
        let batch = try everything()
        try shape.check(batch)
        let lines = batch.lines(of: shape)
        #expect(try Sample.batch(lines, of: shape).lines(of: shape) == lines)
        #expect(lines.contains { $0.contains("9223372036854775807") && $0.contains("18446744073709551615") })
        #expect(lines.contains { $0.contains(#""f_double":-0"#) })
    }

    @Test func rowsArePicked() throws {
        let batch = try everything()
        let picked = batch.rows([3, 0, 3])
        #expect(picked.keys == [batch.keys[3], batch.keys[0], batch.keys[3]])
        #expect(
            picked.lines(of: shape)
                == [3, 0, 3].map { batch.rows([$0]).lines(of: shape)[0] }.sorted { Text($0) < Text($1) })
        #expect(batch.rows([]).count == 0)
        #expect(batch.rows(Array(0..<batch.count)) == batch)
    }

    @Test func batchesAreJoined() throws {
        let batch = try everything()
        for cut in 0...batch.count {
            let parts = [batch.rows(Array(0..<cut)), batch.rows(Array(cut..<batch.count))]
            #expect(Batch(joining: parts)?.lines(of: shape) == batch.lines(of: shape))
        }
        #expect(Batch(joining: [Batch]()) == nil)
    }

    @Test func marksSurviveAJoinWithABatchThatHasNone() throws {
        let plain = Collection(name: "c", key: KeyField(type: .int64), fields: [Field(name: "a", type: .int64)])
        let full = try Sample.batch([#"{"key":1,"fields":{"a":1}}"#], of: plain)
        let gaps = try Sample.batch([#"{"key":2,"fields":{"a":null}}"#, #"{"key":3}"#], of: plain)
        #expect(full.fields[0].marks.isEmpty)
        let one = try #require(Batch(joining: [full, gaps]))
        #expect((0..<3).map { one.fields[0].mark($0) } == [.value, .null, .absent])
        let two = try #require(Batch(joining: [gaps, full]))
        #expect((0..<3).map { two.fields[0].mark($0) } == [.null, .absent, .value])
    }

    @Test func projectionsKeepWhatIsWanted() throws {
        let batch = try everything()
        let wanted = Projection(vectors: ["v_int8"], fields: ["f_text", "f_bool"], rest: false)
        let projected = batch.projected(wanted, shape)
        let projectedShape = wanted.shape(of: shape)
        #expect(projectedShape.vectors.map(\.name) == ["v_int8"])
        #expect(Set(projectedShape.fields.map(\.name)) == ["f_text", "f_bool"])
        try projectedShape.check(projected)
        #expect(projected.rest == nil && !projectedShape.isOpen)
        #expect(batch.projected(.all, shape) == batch)
        #expect(batch.projected(.keys, shape).vectors.isEmpty)
        var reader = RecordReader(shape, wanted: wanted)
        for line in Sample.lines { try reader.append(line.utf8) }
        #expect(reader.take().lines(of: projectedShape) == projected.lines(of: projectedShape))
    }

    // MARK: Check

    private func refusal(_ change: (inout Batch) -> Void) throws -> StoreError? {
        var batch = Sample.records(0..<3)
        change(&batch)
        do throws(StoreError) { try Sample.plain("c").check(batch) } catch { return error }
        return nil
    }

    @Test func whatDoesNotFitIsNamed() throws {
        #expect(try refusal { _ in } == nil)
        let cases: [(String, Int?, (inout Batch) -> Void)] = [
            ("its key is not of type int64", 1, { $0.keys[1] = .text("x") }),
            ("has dimension 2, the records have 3", nil, { $0 = Sample.records(0..<3, dimension: 3) }),
            (
                "not finite", 2,
                { batch in
                    var bytes: [UInt8] = []
                    for _ in 0..<5 { bytes.append(littleEndian: Float(1).bitPattern) }
                    bytes.append(littleEndian: Float.nan.bitPattern)
                    batch.vectors[0] = Column(.dense(bytes))
                }
            ),
            ("\"page\" is no int64", 0, { $0.fields[0] = Column(.floats([1, 2, 3])) }),
            ("must have one", 1, { $0.vectors[0].marks = [.value, .null, .value] }),
            ("other columns", nil, { $0.fields = [] }),
            (
                "does not declare", 2,
                { batch in
                    var rest = ColumnBuilder(.bytes)
                    rest.append(missing: .absent)
                    rest.append(missing: .absent)
                    rest.append(bytes: Array("{\"x\":1}".utf8))
                    batch.rest = rest.column()
                }
            ),
        ]
        for (message, row, change) in cases {
            let error = try #require(try refusal(change), "\(message)")
            #expect(error.code == .rejected)
            #expect(error.message.contains(message), "\(error.message)")
            #expect(error.rows.first == row)
        }
    }

    @Test func rangesOfFieldsAreKept() throws {
        let shape = Collection(
            name: "c", key: KeyField(type: .text(maxLength: 2)),
            fields: [
                Field(name: "a", type: .int8), Field(name: "t", type: .text(maxLength: 2)),
                Field(name: "d", type: .double),
            ])
        func check(_ key: String, _ a: Int64, _ t: String, _ d: Double) -> String? {
            let text = Ragged<UInt8>(ends: [t.utf8.count], elements: Array(t.utf8))
            let batch = Batch(
                keys: [.text(Text(key))], fields: [Column(.integers([a])), Column(.bytes(text)), Column(.floats([d]))])
            do throws(StoreError) { try shape.check(batch) } catch { return error.message }
            return nil
        }
        #expect(check("ab", 127, "é", 1) == nil)
        #expect(check("abc", 1, "", 1)?.contains("key") == true)
        #expect(check("a", 128, "", 1)?.contains("\"a\" is no int8") == true)
        #expect(check("a", 1, "éa", 1)?.contains("\"t\"") == true)
        #expect(check("a", 1, "", .infinity)?.contains("\"d\"") == true)
    }

    // MARK: Random records

    private static let pieces = [
        "null", "[", "]", "{", "}", ",", ":", "\"", "-", "1e400", "1e39", "\\u0000", "\\ud800", "é", " ", "0",
        "\"key\":", "\"key\":1,",
    ]

    /// Whatever is taken fits the shape and comes back; whatever is not is refused in words.
    @Test func mutatedRecordsAreTakenWholeOrRefused() async throws {
        let environment = ProcessInfo.processInfo.environment
        let time = Duration.seconds(Double(environment["FUZZ_SECONDS"] ?? "") ?? 5)
        let seed = UInt64(environment["FUZZ_SEED"] ?? "") ?? .random(in: .min ... .max)
        let shape = shape
        let (count, problems) = try await apart {
            var chance = Chance(seed: seed)
            var problems: [String] = []
            let count = repeating(for: time) {
                let line = chance.mutated(chance.one(of: Sample.lines), with: Self.pieces)
                if problems.count < 5, let problem = Self.problem(line, shape) {
                    problems.append("\(problem): \(line)")
                }
            }
            return (count, problems)
        }
        print("fuzz records: \(count) lines, FUZZ_SEED=\(seed)")
        #expect(count > 1_000)
        for problem in problems { Issue.record("FUZZ_SEED=\(seed): \(problem)") }
    }

    private static func problem(_ line: String, _ shape: Collection) -> String? {
        var reader = RecordReader(shape)
        do throws(StoreError) { try reader.append(line.utf8) } catch {
            return error.message.isEmpty ? "refused without a word" : nil
        }
        let batch = reader.take()
        do throws(StoreError) {
            try shape.check(batch)
            let again = try Sample.batch(batch.lines(of: shape), of: shape)
            return again.lines(of: shape) == batch.lines(of: shape) ? nil : "came back as another"
        } catch {
            return "came back as \(error)"
        }
    }
}
