import JSON
import Model

extension QdrantReading {
    /// Parts of about one size; cut once, at keys that stay with the plan.
    func slices(atMost count: Int) async throws(StoreError) -> [Slice] {
        let total = try await self.count(nil)
        // Less than so much is read in a moment.
        let pieces = max(1, min(count, total / 1_000))
        guard pieces > 1 else { return [Slice()] }
        var slices = [Slice()]
        for cut in try await cuts(pieces, of: total) {
            let place = Cursor(cut.token)
            slices[slices.count - 1].through = place
            slices.append(Slice(index: slices.count, after: place))
        }
        return slices
    }

    /// Ascending.
    private func cuts(_ pieces: Int, of total: Int) async throws(StoreError) -> [Key] {
        let sample = total > Self.fewKeys ? try await sample(64 * pieces) : []
        let keys = sample.isEmpty ? try await allKeys(total) : sample
        guard keys.count >= pieces else { return [] }
        var cuts: [Key] = []
        for piece in 1..<pieces {
            let cut = keys[keys.count * piece / pieces]
            if cut != cuts.last { cuts.append(cut) }
        }
        return cuts
    }

    /// So many keys are looked at themselves.
    private static let fewKeys = 50_000
    private static let manyKeys = 2_000_000

    private func allKeys(_ total: Int) async throws(StoreError) -> [Key] {
        guard total <= Self.manyKeys else { return [] }
        var keys: [Key] = []
        var scan = Scan(wanted: .keys, budget: Budget(records: 10_000, bytes: .max))
        while let page = try await page(scan) {
            keys += page.batch.keys
            scan.slice.after = page.end
        }
        return keys
    }

    /// Keys by chance, in their order; none where the server hands out none.
    private func sample(_ count: Int) async throws(StoreError) -> [Key] {
        guard server.engine.hasSamples else { return [] }
        let body: JSONValue = [
            "query": ["sample": "random"], "limit": .integer(Int64(count)), "with_payload": false, "with_vector": false,
        ]
        do throws(StoreError) {
            return Array(Set(try await answer("/points/query", body, .keys).batch.keys)).sorted()
        } catch {
            guard [.rejected, .unsupported].contains(error.code) else { throw error }
            return []
        }
    }
}
