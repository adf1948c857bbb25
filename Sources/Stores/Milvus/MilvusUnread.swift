import Model

/// Milvus counts records that it does not hand out: those whose key another record has too, and the one with the greatest
/// key of all.
extension MilvusReading {
    func unread(_ filter: Filter?, seen: Int?) async throws(StoreError) -> Unread {
        guard server.engine.repeatsKeys else { return Unread() }
        let condition = try condition(filter)
        if let seen, try await count(where: condition, in: nil) <= seen { return Unread() }
        var unread = Unread()
        for partition in partitions { unread = unread + (try await MilvusUnread(self, condition, partition).all()) }
        return unread
    }
}

/// Finds them in one partition by counting between the keys that it hands out.
private struct MilvusUnread {
    let reading: MilvusReading
    let condition: String
    let partition: String

    init(_ reading: MilvusReading, _ condition: String, _ partition: String) {
        (self.reading, self.condition, self.partition) = (reading, condition, partition)
    }

    func all() async throws(StoreError) -> Unread {
        var (unread, last): (Unread, Key?) = (Unread(), nil)
        while true {
            let keys = try await reading.keys(where: condition, in: partition, behind: last)
            guard let end = keys.last else { break }
            let lost = try await count(behind: last, through: end) - keys.count
            if lost > 0 { unread = unread + Unread(count: lost, keys: try await doubled(keys[...], behind: last)) }
            last = end
        }
        return unread + (try await behind(last))
    }

    /// What lies behind the last key that is handed out.
    private func behind(_ last: Key?) async throws(StoreError) -> Unread {
        let count = try await count(behind: last, through: nil)
        guard count > 0 else { return Unread() }
        return Unread(count: count, keys: reading.expression.isText ? [] : [.integer(.max)])
    }

    /// The first of the keys that stand there more than once.
    private func doubled(_ keys: ArraySlice<Key>, behind last: Key?) async throws(StoreError) -> [Key] {
        guard let end = keys.last, try await count(behind: last, through: end) > keys.count else { return [] }
        guard keys.count > 1 else { return [end] }
        let middle = keys.startIndex + keys.count / 2
        let first = try await doubled(keys[..<middle], behind: last)
        guard first.count < Unread.mostKeys else { return first }
        return first + (try await doubled(keys[middle...], behind: keys[middle - 1]))
    }

    private func count(behind last: Key?, through bound: Key?) async throws(StoreError) -> Int {
        let range = try reading.range(behind: last, through: bound)
        return try await reading.count(where: MilvusExpression.joined([condition, range]), in: partition)
    }
}
