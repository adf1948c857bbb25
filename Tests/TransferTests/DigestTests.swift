import Model
import TestSupport
import Testing

@testable import Transfer

@Suite struct DigestTests {
    private func hash(_ line: String, _ shape: Collection) throws -> UInt64 {
        try RecordHash(shape).hashes(Sample.batch([line], of: shape)).records[0]
    }

    private func open(_ fields: [Field] = []) -> Collection {
        Collection(name: "c", key: KeyField(type: .int64), fields: fields, isOpen: true)
    }

    @Test func aDigestIsASumInAnyOrderAndCut() throws {
        let hash = RecordHash(Sample.plain("c"))
        let whole = hash.digest(Sample.records(0..<100))
        let mixed = Sample.records(0..<100).rows(Array((0..<100).reversed()))
        #expect(hash.digest(mixed) == whole && whole.count == 100)
        let parts = hash.digest(Sample.records(0..<33)) + hash.digest(Sample.records(33..<100))
        #expect(parts == whole)
        #expect(hash.digest(Sample.records(0..<99)) != whole)
        #expect(whole + hash.digest(Sample.records(5..<6)) + hash.digest(Sample.records(5..<6)) != whole)
        #expect(Digest(json: whole.json) == whole)
        let carried = Digest(count: 1, high: 0, low: .max) + Digest(count: 1, high: 0, low: 1)
        #expect(carried == Digest(count: 2, high: 1, low: 0))
    }

    @Test(arguments: [
        (FieldType.bool, "true"), (.int64, "-5"), (.int8, "7"), (.double, "0.5"), (.double, "-0.0"), (.double, "1e300"),
        (.text(maxLength: nil), #""é\n""#), (.json, #"{"a":[1,null,{"b":2.5}]}"#), (.json, "18446744073709551615"),
        (.array(of: .int64), "[1,2]"), (.json, #""text""#), (.json, "5"), (.int64, "null"),
    ])
    func aValueHashesTheSameInAColumnAndInThePayload(_ type: FieldType, _ value: String) throws {
        let line = #"{"key":1,"vectors":{},"fields":{"f":\#(value)}}"#
        let inColumn = try hash(line, open([Field(name: "f", type: type)]))
        #expect(try inColumn == hash(line, open()))
        #expect(try inColumn != hash(#"{"key":1,"vectors":{},"fields":{"g":\#(value)}}"#, open()))
        #expect(try inColumn != hash(#"{"key":1,"vectors":{},"fields":{}}"#, open()))
    }

    @Test func theOrderOfMembersIsNoMatterAndThatOfElementsIs() throws {
        let line = { (fields: String) in #"{"key":1,"vectors":{},"fields":\#(fields)}"# }
        let a = try hash(line(#"{"a":{"x":1,"y":[1,2]},"b":2}"#), open())
        #expect(try a == hash(line(#"{"b":2,"a":{ "y":[1, 2], "x":1}}"#), open()))
        #expect(try a != hash(line(#"{"b":2,"a":{"y":[2,1],"x":1}}"#), open()))
    }

    /// Each differs from all others by one thing that is easily taken for nothing.
    @Test func whatIsAlikeIsNotTheSame() throws {
        let values = [
            "{}", #"{"f":null}"#, #"{"f":""}"#, #"{"f":"null"}"#, #"{"f":0}"#, #"{"f":0.0}"#, #"{"f":-0.0}"#,
            #"{"f":false}"#, #"{"f":[]}"#, #"{"f":{}}"#, #"{"f":"0"}"#, #"{"f":[[]]}"#, #"{"f":[null]}"#,
            #"{"f":"é"}"#, "{\"f\":\"e\u{301}\"}", #"{"f":9007199254740993}"#, #"{"f":9007199254740992}"#,
        ]
        let hashes = try values.map { try hash(#"{"key":1,"vectors":{},"fields":\#($0)}"#, open()) }
        #expect(Set(hashes).count == values.count)
    }

    @Test func everyElementOfEveryVectorCounts() throws {
        let shape = Sample.everyType("every")
        let full = try Sample.batch([Sample.lines[0]], of: shape)
        let usual = RecordHash(shape).digest(full)
        for place in full.vectors.indices {
            guard case .dense(var bytes) = full.vectors[place].values else { continue }
            for byte in bytes.indices {
                var other = full
                bytes[byte] ^= 1
                other.vectors[place].values = .dense(bytes)
                bytes[byte] ^= 1
                #expect(RecordHash(shape).digest(other) != usual, "vector \(place), byte \(byte)")
            }
        }
    }

    @Test func keysOfDifferentTypesAreDifferent() {
        let keys: [Key] = [.integer(1), .natural(1 << 63), .text("1"), .text(""), .text("é"), .text("e\u{301}")]
        #expect(Set(keys.map { Hash.of($0) }).count == keys.count)
    }
}
