/// File names for any name at all, also where the file system takes `A` and `a` for one.
enum ArchiveNames {
    private static let longest = 200

    /// Lower-case letters, digits, `_` and `-` stand for themselves, every other byte as `%` and two digits; a name
    /// that grows too long is cut and ends in a part of its checksum.
    static func encoded(_ name: String) -> String {
        guard !name.isEmpty else { return "%" }
        let whole = name.utf8.map(spelling).joined()
        guard whole.utf8.count > longest else { return whole }
        return "\(whole.prefix(longest / 2))%%\(ArchiveChecksum(Array(name.utf8)).hex.prefix(32))"
    }

    /// The name, or nil if no name is encoded like this, or one that was cut.
    static func decoded(_ file: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(file.utf8)[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else if let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            }
        }
        guard let name = String(validating: bytes, as: UTF8.self), encoded(name) == file else { return nil }
        return name
    }

    static func isCut(_ file: String) -> Bool { file.utf8.count > longest / 2 && file.contains("%%") }

    private static func spelling(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            return String(UnicodeScalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.utf8.count == 1 ? "%0" + digits : "%" + digits
        }
    }
}
