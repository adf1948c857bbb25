/// Text as the bytes of its UTF-8, compared as bytes.
///
/// `String` calls "é" and "e\u{301}" equal, and mends what is not UTF-8; no database does, so two records would become one.
package struct Text: Hashable, Sendable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    package var utf8: [UInt8]

    package init(utf8: [UInt8]) { self.utf8 = utf8 }
    package init(_ string: String) { utf8 = Array(string.utf8) }
    package init(stringLiteral value: String) { self.init(value) }

    package var description: String { String(decoding: utf8, as: UTF8.self) }

    package static func < (a: Text, b: Text) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
