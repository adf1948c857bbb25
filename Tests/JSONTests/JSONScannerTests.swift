import Foundation
import JSON
import Testing

/// The value of a text; a literal would become a string.
func parsed(_ text: String) throws -> JSONValue { try JSONValue(text) }

@Suite struct JSONScannerTests {
    @Test(arguments: [
        "null", " true ", "[]", "{}", "[1,2]", "\"\"", "0", "-0", "1e5", "1E-5", "-1.5e+3", "[[[]]]",
        #"{"a":{"b":[]}}"#,
        #""\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t""#, "\"é😀\"", "\n\t\r [ ] \n", #"{"":0}"#, #"{"a":1,"a":2}"#,
    ])
    func takes(_ text: String) throws { _ = try JSONValue(text) }

    @Test(arguments: [
        "", " ", "nul", "tru", "[", "]", "{", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "01",
        "-",
        "1.", ".5", "+1", "1e", "1e+", "0x1", "NaN", "Infinity", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
        "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "\"\u{0}\"", "1 2", "[1 2]", "null,", "\u{FEFF}1", "[1}",
        "{\"a\":1]",
        "// x\n1",
    ])
    func refuses(_ text: String) { #expect(throws: JSONError.self) { try JSONValue(text) } }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xC3],
    ])
    func refusesWhatIsNotUTF8(_ bytes: [UInt8]) { #expect(throws: JSONError.self) { try JSONValue(bytes) } }

    @Test func saysWhere() {
        #expect { try parsed(#"{"a": [1, x]}"#) } throws: { ($0 as? JSONError)?.offset == 10 }
        #expect { try parsed(#"["abc"#) } throws: { ($0 as? JSONError)?.offset == 1 }
    }

    @Test func refusesWhatIsTooDeep() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(nested(JSONScanner.deepest))
        #expect(throws: JSONError.self) { try JSONValue(nested(JSONScanner.deepest + 1)) }
        #expect(throws: JSONError.self) { try JSONValue(String(repeating: "[", count: 100_000)) }
    }

    // MARK: Numbers

    @Test func wholeNumbersStayWhole() throws {
        #expect(try parsed("9007199254740993") == .integer(9_007_199_254_740_993))
        #expect(try parsed("-9223372036854775808") == .integer(.min))
        #expect(try parsed("9223372036854775807") == .integer(.max))
        #expect(try parsed("9223372036854775808") == .double(9_223_372_036_854_775_808))
        #expect(try parsed("1.0") == .double(1))
        #expect(try parsed("1e2") == .double(100))
    }

    @Test func doublesAreReadExactly() throws {
        let zero = try #require(try parsed("-0.0").double)
        #expect(zero.sign == .minus && zero == 0)
        #expect(try parsed("5e-324").double == .leastNonzeroMagnitude)
        #expect(try parsed("1.7976931348623157e308").double == .greatestFiniteMagnitude)
        #expect(try parsed("0.1").double == 0.1)
        #expect(try parsed("0.30000000000000004").double == 0.1 + 0.2)
        let long = "0." + String(repeating: "3", count: 400)
        #expect(try JSONValue(long).double == 1.0 / 3)
        #expect(try parsed("1" + String(repeating: "0", count: 200) + "e-200").double == 1)
    }

    @Test func whatADoubleCannotHoldIsNotGuessed() {
        #expect(throws: JSONError.self) { try parsed("1e400") }
        #expect(throws: JSONError.self) { try parsed("-1e400") }
    }

    @Test func whatIsNearerToZeroThanAnyDoubleIsZeroOrAnError() {
        let value = try? parsed("1e-400").double
        #expect(value == nil || value == .some(0))
    }

    @Test func floatsAreRoundedOnce() throws {
        var values: [Float] = []
        // Through double first, this would round the wrong way.
        try Array("[1.000000059604644775390625000001, 16777217, 1e-45, -0.0]".utf8).withScanner {
            scanner throws(JSONError) in
            try scanner.floats(into: &values)
        }
        #expect(values == [Float(1).nextUp, 16_777_216, .leastNonzeroMagnitude, 0])
        #expect(values[3].sign == .minus)
        #expect(throws: JSONError.self) {
            try Array("3.5e38".utf8).withScanner { scanner throws(JSONError) in _ = try scanner.float() }
        }
    }

    // MARK: Pulling

    @Test func membersArePulled() throws {
        let bytes = Array(#" { "a\n" : [1, 2] , "b" : {"c": null} } "#.utf8)
        var seen: [String] = []
        try bytes.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                seen.append(String(decoding: try scanner.decoded(name), as: UTF8.self))
                seen.append(String(decoding: scanner.raw(try scanner.skip()), as: UTF8.self))
            }
            try scanner.finish()
        }
        #expect(seen == ["a\n", "[1, 2]", "b", #"{"c": null}"#])
    }

    @Test func kindsAreTold() throws {
        let kinds: [(String, JSONScanner.Kind)] = [
            ("{", .object), ("[", .array), ("\"", .string), ("-", .number), ("7", .number), ("t", .bool), ("f", .bool),
            ("n", .null),
        ]
        for (text, kind) in kinds {
            #expect(try Array(text.utf8).withScanner { scanner throws(JSONError) in try scanner.kind() } == kind)
        }
    }
}
