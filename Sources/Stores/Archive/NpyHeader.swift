import Model

/// The first bytes of a NumPy file (format 1.0): what its rows are, and how many.
///
/// It always takes the same room, so that it can be written again in place when the file has grown.
struct NpyHeader: Hashable, Sendable {
    static let size = 128

    var type: String
    var rows: Int
    var columns: Int

    /// The header of the file that holds a dense vector field.
    init(_ vector: VectorField, rows: Int) {
        type = vector.element.npyType
        columns = vector.element == .bit ? vector.stride : vector.dimension ?? 0
        self.rows = rows
    }

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(size - 10), 0]

    var bytes: [UInt8] {
        let text = Array("\(opening)\(rows), \(columns)), }".utf8)
        let room = Self.size - Self.magic.count - 1 - text.count
        return Self.magic + text + [UInt8](repeating: UInt8(ascii: " "), count: max(0, room)) + [UInt8(ascii: "\n")]
    }

    private var opening: String { "{'descr': '\(type)', 'fortran_order': False, 'shape': (" }

    /// How many rows a file says it has, or nil if it is not one of rows like these.
    func rows(in bytes: [UInt8]) -> Int? {
        let start = Self.magic.count + opening.utf8.count
        let digits = bytes.dropFirst(start).prefix { $0 != UInt8(ascii: ",") }
        guard let rows = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        var same = self
        same.rows = rows
        return same.bytes == bytes ? rows : nil
    }
}

extension Element {
    /// NumPy's name of the type; it has none for bfloat16 and bits, which stand as whole numbers.
    fileprivate var npyType: String {
        switch self {
        case .float32: "<f4"
        case .float16: "<f2"
        case .bfloat16: "<u2"
        case .int8: "|i1"
        case .uint8, .bit: "|u1"
        }
    }
}
