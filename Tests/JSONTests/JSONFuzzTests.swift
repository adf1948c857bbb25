import Foundation
import JSON
import TestSupport
import Testing

/// Our verdict on short texts, against another reader's.
@Suite struct JSONFuzzTests {
    private static let pieces = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "false", "0", "-", "1", "9", ".", "e", "E+", "-0.0",
        "1e5",
        " ", "\n", "\t", "\u{1}", "\"a\"", "\"a\":", "é", "\u{1F600}", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "\\n",
        "\\x", "/",
        "[[", "]]", "{\"a\":1}", "[1,2]", "NaN", "'",
    ]
    private static let texts = [
        #"{"key":"a","vectors":{"v":[1,2.5,-3e-4]},"fields":{"x":null,"y":[true,false]}}"#,
        #"["é","\u00e9\ud83d\ude00",""]"#,
        "[[],[[]],{}]", "-12.50e+3", #"{"a":{"b":{"c":"\"\\\/"}}}"#,
    ]

    private static func text(_ chance: inout Chance) -> String {
        chance.below(2) == 0
            ? chance.mutated(chance.one(of: texts), with: pieces)
            : (0..<chance.below(8)).map { _ in chance.one(of: pieces) }.joined()
    }

    private static func isTaken(_ text: String) -> Bool? {
        do {
            _ = try parsed(text)
            return true
        } catch {
            // How large a number may be is each reader's own affair.
            return (error as? JSONError)?.message.contains("out of range") == true ? nil : false
        }
    }

    @Test func verdictsAgree() async throws {
        let environment = ProcessInfo.processInfo.environment
        let time = Duration.seconds(Double(environment["FUZZ_SECONDS"] ?? "") ?? 5)
        let seed = UInt64(environment["FUZZ_SEED"] ?? "") ?? .random(in: .min ... .max)
        let (count, different) = try await apart {
            var chance = Chance(seed: seed)
            var different: [String] = []
            let count = repeating(for: time) {
                let text = Self.text(&chance)
                if different.count < 5, let difference = Self.difference(text) { different.append(difference) }
            }
            return (count, different)
        }
        print("fuzz json: \(count) texts, FUZZ_SEED=\(seed)")
        #expect(count > 1_000)
        for difference in different { Issue.record("FUZZ_SEED=\(seed): \(difference)") }
    }

    private static func difference(_ text: String) -> String? {
        // With a zero among the first bytes the other reader takes the text for UTF-16 or UTF-32.
        guard !text.utf8.prefix(4).contains(0), let ours = isTaken(text) else { return nil }
        let theirs = (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
        // The other reader forgives a comma before a closing bracket; RFC 8259 does not.
        guard ours != theirs, !text.contains(#/,\s*[\]}]/#) else { return nil }
        return "\(text.debugDescription) is \(ours ? "taken" : "refused") by us only"
    }

    @Test func whatIsTakenComesBack() throws {
        var chance = Chance()
        for _ in 0..<20_000 {
            guard let value = try? parsed(Self.text(&chance)) else { continue }
            // By text: a whole double is written as the integer that it is.
            #expect(try parsed(value.text).text == value.text, "\(chance.seed): \(value.text)")
        }
    }
}
