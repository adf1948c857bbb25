import Model
import Testing

/// What every place for leases is held to; each lease comes over a line of its own.
package struct LeaseConformance {
    private let open: @Sendable () async throws -> any Leasing

    package init(_ open: @escaping @Sendable () async throws -> any Leasing) { self.open = open }

    package func check() async throws {
        try await oneAtATime()
        try await latecomersAreNoticed()
        try await onlyOneOfMany()
    }

    /// Of a holder of whom nobody can tell whether it still runs.
    private func lease(until seconds: Int64 = 600) -> Lease {
        let now = Timestamp.now
        let holder = Holder(user: "ada", host: "elsewhere", process: 7, incarnation: "")
        return Lease(id: .random(), holder: holder, since: now, until: now + seconds * 1_000_000)
    }

    private func oneAtATime() async throws {
        let (a, b) = (try await open(), try await open())
        let first = try await a.take(lease())
        let other = try await b.take(lease())
        #expect(other.holder.host == first.holder.host && other.holder.process == first.holder.process)
        var longer = first
        if longer.until != nil { longer.until = Timestamp.now + 900_000_000 }
        #expect(try await a.extend(longer))
        try await a.release(longer)
        let wanted = lease()
        let second = try await b.take(wanted)
        #expect(second.id == wanted.id && second.fence > first.fence)
        // What is not held any more cannot be let go, nor kept.
        #expect(try await !a.extend(longer))
        try await a.release(longer)
        #expect(try await b.extend(second))
        try await b.release(second)
        await a.close()
        await b.close()
    }

    private func latecomersAreNoticed() async throws {
        let (a, b) = (try await open(), try await open())
        let late = try await a.take(lease(until: -60))
        // A place that notices by itself when its holder is gone knows no end.
        guard late.until != nil else {
            try await a.release(late)
            return await a.close()
        }
        let next = try await b.take(lease())
        #expect(next.fence > late.fence)
        #expect(try await !a.extend(late))
        try await b.release(next)
        await a.close()
        await b.close()
    }

    private func onlyOneOfMany() async throws {
        let wanted = (0..<8).map { _ in lease() }
        let winners = try await withThrowingTaskGroup { group in
            for lease in wanted {
                group.addTask {
                    let place = try await open()
                    let taken = try await place.take(lease)
                    return (place, taken.id == lease.id ? taken : nil)
                }
            }
            var all: [(place: any Leasing, lease: Lease?)] = []
            for try await one in group { all.append(one) }
            return all
        }
        #expect(winners.filter { $0.lease != nil }.count == 1)
        for winner in winners {
            if let lease = winner.lease { try await winner.place.release(lease) }
            await winner.place.close()
        }
    }
}
