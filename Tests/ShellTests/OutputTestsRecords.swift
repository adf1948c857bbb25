import Foundation
import JSON
import Model
import TestSupport
import Testing

@testable import Shell

private let shape = Collection(
    name: "docs", key: KeyField(type: .int64), vectors: [VectorField(name: "v", dimension: 1536)],
    fields: [Field(name: "page", type: .int64), Field(name: "title", type: .text(maxLength: nil))], isOpen: true)

/// Two records: one full, one with null, nothing and an own member.
private func batch() -> Batch {
    var builder = BatchBuilder(shape)
    for key in [1, 9_007_199_254_740_993] as [Int64] {
        builder.keys.append(.integer(key))
        let elements = [0.12, -0.031234, 7] + [Float](repeating: 0.5, count: 1533)
        builder.vectors[0].append(dense: elements.withUnsafeBytes { Array($0) })
    }
    builder.fields[0].append(Int64(3))
    builder.fields[0].append(missing: .null)
    builder.fields[1].append(bytes: "Größe, \"文\"".utf8)
    builder.fields[1].append(missing: .absent)
    builder.rest?.append(bytes: #"{"lang":"de","n":18446744073709551615}"#.utf8)
    builder.rest?.append(bytes: #"{ "lang" : null, "ok":true,"tags":["a", "b"] }"#.utf8)
    return builder.batch()
}

@Suite struct OutputTestsRecords {
    @Test func aTableElidesVectorsAndGathersTheMembersOfOpenRecords() {
        #expect(
            records([batch()], of: shape, .table).marked == """
                              key | v                        | page | title       | lang |                    n | ok   | tags      ␣
                ------------------+--------------------------+------+-------------+------+----------------------+------+------------
                                1 | [0.12, -0.0312, … ×1536] |    3 | Größe, "文" | de   | 18446744073709551615 |      |           ␣
                 9007199254740993 | [0.12, -0.0312, … ×1536] |    ∅ |             | ∅    |                      | true | ["a", "b"]␣
                (2 rows)

                """)
    }

    @Test func verticalShowsAllOfARecord() {
        #expect(
            records([batch().rows([1])], of: shape, .vertical, .terminal(40), scores: [0.1]) == """
                ─[ 1 ]───────────────────────
                key   │ 9007199254740993
                score │ 0.1
                v     │ [0.12, -0.0312, … ×1536]
                page  │ ∅
                title │
                lang  │ ∅
                ok    │ true
                tags  │ ["a", "b"]

                """)
    }

    @Test func aLineIsOneWhateverBlanksTheJSONOfARecordHolds() {
        let open = Collection(name: "t", key: KeyField(type: .int64), isOpen: true)
        var builder = BatchBuilder(open)
        builder.keys.append(.integer(1))
        builder.rest?.append(bytes: "{\n \"a\" :\r\n [1,\n 2], \"b\": \"c\\nd\"}".utf8)
        #expect(
            records([builder.batch()], of: open, .jsonl)
                == #"{"key":1,"vectors":{},"fields":{  "a" :   [1,  2], "b": "c\nd"}}"# + "\n")
    }

    @Test func jsonIsWhatTheRecordWriterWrites() throws {
        let shape = Sample.everyType("t")
        let batch = try Sample.batch(Sample.lines, of: shape)
        let writer = RecordWriter(shape)
        let lines = (0..<batch.count).map { row in
            var json = JSONWriter()
            writer.write(batch, row: row, to: &json)
            return json.text
        }
        #expect(records([batch, batch], of: shape, .jsonl) == (lines + lines).map { $0 + "\n" }.joined())
        #expect(records([batch, batch], of: shape, .json) == "[" + (lines + lines).joined(separator: ",") + "]\n")
        #expect(
            records([batch], of: shape, .json, .terminal(80)) == "[\n" + lines.joined(separator: ",\n") + "\n]\n")
        _ = try JSONValue(records([batch], of: shape, .json, .terminal(80)))
    }

    @Test func aScoreComesFirstWithTheDigitsThatItHas() {
        let plain = Sample.plain("p")
        #expect(
            records([Sample.records(0..<2)], of: plain, .jsonl, scores: [0.1, .infinity])
                == #"{"score":0.1,"key":0,"vectors":{"v":[0,1]},"fields":{"page":0}}"# + "\n"
                + #"{"score":null,"key":1,"vectors":{"v":[1,1]},"fields":{"page":0}}"# + "\n")
        #expect(
            records([Sample.records(0..<1)], of: plain, .csv, scores: [0.1])
                == "key,score,v,page\r\n0,0.1,\"[0,1]\",0\r\n")
        #expect(
            records([Sample.records(0..<1)], of: plain, .table, scores: [0.1])
                == " key | score | v      | page \n-----+-------+--------+------\n"
                + "   0 |   0.1 | [0, 1] |    0 \n(1 row)\n")
    }

    @Test func csvIsWhole() throws {
        let text = records([batch()], of: shape, .csv)
        let lines = text.split(separator: "\r\n")
        #expect(lines[0] == "key,v,page,title,fields")
        #expect(lines[1].hasPrefix("1,\"[0.12,-0.031234,7,0.5,"))
        #expect(
            lines[1].hasSuffix(
                ",0.5]\",3,\"Größe, \"\"文\"\"\",\"{\"\"lang\"\":\"\"de\"\",\"\"n\"\":18446744073709551615}\""))
        #expect(
            lines[2].hasSuffix(",,,\"{ \"\"lang\"\" : null, \"\"ok\"\":true,\"\"tags\"\":[\"\"a\"\", \"\"b\"\"] }\""))
        #expect(lines.count == 3)
    }

    @Test func csvTellsEmptyTextFromNothing() throws {
        let shape = Collection(
            name: "c", key: KeyField(type: .text(maxLength: nil)),
            fields: [Field(name: "a", type: .text(maxLength: nil)), Field(name: "t", type: .timestamp)])
        let lines = [
            #"{"key":"","fields":{"a":"","t":"2025-01-02T03:04:05Z"}}"#, #"{"key":"k\r","fields":{"a":null}}"#,
        ]
        #expect(
            records([try Sample.batch(lines, of: shape)], of: shape, .csv)
                == "key,a,t\r\n\"\",\"\",2025-01-02T03:04:05Z\r\n\"k\r\",,\r\n")
    }

    @Test func twoColumnsOfOneNameAreToldApart() {
        let twins = Collection(
            name: "c", key: KeyField(type: .int64), vectors: [VectorField(name: "text", dimension: 2)],
            fields: [
                Field(name: "text", type: .json), Field(name: "key", type: .json), Field(name: "fields", type: .json),
            ], isOpen: true)
        #expect(
            records([], of: twins, .csv) == "key,vectors.text,fields.text,fields.key,fields.fields,fields\r\n")
    }

    @Test(arguments: Format.allCases) func noRecordsHaveAFormToo(_ format: Format) {
        let expected: [Format: String] = [
            .table: " key | v | page \n-----+---+------\n(0 rows)\n", .vertical: "(0 rows)\n", .json: "[]\n",
            .jsonl: "", .csv: "key,v,page\r\n",
        ]
        #expect(records([], of: Sample.plain("p"), format) == expected[format])
    }

    @Test func vectorsOfEveryKindAreBrief() throws {
        let shape = Sample.everyType("t")
        let text = records([try Sample.batch([Sample.lines[0]], of: shape)], of: shape, .vertical)
        for expected in [
            "v_float16        | [1, 0.5, … ×8]", "v_int8           | [-128, 127, … ×8]",
            "v_binary         | [1, 0, … ×8]", "v_sparse         | {0: 0.25, 7: -1, 4294967295: 3}",
            "v_multi          | [[1, 2], … ×3]",
        ] { #expect(text.contains(expected)) }
    }

    @Test func roundedElementsKeepThreeDigits() {
        for (value, expected) in [
            (0.123456, "0.123"), (-0.0098765, "-0.00988"), (1.23456e-20, "1.23e-20"), (123.456, "123"), (3, "3"),
            (-0.0, "-0.0"), (3.4028235e38, "3.4028235e+38"), (.leastNonzeroMagnitude, "1e-45"), (0.9999, "1"),
            (12345.5, "12300"),
        ] as [(Float, String)] {
            let shape = Collection(
                name: "c", key: KeyField(type: .int64), vectors: [VectorField(name: "v", dimension: 1)])
            let batch = Batch(
                keys: [.integer(1)], vectors: [Column(.dense(withUnsafeBytes(of: value) { Array($0) }))])
            #expect(records([batch], of: shape, .vertical).hasSuffix("v   | [\(expected)]\n"))
        }
    }

    @Test func longTablesAreDrawnInPieces() {
        let text = records([Sample.records(0..<2_500)], of: Sample.plain("p"), .table)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2_500 + 3 * 2 + 1)
        #expect(text.components(separatedBy: "\n\n").count == 3)
        #expect(lines.filter { $0.hasPrefix(" key") || $0.hasPrefix("  key") }.count == 3)
        #expect(lines.last == "(2500 rows)")
    }
}
