import Model

/// The ids of a collection, or of those records that a condition keeps, in the order of their bytes.
///
/// Chroma pages by offsets, which grow dear and shift under deletes; so the ids are listed once, and everything else is
/// asked for by id. They lie end to end, as there may be millions.
struct ChromaKeys: Sendable {
    private var bytes: [UInt8] = []
    /// Where each id begins and ends.
    private var places: [Place] = []

    private struct Place {
        let start: Int
        let count: Int32
    }

    var count: Int { places.count }

    mutating func append(_ id: some Swift.Collection<UInt8>) {
        places.append(Place(start: bytes.count, count: Int32(id.count)))
        bytes.append(contentsOf: id)
    }

    mutating func sort() {
        bytes.withUnsafeBytes { bytes in
            places.sort { Self.precedes(bytes, $0, $1) }
        }
    }

    private static func precedes(_ bytes: UnsafeRawBufferPointer, _ a: Place, _ b: Place) -> Bool {
        UnsafeRawBufferPointer(rebasing: bytes[a.start..<a.start + Int(a.count)])
            .lexicographicallyPrecedes(bytes[b.start..<b.start + Int(b.count)])
    }

    subscript(_ place: Int) -> Text { Text(utf8: Array(id(place))) }

    private func id(_ place: Int) -> ArraySlice<UInt8> {
        bytes[places[place].start..<places[place].start + Int(places[place].count)]
    }

    /// The place of the first id behind this one, whether it is there or not.
    func place(behind last: Text?) -> Int {
        guard let last else { return 0 }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if last.utf8[...].lexicographicallyPrecedes(id(middle)) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
