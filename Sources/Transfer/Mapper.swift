import JSON
import Model

/// Records on their way, made into what the target's shape wants.
struct Mapper: Sendable {
    private let mapping: Mapping
    private let source: Collection
    private let target: Collection
    /// For each column of the target, where it comes from.
    private let vectors: [Int]
    private let fields: [Origin]
    /// Fields for which the target has no column, but room in its payload.
    private let folded: [(field: Field, origin: Origin)]
    private let lengths: VectorLengths

    private enum Origin: Sendable {
        case column(Int)
        case converted(Int, Conversion)
        case constant(JSONValue)
        case key
        case lengths
        /// The source has none, and the target does not insist.
        case absent
    }

    /// `target` is what ``Mapping/shape(of:named:)`` gives; the target's own collection has the same columns by name.
    init(_ mapping: Mapping, from source: Collection, to target: Collection) throws(JobError) {
        self.mapping = mapping
        self.source = mapping.projection.shape(of: source)
        self.target = target
        let names = (self.source.vectors.map { mapping.rename[$0.name] ?? $0.name })
        let fieldNames = self.source.fields.map { mapping.rename[$0.name] ?? $0.name }
        lengths = VectorLengths(self.source.vectors.renamed(mapping))
        var vectors: [Int] = []
        for vector in target.vectors {
            guard let place = names.firstIndex(of: vector.name) else {
                throw JobError("the target wants a vector \"\(vector.name)\", which the source does not have")
            }
            vectors.append(place)
        }
        var fields: [Origin] = []
        for field in target.fields {
            if field.name == mapping.keepKeyAs {
                fields.append(.key)
            } else if field.name == mapping.norms {
                fields.append(.lengths)
            } else if let value = mapping.set[field.name] {
                fields.append(.constant(value))
            } else if let place = fieldNames.firstIndex(of: field.name) {
                let conversion = try Conversion(self.source.fields[place], to: field.type)
                fields.append(conversion.map { .converted(place, $0) } ?? .column(place))
            } else if field.isNullable {
                fields.append(.absent)
            } else {
                throw JobError("the target wants a field \"\(field.name)\", which the source does not have")
            }
        }
        (self.vectors, self.fields) = (vectors, fields)
        folded = target.isOpen ? Mapper.folded(mapping, self.source, target) : []
    }

    private static func folded(
        _ mapping: Mapping, _ source: Collection, _ target: Collection
    ) -> [(field: Field, origin: Origin)] {
        var all: [(field: Field, origin: Origin)] = source.fields.enumerated().map { place, field in
            (Field(name: mapping.rename[field.name] ?? field.name, type: field.type), .column(place))
        }
        all.removeAll { mapping.set[$0.field.name] != nil }
        for (name, value) in mapping.set.sorted(by: { $0.key < $1.key }) {
            all.append((Field(name: name, type: value.fieldType), .constant(value)))
        }
        if let name = mapping.keepKeyAs { all.append((Field(name: name, type: .text(maxLength: nil)), .key)) }
        if let name = mapping.norms, let field = VectorLengths(source.vectors.renamed(mapping)).field(name) {
            all.append((field, .lengths))
        }
        return all.filter { item in !target.fields.contains { $0.name == item.field.name } }
    }

    var projection: Projection { mapping.projection }

    /// Throws for a record with a value that the target's type does not have.
    func map(_ batch: Batch) throws(StoreError) -> Batch {
        guard mapping != .identity || !isInOrder else { return batch }
        var mapped = Batch(keys: keys(of: batch), partition: batch.partition)
        for (place, field) in zip(vectors, target.vectors) {
            let (given, column) = (source.vectors[place], batch.vectors[place])
            let isSame = given.element == field.element || given.layout == .sparse
            mapped.vectors.append(isSame ? column : try given.converted(column, to: field.element, batch))
        }
        for (origin, field) in zip(fields, target.fields) { mapped.fields.append(try column(origin, field, batch)) }
        mapped.rest = try rest(of: batch)
        return mapped
    }

    private var isInOrder: Bool {
        vectors == Array(source.vectors.indices) && fields.count == source.fields.count
            && zip(source.vectors, target.vectors).allSatisfy { $0.element == $1.element }
            && zip(fields, source.fields.indices).allSatisfy { if case .column($1) = $0 { true } else { false } }
    }

    func keys(of batch: Batch) -> [Key] { mapping.newKeys(batch.keys) }

    private func column(_ origin: Origin, _ field: Field, _ batch: Batch) throws(StoreError) -> Column {
        switch origin {
        case .column(let place): return batch.fields[place]
        case .converted(let place, let conversion): return try conversion.convert(batch.fields[place], batch)
        case .constant(let value): return Column(repeating: value, field.type, count: batch.count)
        case .absent:
            var missing = ColumnBuilder(field.type)
            for _ in 0..<batch.count { missing.append(missing: .absent) }
            return missing.column()
        case .lengths: return lengths.column(batch.vectors, count: batch.count)
        case .key:
            var texts = ColumnBuilder(.bytes)
            for key in batch.keys { texts.append(bytes: key.description.utf8) }
            return texts.column()
        }
    }

    private func rest(of batch: Batch) throws(StoreError) -> Column? {
        guard target.isOpen else { return nil }
        let open = open(batch)
        guard !folded.isEmpty else { return open }
        var columns: [(field: Field, column: Column)] = []
        for (field, origin) in folded { columns.append((field, try column(origin, field, batch))) }
        return (open ?? .nothing(batch.count)).adding(columns, count: batch.count)
    }

    /// What lies beyond the declared fields, under its new names.
    private func open(_ batch: Batch) -> Column? {
        guard let rest = batch.rest else { return nil }
        let names = mapping.fields.map { Set($0.map { Text($0) }) }
        // What a field now holds must not stand in the payload a second time.
        let taken = Set((mapping.set.keys + [mapping.keepKeyAs, mapping.norms].compactMap(\.self)).map { Text($0) })
        guard names != nil || !mapping.rename.isEmpty || !taken.isEmpty else { return rest }
        return rest.members(count: batch.count) { name in
            guard names?.contains(name) ?? true, !taken.contains(name) else { return nil }
            return mapping.rename[name.description].map { Text($0) } ?? name
        }
    }
}

extension [VectorField] {
    fileprivate func renamed(_ mapping: Mapping) -> [VectorField] {
        map { vector in
            var vector = vector
            vector.name = mapping.rename[vector.name] ?? vector.name
            return vector
        }
    }
}

extension Column {
    /// No payload in any row.
    fileprivate static func nothing(_ count: Int) -> Column {
        Column(.bytes(Ragged(ends: Array(repeating: 0, count: count))), marks: Array(repeating: .absent, count: count))
    }

    /// The same value in every row.
    fileprivate init(repeating value: JSONValue, _ type: FieldType, count: Int) {
        var column = ColumnBuilder(type)
        for _ in 0..<count {
            switch value {
            case .bool(let value): column.append(value)
            case .integer(let value): column.append(value)
            case .double(let value): column.append(value)
            case .string(let text): column.append(bytes: text.utf8)
            case .null: column.append(missing: .null)
            case .array, .object, .raw: column.append(bytes: value.text.utf8)
            }
        }
        self = column.column()
    }
}
