import Foundation
import Model
import Testing

@Suite struct KeyTests {
    private let uuid = Model.UUID(high: 0x550E_8400_E29B_41D4, low: 0xA716_4466_5544_0000)

    @Test func everyKeyHasOneSpelling() {
        #expect(Key(natural: 5) == .integer(5))
        #expect(Key(natural: 1 << 63) == .natural(1 << 63))
        #expect(Key.uuid(uuid).description == "550e8400-e29b-41d4-a716-446655440000")
    }

    @Test func tokensComeBack() {
        let keys: [Key] = [
            .integer(.min), .integer(-1), .integer(0), .integer(.max), .natural(.max), .natural(1 << 63), .uuid(uuid),
            .text(""),
            .text("n1"), .text("\u{301}x"), .text("é"), .text("e\u{301}"), .text("\u{0}"), .text("👩‍🚀"),
        ]
        for key in keys { #expect(Key(token: key.token) == key, "\(key)") }
        #expect(Set(keys.map { Text($0.token) }).count == keys.count)
        for token in ["", "x1", "n", "n1.5", "u12", "n18446744073709551616", "n-9223372036854775809"] {
            #expect(Key(token: token) == nil, "\(token)")
        }
    }

    @Test func typesAcceptTheirOwn() {
        #expect(KeyType.int64.key(spelled: "-5") == .integer(-5))
        #expect(KeyType.uint64.key(spelled: "-5") == nil)
        #expect(KeyType.uint64.key(spelled: "18446744073709551615") == .natural(.max))
        #expect(KeyType.int64.key(spelled: "9223372036854775808") == nil)
        #expect(KeyType.id.key(spelled: "7") == .integer(7))
        #expect(KeyType.id.key(spelled: String(decoding: uuid.utf8, as: UTF8.self)) == .uuid(uuid))
        #expect(KeyType.uuid.key(spelled: "7") == nil)
        #expect(KeyType.text(maxLength: 2).key(spelled: "é") == .text("é"))
        #expect(KeyType.text(maxLength: 2).key(spelled: "éa") == nil)
        #expect(!KeyType.int64.accepts(.text("1")))
    }

    @Test func textsAreBytes() {
        #expect(Key.text("é") != Key.text("e\u{301}"))
        #expect(Text("Z") < Text("a") && Text("a") < Text("é") && Text("") < Text("\u{0}"))
    }

    @Test func keysHaveAnOrder() {
        let keys: [Key] = [.text("a"), .uuid(uuid), .natural(.max), .integer(5), .integer(-5)]
        #expect(keys.sorted() == keys.reversed())
    }

    @Test(arguments: ["int64", "uint64", "uuid", "id", "text", "text(64)"])
    func keyTypesAreSpelled(_ text: String) { #expect(KeyType(text)?.description == text) }

    @Test(arguments: [
        "bool", "int8", "float", "json", "timestamp", "text", "text(5)", "array(int64)", "array(array(text(3)))",
    ])
    func fieldTypesAreSpelled(_ text: String) { #expect(FieldType(text)?.description == text) }

    @Test(arguments: ["", "text()", "text(0)", "text(-1)", "text(x)", "array()", "array(nope)", "INT8", "vector(3)"])
    func whatIsNoType(_ text: String) { #expect(FieldType(text) == nil) }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("1970-01-01", 0), ("1969-12-31T23:59:59.999999Z", -1),
        ("2025-12-19T21:38:14.5Z", 1_766_180_294_500_000), ("2000-02-29T00:00:00Z", 951_782_400_000_000),
        ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T19:00:00-05:00", 0), ("1970-01-01 00:00:00.000001z", 1),
        ("0001-01-01", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func reads(_ text: String, _ microseconds: Int64) { #expect(Timestamp.microseconds(text) == microseconds) }

    @Test(arguments: [
        "", "1970", "1970-1-1", "1970-13-01", "1970-00-01", "1970-02-29", "2000-02-30", "1900-02-29",
        "1970-01-01T00:00:00",
        "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567Z", "1970-01-01T00:00:00+1", "1970-01-01T00:00:00Zx", " 1970-01-01",
    ])
    func refuses(_ text: String) { #expect(Timestamp.microseconds(text) == nil) }

    @Test func everyMomentComesBack() {
        for _ in 0..<20_000 {
            let moment = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999)
            #expect(Timestamp.microseconds(Timestamp.text(moment)) == moment)
        }
        let day = Date(timeIntervalSince1970: 951_782_400)
        #expect(Timestamp.text(951_782_400_000_000) == day.ISO8601Format())
    }
}
