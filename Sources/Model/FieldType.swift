/// What a payload field holds.
package indirect enum FieldType: Hashable, Sendable {
    case bool, int8, int16, int32, int64, float, double, json
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp
    /// At most this many bytes of UTF-8; nil is no limit.
    case text(maxLength: Int?)
    case array(of: FieldType)

    package var integerRange: ClosedRange<Int64>? {
        switch self {
        case .int8: -0x80...0x7F
        case .int16: -0x8000...0x7FFF
        case .int32: -0x8000_0000...0x7FFF_FFFF
        case .int64: .min ... .max
        default: nil
        }
    }

    /// Whether every value of the other type can stand in a field of this one, kept in the same way.
    package func takes(_ other: FieldType) -> Bool {
        switch (self, other) {
        case (.text(let limit), .text(let length)): limit ?? .max >= length ?? .max
        case (.double, .float): true
        default:
            if let range = integerRange, let inner = other.integerRange {
                range.contains(inner.lowerBound) && range.contains(inner.upperBound)
            } else {
                self == other
            }
        }
    }
}

/// One spelling for each, in `create`, in `describe` and in files.
extension FieldType: CustomStringConvertible {
    private static let plain: [(String, FieldType)] = [
        ("bool", .bool), ("int8", .int8), ("int16", .int16), ("int32", .int32), ("int64", .int64), ("float", .float),
        ("double", .double), ("json", .json), ("timestamp", .timestamp), ("text", .text(maxLength: nil)),
    ]

    package var description: String {
        switch self {
        case .text(let limit?): "text(\(limit))"
        case .array(let element): "array(\(element))"
        default: Self.plain.first { $0.1 == self }?.0 ?? ""
        }
    }

    package init?(_ spelling: String) {
        if let plain = Self.plain.first(where: { $0.0 == spelling })?.1 {
            self = plain
        } else if let inner = spelling.argument(of: "text"), let limit = Int(inner), limit > 0 {
            self = .text(maxLength: limit)
        } else if let inner = spelling.argument(of: "array"), let element = FieldType(inner) {
            self = .array(of: element)
        } else {
            return nil
        }
    }
}

extension String {
    /// `"x"` for `name(x)`.
    fileprivate func argument(of name: String) -> String? {
        guard hasPrefix(name + "("), hasSuffix(")") else { return nil }
        return String(dropFirst(name.count + 1).dropLast())
    }
}
