import Files
import JSON
import Model

/// The text of rows, made into a batch.
struct LightRAGRows {
    private let snapshot: LightRAGSnapshot
    private let wanted: [VectorField]
    private var reader: RecordReader
    /// The numbers of the rows that were read.
    private(set) var rows: [Int] = []
    private var halves: ColumnBuilder
    private var own: [UInt8] = []
    private let aside: Aside

    init(_ snapshot: LightRAGSnapshot, _ wanted: Projection) {
        var bare = snapshot.collection
        bare.vectors = []
        self.snapshot = snapshot
        self.wanted = wanted.shape(of: snapshot.collection).vectors
        reader = RecordReader(bare, wanted: wanted)
        halves = ColumnBuilder(.dense(stride: snapshot.halves?.stride ?? 0))
        let wantsOwn = self.wanted.contains { $0.element == .float32 }
        aside = Aside(snapshot, wantsHalves: self.wanted.contains { $0.element == .float16 }, wantsOwn: wantsOwn)
    }

    var count: Int { rows.count }

    /// Reads the row of this number; throws where it is none, and then this must not be used again.
    mutating func append(_ text: UnsafeBufferPointer<UInt8>, row: Int) throws(StoreError) {
        do throws(JSONError) {
            if snapshot.name.isGraph {
                try element(text).withScanner { scanner throws(JSONError) in try append(&scanner) }
            } else {
                var scanner = JSONScanner(text)
                try append(&scanner)
            }
        } catch {
            throw .lightRAG(broken: snapshot.file.path, "row \(row + 1): \(error.message)")
        }
        rows.append(row)
    }

    private func element(_ text: UnsafeBufferPointer<UInt8>) throws(JSONError) -> [UInt8] {
        var xml = LightRAGXML(text)
        do throws(LightRAGXML.Failure) {
            return try LightRAGElement(&xml, snapshot.outline.graph ?? LightRAGGraph(), snapshot.name.kind).json
        } catch { throw JSONError(error.message, at: xml.at) }
    }

    private mutating func append(_ scanner: inout JSONScanner) throws(JSONError) {
        var aside = aside
        if snapshot.name.kind == .values {
            aside.key = try scanner.string()
            scanner.skipSpace()
            scanner.offset += 1
        }
        try reader.append(fields: &scanner) { () throws(JSONError) in
            try snapshot.key(spelled: aside.key ?? [])
        } other: { (scanner, name) throws(JSONError) in
            try aside.read(name, &scanner)
        }
        own += aside.own
        if aside.wantsHalves { append(aside) }
    }

    private mutating func append(_ aside: Aside) {
        if let mark = aside.missing { halves.append(missing: mark) } else { halves.append(dense: aside.halves) }
    }

    // MARK: The batch

    mutating func batch() throws(StoreError) -> Batch {
        var batch = reader.take()
        for vector in wanted {
            batch.vectors.append(vector.element == .float16 ? halves.column() : try Column(.dense(embeddings())))
        }
        try checkFinite(batch)
        return batch
    }

    private func embeddings() throws(StoreError) -> [UInt8] {
        guard case .matrix(let matrix) = snapshot.vectors else { return own }
        var bytes: [UInt8] = []
        for run in rows.runs {
            let part = try matrix.bytes(run, in: snapshot.file)
            if bytes.isEmpty { bytes = part } else { bytes += part }
        }
        return bytes
    }

    private func checkFinite(_ batch: Batch) throws(StoreError) {
        for (vector, column) in zip(wanted, batch.vectors) {
            guard case .dense(let bytes) = column.values, let bad = vector.element.firstNotFinite(in: bytes) else {
                continue
            }
            let place = bad / vector.stride
            throw .lightRAG(
                broken: snapshot.file.path,
                "row \(rows[place] + 1) (\(batch.keys[place])) has a vector that is not finite: NaN is what "
                    + "nano-vectordb makes of a vector of zeros",
                help: "delete that row, or have LightRAG embed it again")
        }
    }
}

extension [Int] {
    /// Ascending numbers as ranges without a gap.
    var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        for number in self {
            if let last = runs.last, last.upperBound == number {
                runs[runs.count - 1] = last.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }
        return runs
    }
}

/// What stands in a row beside its fields.
private struct Aside {
    let wantsHalves: Bool
    private let wantsOwn: Bool
    private let halvesName: Text?
    private let ownName: Text?
    private let dimension: Int
    var key: [UInt8]?
    var halves: [UInt8] = []
    var missing: Column.Mark? = .absent
    var own: [UInt8] = []

    private static let keyName = Text(LightRAGOutline.key)

    init(_ snapshot: LightRAGSnapshot, wantsHalves: Bool, wantsOwn: Bool) {
        (self.wantsHalves, self.wantsOwn) = (wantsHalves, wantsOwn)
        halvesName = snapshot.halves.map { Text($0.name) }
        ownName = if case .rows(let name) = snapshot.vectors { name } else { nil }
        dimension = snapshot.embedding?.dimension ?? 0
    }

    /// Whether this is a member that belongs here.
    mutating func read(_ name: Text, _ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        switch name {
        case Self.keyName where key == nil: key = try scanner.string()
        case ownName:
            if wantsOwn { own = try LightRAGRows.vector(&scanner, dimension: dimension) } else { try scanner.skip() }
        case halvesName:
            if wantsHalves { try readHalves(&scanner) } else { try scanner.skip() }
        default: return false
        }
        return true
    }

    private mutating func readHalves(_ scanner: inout JSONScanner) throws(JSONError) {
        guard try scanner.kind() != .null else {
            missing = .null
            return try scanner.null()
        }
        missing = nil
        halves = try LightRAGRows.halves(&scanner, dimension: dimension)
    }
}

// MARK: Vectors in rows

extension LightRAGRows {
    fileprivate static func halves(_ scanner: inout JSONScanner, dimension: Int?) throws(JSONError) -> [UInt8] {
        let (start, text) = (scanner.offset, try scanner.string())
        do throws(LightRAGHalves.Failure) { return try LightRAGHalves.unpacked(text, dimension: dimension) } catch {
            throw JSONError("its vector \(error.message)", at: start)
        }
    }

    /// A vector of float32, from numbers or from packed halves.
    fileprivate static func vector(_ scanner: inout JSONScanner, dimension: Int?) throws(JSONError) -> [UInt8] {
        guard try scanner.kind() == .array else {
            return LightRAGHalves.widened(try halves(&scanner, dimension: dimension))
        }
        let start = scanner.offset
        var numbers: [Float] = []
        try scanner.floats(into: &numbers)
        guard dimension == nil || numbers.count == dimension else {
            throw JSONError("its vector has dimension \(numbers.count), not \(dimension ?? 0)", at: start)
        }
        return numbers.withUnsafeBytes { Array($0) }
    }

    /// The dimension of the first row's own vector.
    static func dimension(of member: Text, _ outline: LightRAGOutline, _ file: DiskFile) throws(StoreError) -> Int {
        let range = outline.rows.first ?? 0..<0
        let text = try file.read(range.count, at: range.lowerBound)
        var count = 0
        do {
            try text.withScanner { scanner throws(JSONError) in
                try scanner.object { (scanner, name) throws(JSONError) in
                    guard try scanner.decoded(name) == member.utf8 else { return _ = try scanner.skip() }
                    count = try vector(&scanner, dimension: nil).count / 4
                }
            }
        } catch { throw .lightRAG(broken: file.path, "row 1: \(error.message)") }
        guard count > 0 else { throw .lightRAG(broken: file.path, "row 1: its vector has no numbers") }
        return count
    }
}
