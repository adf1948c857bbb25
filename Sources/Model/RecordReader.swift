import JSON

/// Records from their JSON text: `{"key":…,"vectors":{…},"fields":{…}}`, one after the other, into a batch.
///
/// It refuses what the collection's shape does not allow, by name, and never guesses.
package struct RecordReader {
    private let shape: Collection
    private let vectorPlaces: [Text: Int]
    private let fieldPlaces: [Text: Int]
    /// What stands in the records and is not wanted.
    private let passed: (vectors: Set<Text>, fields: Set<Text>, rest: Bool)
    private var builder: BatchBuilder
    private var floats: [Float] = []

    /// `shape` is that of the records; of them, the batches get what is wanted.
    package init(_ whole: Collection, wanted: Projection = .all) {
        let shape = wanted.shape(of: whole)
        self.shape = shape
        passed = (
            Set(whole.vectors.filter { !shape.vectors.contains($0) }.map { Text($0.name) }),
            Set(whole.fields.filter { !shape.fields.contains($0) }.map { Text($0.name) }), whole.isOpen && !wanted.rest
        )
        vectorPlaces = RecordReader.places(shape.vectors.map(\.name))
        fieldPlaces = RecordReader.places(shape.fields.map(\.name))
        builder = BatchBuilder(shape)
    }

    package var count: Int { builder.keys.count }

    /// The records read since the last call.
    package mutating func take() -> Batch {
        let batch = builder.batch()
        builder = BatchBuilder(shape, like: batch)
        return batch
    }

    /// Reads one record; throws ``StoreError/Code/malformed`` or `rejected` with what is wrong, and then the reader
    /// must not be used again.
    package mutating func append(_ text: some Sequence<UInt8>) throws(StoreError) {
        let bytes = Array(text)
        do {
            try bytes.withScanner { scanner throws(JSONError) in
                try append(next: &scanner)
                try scanner.finish()
            }
        } catch {
            throw StoreError(.malformed, "the record is not as it should be: \(error)")
        }
    }

    /// Reads the record that comes next in a text; `other` is asked about members that are no part of a record, reads
    /// those that it knows, and says whether it did.
    package mutating func append(
        next scanner: inout JSONScanner,
        other: (inout JSONScanner, [UInt8]) throws(JSONError) -> Bool = { (_, _) throws(JSONError) in false }
    ) throws(JSONError) {
        var key: Key?
        var hasVectors = false
        var hasFields = false
        try scanner.object { (scanner, name) throws(JSONError) in
            let member = try scanner.decoded(name)
            switch String(decoding: member, as: UTF8.self) {
            case "key" where key == nil: key = try readKey(&scanner)
            case "vectors" where !hasVectors:
                hasVectors = true
                try readVectors(&scanner)
            case "fields" where !hasFields:
                hasFields = true
                try readFields(&scanner)
            case "key", "vectors", "fields": throw JSONError("a second member of this name", at: name.lowerBound)
            case let word:
                guard try !other(&scanner, member) else { return }
                throw JSONError("\"\(word)\" is no part of a record: key, vectors, fields", at: name.lowerBound)
            }
        }
        guard let key else { throw JSONError("the record has no \"key\"", at: scanner.offset) }
        if !hasVectors { try fillVectors([], at: scanner.offset) }
        if !hasFields { try fillFields([], at: scanner.offset) }
        builder.keys.append(key)
    }

    /// Reads a record whose fields are the members of the object that comes next; `other` is asked about each member
    /// first, reads those that are no fields, and says whether it did. Behind the object `key` is asked.
    package mutating func append(
        fields scanner: inout JSONScanner, key: () throws(JSONError) -> Key,
        other: (inout JSONScanner, Text) throws(JSONError) -> Bool
    ) throws(JSONError) {
        try readMembers(&scanner, other: other)
        try fillVectors([], at: scanner.offset)
        builder.keys.append(try key())
    }

    private func readKey(_ scanner: inout JSONScanner) throws(JSONError) -> Key {
        let start = scanner.offset
        let key: Key? =
            switch try scanner.kind() {
            case .number: try readNumberKey(&scanner)
            case .string: try readTextKey(&scanner)
            default: nil
            }
        guard let key, shape.key.type.accepts(key) else {
            throw JSONError("the key is not of type \(shape.key.type)", at: start)
        }
        return key
    }

    private func readNumberKey(_ scanner: inout JSONScanner) throws(JSONError) -> Key? {
        let range = try scanner.number()
        let digits = String(decoding: scanner.raw(range), as: UTF8.self)
        return Int64(digits).map(Key.integer) ?? UInt64(digits).map(Key.init(natural:))
    }

    private func readTextKey(_ scanner: inout JSONScanner) throws(JSONError) -> Key? {
        let text = Text(utf8: try scanner.string())
        switch shape.key.type {
        case .text: return .text(text)
        case .uuid, .id: return UUID(text.utf8).map(Key.uuid)
        case .int64, .uint64: return nil
        }
    }

    // MARK: Members

    private mutating func readVectors(_ scanner: inout JSONScanner) throws(JSONError) {
        var seen: Set<Int> = []
        try scanner.object { (scanner, name) throws(JSONError) in
            let text = Text(utf8: try scanner.decoded(name))
            guard let place = vectorPlaces[text] else {
                guard !passed.vectors.contains(text) else { return _ = try scanner.skip() }
                throw JSONError("the collection has no vector \"\(text)\"", at: name.lowerBound)
            }
            guard seen.insert(place).inserted else {
                throw JSONError("a second vector \"\(text)\"", at: name.lowerBound)
            }
            try readVector(&scanner, place)
        }
        try fillVectors(seen, at: scanner.offset)
    }

    private mutating func readFields(_ scanner: inout JSONScanner) throws(JSONError) {
        if shape.fields.isEmpty, !shape.isOpen, !passed.fields.isEmpty || passed.rest { return _ = try scanner.skip() }
        try readMembers(&scanner) { (_, _) throws(JSONError) in false }
    }

    private mutating func readMembers(
        _ scanner: inout JSONScanner, other: (inout JSONScanner, Text) throws(JSONError) -> Bool
    ) throws(JSONError) {
        var seen: Set<Int> = []
        var extra = JSONWriter()
        var extraNames: Set<Text> = []
        extra.raw("{")
        try scanner.object { (scanner, name) throws(JSONError) in
            let text = Text(utf8: try scanner.decoded(name))
            guard try !other(&scanner, text) else { return }
            if let place = fieldPlaces[text], seen.insert(place).inserted { return try readField(&scanner, place) }
            if passed.fields.contains(text) || passed.rest && fieldPlaces[text] == nil { return _ = try scanner.skip() }
            guard shape.isOpen || fieldPlaces[text] != nil else {
                throw JSONError("the collection has no field \"\(text)\", and takes no others", at: name.lowerBound)
            }
            guard fieldPlaces[text] == nil, extraNames.insert(text).inserted else {
                throw JSONError("a second field \"\(text)\"", at: name.lowerBound)
            }
            extra.name(text.utf8)
            extra.raw(scanner.raw(try scanner.skip()))
        }
        extra.raw("}")
        if extraNames.isEmpty {
            builder.rest?.append(missing: .absent)
        } else {
            builder.rest?.append(bytes: extra.bytes)
        }
        try fillDeclared(seen, at: scanner.offset)
    }

    private mutating func fillVectors(_ seen: Set<Int>, at offset: Int) throws(JSONError) {
        for (place, vector) in shape.vectors.enumerated() where !seen.contains(place) {
            guard vector.isNullable else { throw JSONError("vector \"\(vector.name)\" is missing", at: offset) }
            builder.vectors[place].append(missing: .absent)
        }
    }

    private mutating func fillFields(_ seen: Set<Int>, at offset: Int) throws(JSONError) {
        builder.rest?.append(missing: .absent)
        try fillDeclared(seen, at: offset)
    }

    private mutating func fillDeclared(_ seen: Set<Int>, at offset: Int) throws(JSONError) {
        for (place, field) in shape.fields.enumerated() where !seen.contains(place) {
            guard field.isNullable else { throw JSONError("field \"\(field.name)\" is missing", at: offset) }
            builder.fields[place].append(missing: .absent)
        }
    }

    private static func places(_ names: [String]) -> [Text: Int] {
        Dictionary(names.enumerated().map { (Text($0.element), $0.offset) }) { first, _ in first }
    }
}

