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

    private enum Origin: Sendable {
        case column(Int)
        case constant(JSONValue)
        case key
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
            } else if let value = mapping.set[field.name] {
                fields.append(.constant(value))
            } else if let place = fieldNames.firstIndex(of: field.name) {
                fields.append(.column(place))
            } else if field.isNullable {
                fields.append(.absent)
            } else {
                throw JobError("the target wants a field \"\(field.name)\", which the source does not have")
            }
        }
        (self.vectors, self.fields) = (vectors, fields)
    }

    var projection: Projection { mapping.projection }

    func map(_ batch: Batch) -> Batch {
        guard mapping != .identity || !isInOrder else { return batch }
        return Batch(
            keys: keys(of: batch), vectors: vectors.map { batch.vectors[$0] },
            fields: zip(fields, target.fields).map { column($0, $1, batch) }, rest: rest(of: batch),
            partition: batch.partition)
    }

    private var isInOrder: Bool {
        vectors == Array(source.vectors.indices) && fields.count == source.fields.count
            && zip(fields, source.fields.indices).allSatisfy { if case .column($1) = $0 { true } else { false } }
    }

    private func keys(of batch: Batch) -> [Key] {
        switch mapping.keys {
        case .keep: batch.keys
        case .uuid5: batch.keys.map { .uuid(UUID(urlName: mapping.keyPrefix + $0.description)) }
        }
    }

    private func column(_ origin: Origin, _ field: Field, _ batch: Batch) -> Column {
        switch origin {
        case .column(let place): return batch.fields[place]
        case .constant(let value): return Column(repeating: value, field.type, count: batch.count)
        case .absent:
            var missing = ColumnBuilder(field.type)
            for _ in 0..<batch.count { missing.append(missing: .absent) }
            return missing.column()
        case .key:
            var texts = ColumnBuilder(.bytes)
            for key in batch.keys { texts.append(bytes: key.description.utf8) }
            return texts.column()
        }
    }

    private func rest(of batch: Batch) -> Column? {
        guard target.isOpen, let rest = batch.rest else { return nil }
        let names = mapping.fields.map { Set($0.map { Text($0) }) }
        // What a field now holds must not stand in the payload a second time.
        let taken = Set((mapping.set.keys + [mapping.keepKeyAs].compactMap(\.self)).map { Text($0) })
        guard names != nil || !mapping.rename.isEmpty || !taken.isEmpty else { return rest }
        return rest.members(count: batch.count) { name in
            guard names?.contains(name) ?? true, !taken.contains(name) else { return nil }
            return mapping.rename[name.description].map { Text($0) } ?? name
        }
    }
}

extension Column {
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
