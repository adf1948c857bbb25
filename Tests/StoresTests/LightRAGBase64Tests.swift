import Foundation
import Testing

@testable import Stores

@Suite struct Base64Tests {
    private static let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }

    /// Short texts go by tables and long ones by wide instructions, which must not differ.
    @Test func everyLengthIsAsFoundationHasIt() {
        for count in 0...Self.bytes.count {
            let plain = Array(Self.bytes.prefix(count))
            var text: [UInt8] = []
            plain.withUnsafeBytes { Base64.append($0, to: &text) }
            #expect(String(decoding: text, as: UTF8.self) == Data(plain).base64EncodedString())
            #expect(text.withUnsafeBufferPointer { Base64.decoded($0) } == plain)
        }
    }

    @Test func everyCharacterThatIsNoLetterIsRefusedAtEveryPlace() {
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for place in 0..<64 {
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: UInt8(ascii: "Q"), count: 64)
                text[place] = byte
                let isRight = text.withUnsafeBufferPointer { Base64.decoded($0) } != nil
                let isPadding = byte == UInt8(ascii: "=") && place == 63
                #expect(isRight == (letters.contains(byte) || isPadding), "\(byte) at \(place)")
            }
        }
    }

    @Test func paddingStandsAtTheEndOnly() {
        for text in ["QQ==QQ==", "Q===", "====", "QQQ", "QQ=Q"] {
            #expect(Array(text.utf8).withUnsafeBufferPointer { Base64.decoded($0) } == nil, "\(text)")
        }
    }
}
