import JSON

/// The process that holds something, so that others can tell who it is.
package struct Holder: Equatable, Sendable {
    package var user: String
    package var host: String
    package var process: Int32
    /// What tells the process from every other one that ever had its number; empty where that cannot be known.
    package var incarnation: String

    package init(user: String, host: String, process: Int32, incarnation: String) {
        (self.user, self.host, self.process, self.incarnation) = (user, host, process, incarnation)
    }
}

extension Holder: CustomStringConvertible {
    package var description: String { "\(user)@\(host), process \(process)" }
}

/// The right to do something alone, for a time.
package struct Lease: Equatable, Sendable {
    /// Another one each time it is taken.
    package var id: UUID
    package var holder: Holder
    /// Microseconds since 1970, as are all times here.
    package var since: Int64
    /// From then on others may take it; nil where the place itself notices that its holder is gone.
    package var until: Int64?
    /// Greater with every lease of a place: whoever comes with a smaller one has lost it.
    package var fence: Int64

    package init(id: UUID, holder: Holder, since: Int64, until: Int64?, fence: Int64 = 0) {
        (self.id, self.holder, self.since, self.until, self.fence) = (id, holder, since, until, fence)
    }
}

/// A place that at most one has at a time: a file, an object, a row.
package protocol Leasing: Sendable {
    /// Puts the lease where no other one stands that is not over, with a fence above the last one's; answers what stands
    /// there now.
    func take(_ lease: Lease) async throws(StoreError) -> Lease
    /// Whether the lease still stood there, and now holds for longer.
    func extend(_ lease: Lease) async throws(StoreError) -> Bool
    /// Frees the place, if the lease stands there.
    func release(_ lease: Lease) async throws(StoreError)
    /// Lets go of what was opened.
    func close() async
}

extension Leasing {
    package func close() async {}
}

/// What stands at a place for leases: one, or none; and how many there have been.
package struct LeaseRecord: Equatable, Sendable {
    package var lease: Lease?
    package var fence: Int64

    package init(lease: Lease? = nil, fence: Int64 = 0) { (self.lease, self.fence) = (lease, fence) }

    /// The record once the lease stands in it.
    package func taken(by lease: Lease) -> LeaseRecord {
        var taken = lease
        taken.fence = fence + 1
        return LeaseRecord(lease: taken, fence: taken.fence)
    }
}

// MARK: As text

extension LeaseRecord {
    package var text: String { (lease?.json ?? ["fence": .integer(fence)]).text + "\n" }

    /// Nil unless it is what ``text`` writes.
    package init?(_ text: [UInt8]) {
        guard let json = try? JSONValue(text), let fence = json["fence"]?.integer else { return nil }
        self.init(fence: fence)
        guard json["id"] != nil else { return }
        guard let lease = Lease(json) else { return nil }
        self.lease = lease
    }
}

extension Lease {
    package var json: JSONValue {
        [
            "id": .string(id.description), "user": .string(holder.user), "host": .string(holder.host),
            "process": .integer(Int64(holder.process)), "incarnation": .string(holder.incarnation),
            "since": .string(Timestamp.text(since)), "until": .optional(until.map(Timestamp.text)),
            "fence": .integer(fence),
        ]
    }

    /// Nil unless it is what ``json`` writes.
    package init?(_ json: JSONValue) {
        guard let id = json["id"]?.string.flatMap({ UUID($0.utf8) }), let user = json["user"]?.string,
            let host = json["host"]?.string, let process = json["process"]?.integer.flatMap({ Int32(exactly: $0) }),
            let incarnation = json["incarnation"]?.string,
            let since = json["since"]?.string.flatMap(Timestamp.microseconds), let fence = json["fence"]?.integer
        else { return nil }
        let until = json["until"]?.string.flatMap(Timestamp.microseconds)
        self.init(
            id: id, holder: Holder(user: user, host: host, process: process, incarnation: incarnation), since: since,
            until: until, fence: fence)
    }
}
