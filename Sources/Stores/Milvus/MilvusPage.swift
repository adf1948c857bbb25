import Model
import Wire

/// Rows as `Query` answers them, in columns of the shape that is wanted.
struct MilvusPage {
    private let table: MilvusTable
    /// Of the batches: the wanted columns.
    private let shape: Collection
    private(set) var batch: Batch

    init(_ table: MilvusTable, _ shape: Collection) {
        (self.table, self.shape) = (table, shape)
        batch = BatchBuilder(shape).batch()
    }

    var count: Int { batch.count }

    /// Takes an answer's fields behind what is there.
    mutating func take(_ fields: [MilvusFieldData]) throws -> Int {
        guard let key = table.schema.key, let keys = try fields.first(where: { $0.name == key.name })?.keys(of: table)
        else { return 0 }
        let count = keys.count
        func column(_ name: String) throws -> Column {
            guard let field = table.schema.fields.first(where: { $0.name == name }),
                let data = fields.first(where: { $0.name == name })
            else { throw StoreError(.malformed, "Milvus leaves out the field \"\(name)\", which was asked for") }
            return try data.column(field, count: count)
        }
        guard count > 0 else { return 0 }
        let more = Batch(
            keys: keys, vectors: try shape.vectors.map { try column($0.name) },
            fields: try shape.fields.map { try column($0.name) }, rest: try rest(fields, count))
        if batch.count == 0 { batch = more } else { batch.append(more) }
        return count
    }

    /// What has no member is nothing.
    private func rest(_ fields: [MilvusFieldData], _ count: Int) throws -> Column? {
        guard shape.isOpen else { return nil }
        guard let rows = try fields.first(where: { $0.name == MilvusSchema.hidden })?.texts(), rows.count == count
        else {
            throw StoreError(.malformed, "Milvus leaves out the payload that no field is declared for")
        }
        var marks: [Column.Mark] = []
        for row in 0..<count where rows[row].count <= 2 {
            if marks.isEmpty { marks = Array(repeating: .value, count: count) }
            marks[row] = .absent
        }
        return Column(.bytes(rows), marks: marks)
    }

    mutating func keep(_ count: Int) {
        if count < batch.count { batch = batch.rows(Array(0..<count)) }
    }
}

extension MilvusFieldData {
    func keys(of table: MilvusTable) throws -> [Key] {
        if table.schema.key?.type == .int64 { return try integers().map(Key.integer) }
        let texts = try texts()
        let type = table.keyType
        guard case .text = type else {
            return try (0..<texts.count).map { row in
                guard let key = type.key(spelled: String(decoding: texts[row], as: UTF8.self)) else {
                    throw StoreError(
                        .malformed, "the key \"\(String(decoding: texts[row], as: UTF8.self))\" is not of type \(type)")
                }
                return key
            }
        }
        return (0..<texts.count).map { .text(Text(utf8: Array(texts[$0]))) }
    }
}
