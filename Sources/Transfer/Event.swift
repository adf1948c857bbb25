import JSON
import Model

/// One thing that has happened to a job and will not be undone.
package enum Event: Hashable, Sendable {
    /// The target collection is there.
    case created(identity: Identity)
    /// The moment that was read had gone; the rest is read at another. Where places in the source mean nothing there,
    /// all is read again in these slices; else there are none.
    case moved(to: Moment, slices: [Slice])
    /// Everything up to a place of a slice is in the target, and survives a crash of it.
    case advanced(slice: Int, to: Cursor, digest: Digest, bytes: Int)
    /// The keys that the target made up for what has been written up to that place; it counts once `advanced` says that
    /// the place is reached.
    case invented(slice: Int, to: Cursor, keys: [ClosedRange<Int64>])
    case rejected(slice: Int, count: Int)
    /// Records that the source counts and does not hand out.
    case unread(Unread)
    case finished(slice: Int)
    /// The target has made of all that was written what it is to be, if it does so at the end of a load.
    case loaded
    case indexed(name: String)
    case aliased(name: String)
    case verified(equal: Bool)
    /// All is done; what both sides were then.
    case completed(source: String, target: String)
    /// It is live; what was live before is kept, or gone.
    case promoted(replacing: Identity?, at: Int64)
    case rolledBack
    case cancelled
    /// Calls failed, and were made again with success; `why` is the last reason.
    case retried(count: Int, why: String)
    /// A run ended by an error.
    case failed(why: String, at: Int64)

    var json: JSONValue {
        switch self {
        case .created(let identity): ["created": ["identity": .string(identity.token)]]
        case .moved(let moment, let slices):
            [
                "moved": [
                    "moment": .string(moment.token), "life": .string(moment.life.rawValue),
                    "slices": .array(slices.map(\.json)),
                ]
            ]
        case .advanced(let slice, let cursor, let digest, let bytes):
            [
                "advanced": [
                    "slice": .integer(Int64(slice)), "to": .string(cursor.token), "digest": digest.json,
                    "bytes": .integer(Int64(bytes)),
                ]
            ]
        case .invented(let slice, let cursor, let keys):
            [
                "invented": [
                    "slice": .integer(Int64(slice)), "to": .string(cursor.token),
                    "keys": .array(keys.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
                ]
            ]
        case .rejected(let slice, let count):
            ["rejected": ["slice": .integer(Int64(slice)), "count": .integer(Int64(count))]]
        case .unread(let unread):
            [
                "unread": [
                    "count": .integer(Int64(unread.count)), "keys": .array(unread.keys.map { .string($0.token) }),
                ]
            ]
        case .finished(let slice): ["finished": ["slice": .integer(Int64(slice))]]
        case .loaded: ["loaded": [:]]
        case .indexed(let name): ["indexed": ["name": .string(name)]]
        case .aliased(let name): ["aliased": ["name": .string(name)]]
        case .verified(let equal): ["verified": ["equal": .bool(equal)]]
        case .completed(let source, let target):
            ["completed": ["source": .string(source), "target": .string(target)]]
        case .promoted(let replaced, let time):
            ["promoted": ["replacing": .optional(replaced?.token), "at": .integer(time)]]
        case .rolledBack: ["rolled_back": [:]]
        case .cancelled: ["cancelled": [:]]
        case .retried(let count, let why): ["retried": ["count": .integer(Int64(count)), "why": .string(why)]]
        case .failed(let why, let time): ["failed": ["why": .string(why), "at": .integer(time)]]
        }
    }

    init?(json: JSONValue) {
        guard let member = json.members?.first, let event = Event(member.name, member.value) else { return nil }
        self = event
    }

    private init?(_ name: String, _ value: JSONValue) {
        let slice = value["slice"]?.integer.map { Int($0) }
        let text = value["name"]?.string
        switch (name, slice, text) {
        case ("created", _, _): self = .created(identity: Identity(value["identity"]?.string ?? ""))
        case ("moved", _, _):
            guard let life = value["life"]?.string.flatMap(Life.init(rawValue:)), let slices = value["slices"]?.array
            else { return nil }
            let made = slices.compactMap(Slice.init(json:))
            guard made.count == slices.count else { return nil }
            self = .moved(to: Moment(token: value["moment"]?.string ?? "", life: life), slices: made)
        case ("advanced", let slice?, _):
            guard let cursor = value["to"]?.string, let digest = Digest(json: value["digest"]) else { return nil }
            let bytes = value["bytes"]?.integer.map { Int($0) } ?? 0
            self = .advanced(slice: slice, to: Cursor(cursor), digest: digest, bytes: bytes)
        case ("invented", let slice?, _):
            guard let cursor = value["to"]?.string, let ranges = value["keys"]?.array else { return nil }
            let keys = ranges.compactMap(Event.range)
            guard keys.count == ranges.count else { return nil }
            self = .invented(slice: slice, to: Cursor(cursor), keys: keys)
        case ("rejected", let slice?, _):
            self = .rejected(slice: slice, count: value["count"]?.integer.map { Int($0) } ?? 0)
        case ("unread", _, _):
            let keys = value["keys"]?.array?.compactMap(\.string).compactMap { Key(token: $0) }
            self = .unread(Unread(count: value["count"]?.integer.map { Int($0) } ?? 0, keys: keys ?? []))
        case ("finished", let slice?, _): self = .finished(slice: slice)
        case ("loaded", _, _): self = .loaded
        case ("indexed", _, let text?): self = .indexed(name: text)
        case ("aliased", _, let text?): self = .aliased(name: text)
        case ("verified", _, _): self = .verified(equal: value["equal"]?.bool ?? false)
        case ("completed", _, _):
            self = .completed(source: value["source"]?.string ?? "", target: value["target"]?.string ?? "")
        case ("promoted", _, _):
            self = .promoted(
                replacing: value["replacing"]?.string.map { Identity($0) }, at: value["at"]?.integer ?? 0)
        case ("rolled_back", _, _): self = .rolledBack
        case ("cancelled", _, _): self = .cancelled
        case ("retried", _, _):
            self = .retried(
                count: value["count"]?.integer.map { Int($0) } ?? 0, why: value["why"]?.string ?? "")
        case ("failed", _, _):
            self = .failed(why: value["why"]?.string ?? "", at: value["at"]?.integer ?? 0)
        default: return nil
        }
    }
}

extension Event {
    fileprivate static func range(_ json: JSONValue) -> ClosedRange<Int64>? {
        guard let ends = json.array?.compactMap(\.integer), ends.count == 2, ends[0] <= ends[1] else { return nil }
        return ends[0]...ends[1]
    }
}

/// Where a job stands: the sum of its events.
package struct JobState: Sendable {
    package private(set) var identity: Identity?
    /// Where the source was last read, if not at the plan's moment: then both sides must be compared at the end.
    package private(set) var moment: Moment?
    /// Instead of the plan's.
    package private(set) var slices: [Slice]?
    package private(set) var cursors: [Int: Cursor] = [:]
    package private(set) var finished: Set<Int> = []
    /// The keys that the target has made up, of all that counts as written.
    package private(set) var acknowledged: [ClosedRange<Int64>] = []
    private var announced: [Int: (place: Cursor, keys: [ClosedRange<Int64>])] = [:]
    package private(set) var isLoaded = false
    package private(set) var indexed: Set<String> = []
    package private(set) var digest = Digest()
    package private(set) var bytes = 0
    package private(set) var rejected = 0
    /// What its source did not hand out when it was last asked.
    package private(set) var unread = Unread()
    package private(set) var isVerified: Bool?
    package private(set) var completion: (source: String, target: String)?
    package private(set) var promotion: (replaced: Identity?, time: Int64)?
    package private(set) var isCancelled = false
    package private(set) var isRolledBack = false
    /// How many calls had to be made again.
    package private(set) var retries = 0
    package private(set) var lastRetry: String?
    /// Why runs ended early, the newest last; only so many are remembered.
    package private(set) var failures: [(why: String, time: Int64)] = []

    package init() {}

    package var isPromoted: Bool { promotion != nil }

    mutating func apply(_ event: Event) {
        switch event {
        case .created(let identity): self.identity = identity
        case .moved(let moment, let slices): move(to: moment, slices)
        case .advanced(let slice, let cursor, let digest, let bytes):
            cursors[slice] = cursor
            if let made = announced.removeValue(forKey: slice), made.place == cursor { acknowledged += made.keys }
            self.digest = self.digest + digest
            self.bytes += bytes
        case .invented(let slice, let cursor, let keys): announced[slice] = (cursor, keys)
        case .rejected(_, let count): rejected += count
        case .unread(let unread): self.unread = unread
        case .finished(let slice): finished.insert(slice)
        case .loaded: isLoaded = true
        case .indexed(let name): indexed.insert(name)
        case .aliased: break
        case .verified(let equal): isVerified = equal
        case .completed(let source, let target): completion = (source, target)
        case .promoted(let replaced, let time): promotion = (replaced, time)
        case .rolledBack: isRolledBack = true
        case .cancelled: isCancelled = true
        case .retried(let count, let why):
            retries += count
            lastRetry = why
        case .failed(let why, let time): failures = failures.suffix(19) + [(why, time)]
        }
    }

    private mutating func move(to moment: Moment, _ slices: [Slice]) {
        self.moment = moment
        guard !slices.isEmpty else { return }
        self.slices = slices
        (cursors, finished, digest, bytes, acknowledged) = ([:], [], Digest(), 0, [])
        isLoaded = false
    }

    package var isUnfinished: Bool { completion == nil && !isCancelled && !isRolledBack }

    /// What `status` calls it.
    package var phase: String {
        if isRolledBack { return "rolled_back" }
        if isPromoted { return "promoted" }
        if let isVerified { return isVerified ? "verified" : "verification_failed" }
        return completion != nil ? "staged" : identity == nil ? "initial" : "prepared"
    }
}
