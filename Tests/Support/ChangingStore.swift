import JSON
import Model

/// A store around another that does to values what it says: for rooms whose databases do such things.
package final class ChangingStore: Store {
    private let inner: any Store
    private let changes: [Change]
    private let said: [Change]
    /// Whether rounded vectors are of the narrow type in its shapes, too; else only their numbers are.
    private let isRoundingDeclared: Bool

    /// One that says something else than it does is broken.
    package init(_ inner: any Store, _ changes: [Change], isRoundingDeclared: Bool = true, saying: [Change]? = nil) {
        (self.inner, self.changes, self.isRoundingDeclared) = (inner, changes, isRoundingDeclared)
        said = saying ?? changes
    }

    // MARK: Shapes

    package func fit(_ wanted: Collection, into existing: Collection?) -> Fit {
        var shape = wanted
        for change in changes { change.apply(to: &shape, isRoundingDeclared) }
        let fit = inner.fit(shape, into: existing)
        return Fit(collection: fit.collection, verdicts: fit.verdicts, changes: said.filter { $0.concerns(wanted) })
    }

    // MARK: Records

    package func write(_ batch: Batch, to name: String, _ attempt: Attempt) async throws(StoreError) -> Receipt {
        let shape = try await inner.describe(name).collection
        var changed = batch
        if changes.contains(.rekeyed) { changed.keys = batch.keys.map { .text(Text("new \($0)")) } }
        for place in shape.vectors.indices {
            changed.vectors[place] = changes.reduce(batch.vectors[place]) {
                $1.applied(to: $0, shape.vectors[place], count: batch.count)
            }
        }
        for place in shape.fields.indices {
            changed.fields[place] = changes.reduce(batch.fields[place]) {
                $1.applied(to: $0, shape.fields[place], count: batch.count)
            }
        }
        if !shape.isOpen { changed.rest = nil }
        changed.rest = changed.rest.map { rest in changes.reduce(rest) { $1.applied(toRest: $0, count: batch.count) } }
        return try await inner.write(changed, to: name, attempt)
    }

    // MARK: The rest is the inner store's

    package var facts: Facts { inner.facts }
    package func collections() async throws(StoreError) -> [String] { try await inner.collections() }
    package func describe(_ name: String) async throws(StoreError) -> Description { try await inner.describe(name) }
    package func create(_ shape: Collection) async throws(StoreError) -> Identity { try await inner.create(shape) }
    package func drop(_ name: String, being identity: Identity?) async throws(StoreError) {
        try await inner.drop(name, being: identity)
    }
    package func read(_ name: String, at moment: Moment?) async throws(StoreError) -> any Reading {
        try await inner.read(name, at: moment)
    }
    package func settle(_ name: String) async throws(StoreError) { try await inner.settle(name) }
    package func delete(_ keys: [Key], from name: String) async throws(StoreError) -> Int {
        try await inner.delete(keys, from: name)
    }
    package func close() async { await inner.close() }
    package var indexing: (any Indexing)? { inner.indexing }
    package var aliasing: (any Aliasing)? { inner.aliasing }
    package var renaming: (any Renaming)? { inner.renaming }
    package var search: (any Searching)? { inner.search }
}

extension Change {
    /// Whether the shape has what this is about.
    fileprivate func concerns(_ shape: Collection) -> Bool {
        switch self {
        case .rekeyed: true
        case .normalised(let name), .rounded(let name, _), .rescaled(let name):
            shape.vectors.contains { $0.name == name }
        case .dropped(let name), .nullAsAbsent(let name), .absentAsNull(let name), .reserialised(let name):
            name == Change.everyField || shape.isOpen || shape.fields.contains { $0.name == name }
                || shape.vectors.contains { $0.name == name }
        }
    }

    fileprivate func apply(to shape: inout Collection, _ isRoundingDeclared: Bool) {
        switch self {
        case .dropped(Change.everyField): shape.isOpen = false
        case .dropped(let name):
            if !shape.fields.contains(where: { $0.name == name }) { shape.vectors.removeAll { $0.name == name } }
            shape.fields.removeAll { $0.name == name }
        case .rounded(let name, let element) where isRoundingDeclared:
            for place in shape.vectors.indices where shape.vectors[place].name == name {
                shape.vectors[place].element = element
            }
        case .rounded, .normalised, .rescaled, .nullAsAbsent, .absentAsNull, .reserialised, .rekeyed: break
        }
    }

    private func isAbout(_ name: String, _ wanted: String) -> Bool { wanted == Change.everyField || wanted == name }

