/// A run of records of one collection, stored by column.
///
/// Columns stand in the order of the collection's fields: a vector and a payload field may share a name.
package struct Batch: Hashable, Sendable {
    package var keys: [Key]
    package var vectors: [Column]
    package var fields: [Column]
    /// What records of an open collection carry beyond its fields: a JSON object a row, or absent.
    package var rest: Column?
    /// One for all rows: a Milvus partition, a Qdrant shard key.
    package var partition: String?

    package init(
        keys: [Key], vectors: [Column] = [], fields: [Column] = [], rest: Column? = nil, partition: String? = nil
    ) {
        self.keys = keys
        self.vectors = vectors
        self.fields = fields
        self.rest = rest
        self.partition = partition
    }

    package var count: Int { keys.count }

    /// What a budget counts.
    package var byteCount: Int {
        (vectors + fields).reduce(keys.count * 16 + (rest?.byteCount ?? 0)) { $0 + $1.byteCount }
    }

    /// The records at these positions, in this order.
    package func rows(_ rows: [Int]) -> Batch {
        Batch(
            keys: rows.map { keys[$0] }, vectors: vectors.map { $0.rows(rows, of: count) },
            fields: fields.map { $0.rows(rows, of: count) }, rest: rest?.rows(rows, of: count), partition: partition)
    }
}

/// How much to hand over at once; one record may exceed `bytes`, alone.
package struct Budget: Hashable, Sendable {
    package var records: Int
    package var bytes: Int

    package init(records: Int = 1_000, bytes: Int = 8 << 20) {
        self.records = records
        self.bytes = bytes
    }
}

extension Batch {
    /// How many of the first rows a budget of bytes has room for; one row at least.
    package func rows(within bytes: Int) -> Int {
        guard byteCount > bytes else { return count }
        let columns = vectors + fields + (rest.map { [$0] } ?? [])
        var total = 0
        for row in 0..<count {
            total += columns.reduce(16) { $0 + $1.size(row, of: count) }
            if total > bytes, row > 0 { return row }
        }
        return count
    }

    /// The batch with only the wanted columns; `shape` is that of its collection.
    package func projected(_ wanted: Projection, _ shape: Collection) -> Batch {
        var batch = self
        if let names = wanted.vectors {
            batch.vectors = zip(shape.vectors, vectors).filter { names.contains($0.0.name) }.map(\.1)
        }
        if let names = wanted.fields {
            batch.fields = zip(shape.fields, fields).filter { names.contains($0.0.name) }.map(\.1)
        }
        if !wanted.rest { batch.rest = nil }
        return batch
    }
}

extension Batch {
    /// Of several records of one key the last.
    package func withoutTwins() -> Batch {
        var last: [Key: Int] = [:]
        for (row, key) in keys.enumerated() { last[key] = row }
        guard last.count < keys.count else { return self }
        return rows((0..<count).filter { last[keys[$0]] == $0 })
    }
}
