import JSON

/// Lines of comma-separated values after RFC 4180.
///
/// What is null or absent is empty, empty text is `""`: as PostgreSQL writes it.
enum CSV {
    static let lineEnd: StaticString = "\r\n"

    static func line(_ names: [String], to writer: inout JSONWriter) {
        for (place, name) in names.enumerated() {
            if place > 0 { writer.raw(",") }
            write(name.utf8, to: &writer)
        }
        writer.raw(lineEnd)
    }

    /// One row of plain values; nested ones are JSON.
    static func line(_ values: [JSONValue?], to writer: inout JSONWriter) {
        for (place, value) in values.enumerated() {
            if place > 0 { writer.raw(",") }
            switch value {
            case nil, .null: break
            case .string(let text): write(text.utf8, to: &writer)
            case .some(let value): write(value.text.utf8, to: &writer)
            }
        }
        writer.raw(lineEnd)
    }

    /// One value, in quotes where it needs them.
    static func write(_ value: some Swift.Collection<UInt8>, to writer: inout JSONWriter) {
        guard value.isEmpty || value.contains(where: isSpecial) else { return writer.raw(value) }
        writer.raw("\"")
        for (place, run) in value.split(separator: quote, omittingEmptySubsequences: false).enumerated() {
            if place > 0 { writer.raw("\"\"") }
            writer.raw(run)
        }
        writer.raw("\"")
    }

    private static let quote = UInt8(ascii: "\"")

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == quote || byte == 0x0A || byte == 0x0D
    }
}
