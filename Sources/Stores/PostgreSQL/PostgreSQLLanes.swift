import Model

/// A few connections that are shared; who finds none idle waits for one.
actor PostgreSQLLanes {
    private let server: PostgreSQLServer
    private let limit: Int
    private var idle: [Idle] = []
    private var all: [PostgreSQLLane] = []
    private var waiting: [CheckedContinuation<PostgreSQLLane, Never>] = []

    private struct Idle {
        var lane: PostgreSQLLane
        /// Where what it was reading goes on.
        var next: Scan?
    }

    init(_ server: PostgreSQLServer, limit: Int) {
        self.server = server
        self.limit = limit
    }

    /// Runs `body` on one of the connections.
    nonisolated func run<Result: Sendable>(
        _ body: @Sendable (PostgreSQLConnection) throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        let lane = await take(nil)
        do throws(StoreError) {
            let result = try await lane.run(body)
            await give(lane, nil)
            return result
        } catch {
            await give(lane, nil)
            throw error
        }
    }

    /// The page of a scan, from the connection that stands at its place if there is one.
    nonisolated func page(_ scan: Scan, _ source: PostgreSQLSource) async throws(StoreError) -> Page? {
        let lane = await take(scan.place)
        do throws(StoreError) {
            let page = try await lane.page(scan, source)
            var next = scan.place
            next.slice.after = page?.end
            await give(lane, page == nil ? nil : next)
            return page
        } catch {
            await give(lane, nil)
            throw error
        }
    }

    func close() async {
        for lane in all { await lane.close() }
        idle = []
    }

    private func take(_ place: Scan?) async -> PostgreSQLLane {
        if let place, let match = idle.firstIndex(where: { $0.next == place }) { return idle.remove(at: match).lane }
        if all.count >= limit || place == nil, let free = idle.firstIndex(where: { $0.next == nil }) {
            return idle.remove(at: free).lane
        }
        if all.count < limit {
            let lane = PostgreSQLLane(server)
            all.append(lane)
            return lane
        }
        if !idle.isEmpty {
            let lane = idle.removeFirst().lane
            await lane.stopReading()
            return lane
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    private func give(_ lane: PostgreSQLLane, _ next: Scan?) async {
        if waiting.isEmpty { return idle.append(Idle(lane: lane, next: next)) }
        let first = waiting.removeFirst()
        if next != nil { await lane.stopReading() }
        first.resume(returning: lane)
    }
}

extension Scan {
    /// What is read and where it goes on, however much at once.
    fileprivate var place: Scan {
        var scan = self
        scan.budget = Budget()
        return scan
    }
}