// MARK: Values

extension RecordReader {
    private mutating func readVector(_ scanner: inout JSONScanner, _ place: Int) throws(JSONError) {
        let vector = shape.vectors[place]
        if try scanner.kind() == .null {
            guard vector.isNullable else { throw JSONError("vector \"\(vector.name)\" is null", at: scanner.offset) }
            try scanner.null()
            return builder.vectors[place].append(missing: .null)
        }
        switch vector.layout {
        case .dense:
            var bytes: [UInt8] = []
            try readDense(&scanner, vector, into: &bytes)
            builder.vectors[place].append(dense: bytes)
        case .multi:
            var bytes: [UInt8] = []
            try scanner.array { scanner throws(JSONError) in try readDense(&scanner, vector, into: &bytes) }
            builder.vectors[place].append(bytes: bytes)
        case .sparse: try readSparse(&scanner, place)
        }
    }

    private mutating func readDense(
        _ scanner: inout JSONScanner, _ vector: VectorField, into bytes: inout [UInt8]
    ) throws(JSONError) {
        let start = scanner.offset
        floats.removeAll(keepingCapacity: true)
        try scanner.floats(into: &floats)
        guard floats.count == vector.dimension else {
            throw JSONError(
                "vector \"\(vector.name)\" has dimension \(vector.dimension ?? 0), not \(floats.count)",
                at: start)
        }
        guard vector.element.append(floats, to: &bytes) else {
            throw JSONError("vector \"\(vector.name)\" holds a number that is no \(vector.element.rawValue)", at: start)
        }
    }

