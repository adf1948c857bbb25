import Foundation
import JSON
import Testing

@Suite struct JSONValueTests {
    @Test func whatIsWrittenIsRead() throws {
        let value: JSONValue = [
            "null": nil, "yes": true, "whole": 9_007_199_254_740_993, "part": 0.1, "text": "Größe \"\\\n\u{1}\u{1F600}",
            "list": [1, [2, ["x": []]]], "empty": [:],
        ]
        #expect(try JSONValue(value.text) == value)
        #expect(try JSONValue(value.indented()) == value)
        let read = try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any]
        #expect(read?["text"] as? String == "Größe \"\\\n\u{1}\u{1F600}")
    }

    @Test func membersKeepTheirOrder() throws {
        #expect(try parsed(#"{"b":1,"a":2}"#).text == #"{"b":1,"a":2}"#)
    }

    @Test func theLastOfTwoMembersCounts() throws {
        let value = try parsed(#"{"a":1,"a":2}"#)
        #expect(value["a"] == 2)
        #expect(value["b"] == nil)
        #expect(JSONValue.integer(1)["a"] == nil)
    }

    @Test func textThatIsPassedThroughStays() {
        #expect((["a": .raw(Array("1e5".utf8))] as JSONValue).text == #"{"a":1e5}"#)
    }

    @Test(arguments: [
        (0.1, "0.1"), (-0.0, "-0.0"), (1.0, "1.0"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
        (123_456_789.0, "123456789.0"),
    ])
    func doublesComeBack(_ value: Double, _ usual: String) throws {
        let text = JSONValue.double(value).text
        let read = try #require(Double(text))
        #expect(read.bitPattern == value.bitPattern, "\(text), usually \(usual)")
        #expect(try JSONValue(text).double?.sign == value.sign)
    }

    @Test func floatsComeBackInTheirOwnDigits() {
        var writer = JSONWriter()
        writer.float(0.1)
        writer.raw(" ")
        writer.float(3.4028235e38)
        writer.raw(" ")
        writer.float(.leastNonzeroMagnitude)
        let parts = writer.text.split(separator: " ").map { Float($0) }
        #expect(parts == [0.1, 3.4028235e38, .leastNonzeroMagnitude])
        #expect(writer.text.hasPrefix("0.1 "))
    }

    /// Texts are looked at eight bytes at a time.
    @Test(arguments: ["\"", "\\", "\n", "\u{1F}", "é", "🚀", "\u{7F}", " "])
    func whatIsSpecialIsFoundAtEveryPlace(_ special: String) throws {
        for before in 0..<20 {
            for after in 0..<20 {
                let text = String(repeating: "x", count: before) + special + String(repeating: "ÿ", count: after)
                let written = JSONValue.string(text).text
                #expect(try JSONValue(written) == .string(text))
                let read = try JSONSerialization.jsonObject(with: Data("[\(written)]".utf8)) as? [String]
                #expect(read == [text])
            }
        }
    }

    @Test func everyControlCharacterIsEscaped() throws {
        for code in UInt8(0)..<0x20 {
            var writer = JSONWriter()
            writer.string([code])
            #expect(!writer.bytes.contains { $0 < 0x20 })
            #expect(try JSONValue(writer.text) == .string(String(UnicodeScalar(code))))
        }
    }

    @Test func listsOfPlainValuesStayOnOneLine() {
        let value: JSONValue = ["a": [1, 2], "b": [["c": 1]], "d": [:]]
        #expect(
            value.indented() == """
                {
                  "a": [1,2],
                  "b": [
                    {
                      "c": 1
                    }
                  ],
                  "d": {}
                }
                """)
    }
}