    // MARK: Vectors

    fileprivate func applied(to column: Column, _ field: VectorField, count: Int) -> Column {
        switch self {
        case .normalised(let name) where name == field.name: column.vectors(field, count) { normalised($0) }
        case .rescaled(let name) where name == field.name: column.vectors(field, count) { rescaled($0) }
        case .rounded(let name, let element) where name == field.name:
            column.vectors(field, count) { rounded($0, element) }
        default: column
        }
    }

    /// As Qdrant does it: what is of length one, or has none, stays as it is.
    private func normalised(_ vector: [Float]) -> [Float] {
        let square = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard square >= Double(Float.ulpOfOne), (square - 1).magnitude > 1e-6 else { return vector }
        return vector.map { Float(Double($0) / square.squareRoot()) }
    }

    /// As Chroma does it.
    private func rescaled(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 && length.isFinite ? vector.map { $0 / length * length } : vector
    }

    private func rounded(_ vector: [Float], _ element: Element) -> [Float] {
        var bytes: [UInt8] = []
        let numbers = element == .int8 || element == .uint8 ? vector.map { $0.rounded(.towardZero) } : vector
        guard element.append(numbers, to: &bytes) else { return vector }
        return bytes.withUnsafeBytes { element.floats($0, dimension: vector.count) }
    }

    // MARK: Payload

    fileprivate func applied(to column: Column, _ field: Field, count: Int) -> Column {
        var changed = column
        switch self {
        case .nullAsAbsent(let name) where isAbout(field.name, name):
            changed.marks = column.marks.map { $0 == .null ? .absent : $0 }
        case .absentAsNull(let name) where isAbout(field.name, name):
            changed.marks = column.marks.map { $0 == .absent ? .null : $0 }
        case .reserialised(let name) where isAbout(field.name, name):
            guard case .bytes(let rows) = column.values, field.type.isJSON else { return column }
            var texts = Ragged<UInt8>()
            for row in 0..<count { texts.append(column.mark(row) == .value ? respelled(Array(rows[row])) : []) }
            changed.values = .bytes(texts)
        default: break
        }
        return changed
    }

    fileprivate func applied(toRest column: Column, count: Int) -> Column {
        guard case .bytes(let rows) = column.values else { return column }
        var texts = Ragged<UInt8>()
        for row in 0..<count {
            guard column.mark(row) == .value, case .object(let members)? = try? JSONValue(Array(rows[row])) else {
                texts.append(rows[row])
                continue
            }
            let changed = members.compactMap(applied)
            // What is not changed keeps its spelling.
            texts.append(changed == members ? Array(rows[row]) : Array(JSONValue.object(changed).text.utf8))
        }
        return Column(.bytes(texts), marks: column.marks)
    }

    private func applied(to member: JSONValue.Member) -> JSONValue.Member? {
        switch self {
        case .dropped(let name) where isAbout(member.name, name): nil
        case .nullAsAbsent(let name) where isAbout(member.name, name): member.value == .null ? nil : member
        case .reserialised(let name) where isAbout(member.name, name):
            JSONValue.Member(member.name, member.value.respelled)
        default: member
        }
    }

    private func respelled(_ json: [UInt8]) -> [UInt8] {
        (try? JSONValue(json)).map { Array($0.respelled.text.utf8) } ?? json
    }
}

extension JSONValue {
    /// The same value: members in another order, whole numbers without a fraction.
    fileprivate var respelled: JSONValue {
        switch self {
        case .double(let value): Int64(exactly: value).map(JSONValue.integer) ?? self
        case .array(let elements): .array(elements.map(\.respelled))
        case .object(let members): .object(members.reversed().map { Member($0.name, $0.value.respelled) })
        case .null, .bool, .integer, .string, .raw: self
        }
    }
}

extension FieldType {
    fileprivate var isJSON: Bool {
        switch self {
        case .json, .array: true
        default: false
        }
    }
}

extension Column {
    /// Dense vectors, each made anew.
    fileprivate func vectors(_ field: VectorField, _ count: Int, _ change: ([Float]) -> [Float]) -> Column {
        guard case .dense(let bytes) = values else { return self }
        var changed: [UInt8] = []
        for row in 0..<count {
            let vector = bytes[row * field.stride..<(row + 1) * field.stride].withUnsafeBytes {
                field.element.floats($0, dimension: field.dimension ?? 0)
            }
            if !field.element.append(change(vector), to: &changed) { _ = field.element.append(vector, to: &changed) }
        }
        return Column(.dense(changed), marks: marks)
    }
}