    private mutating func readSparse(_ scanner: inout JSONScanner, _ place: Int) throws(JSONError) {
        let start = scanner.offset
        var indices: [UInt32] = []
        var weights: [Float] = []
        try scanner.object { (scanner, name) throws(JSONError) in
            switch String(decoding: try scanner.decoded(name), as: UTF8.self) {
            case "indices": try scanner.array { scanner throws(JSONError) in indices.append(try readIndex(&scanner)) }
            case "values": try scanner.floats(into: &weights)
            case let other: throw JSONError("\"\(other)\" is no part of a sparse vector", at: name.lowerBound)
            }
        }
        guard indices.count == weights.count else {
            throw JSONError("a sparse vector has as many values as indices", at: start)
        }
        let order = indices.indices.sorted { indices[$0] < indices[$1] }
        let sorted = order.map { indices[$0] }
        guard zip(sorted, sorted.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw JSONError("a sparse vector has an index twice", at: start)
        }
        builder.vectors[place].append(indices: sorted, weights: order.map { weights[$0] })
    }

    private func readIndex(_ scanner: inout JSONScanner) throws(JSONError) -> UInt32 {
        guard let index = try scanner.integer().flatMap(UInt32.init(exactly:)) else {
            throw JSONError("an index is a whole number below 2^32", at: scanner.offset)
        }
        return index
    }

    private mutating func readField(_ scanner: inout JSONScanner, _ place: Int) throws(JSONError) {
        let field = shape.fields[place]
        let start = scanner.offset
        if try scanner.kind() == .null {
            guard field.isNullable else { throw JSONError("field \"\(field.name)\" is null", at: start) }
            try scanner.null()
            return builder.fields[place].append(missing: .null)
        }
        guard try Self.readValue(&scanner, field.type, into: &builder.fields[place]) else {
            throw JSONError("field \"\(field.name)\" is not of type \(field.type)", at: start)
        }
    }

    /// Static, as a copy of the reader would hold the column's memory too, and all of it were copied for each value.
    private static func readValue(
        _ scanner: inout JSONScanner, _ type: FieldType, into column: inout ColumnBuilder
    ) throws(JSONError) -> Bool {
        switch (type, try scanner.kind()) {
        case (.bool, .bool): column.append(try scanner.bool())
        case (.int8, .number), (.int16, .number), (.int32, .number), (.int64, .number):
            guard let value = try scanner.integer(), type.integerRange?.contains(value) == true else { return false }
            column.append(value)
        case (.float, .number): column.append(Double(try scanner.float()))
        case (.double, .number): column.append(try scanner.double())
        case (.text(let limit), .string):
            let text = try scanner.string()
            guard text.count <= limit ?? .max else { return false }
            column.append(bytes: text)
        case (.timestamp, .string):
            guard let moment = Timestamp.microseconds(try scanner.text()) else { return false }
            column.append(moment)
        case (.json, _): column.append(bytes: scanner.raw(try scanner.skip()))
        case (.array(let element), .array):
            let start = scanner.offset
            guard try holdsOnly(element, &scanner) else { return false }
            column.append(bytes: scanner.raw(start..<scanner.offset))
        default: return false
        }
        return true
    }

    private static func holdsOnly(_ element: FieldType, _ scanner: inout JSONScanner) throws(JSONError) -> Bool {
        var fits = true
        var scratch = ColumnBuilder(element)
        try scanner.array { scanner throws(JSONError) in
            let start = scanner.offset
            if try !readValue(&scanner, element, into: &scratch) {
                fits = false
                scanner.offset = start
                try scanner.skip()
            }
        }
        return fits
    }
}
