import JSON
import Model

/// What a copy will do, decided before anything is written.
package struct Plan: Sendable {
    package var context: Context
    /// The state of the source that is read.
    package var moment: Moment
    package var slices: [Slice]
    package var tuning: Tuning
    /// What the source holds, as far as it says.
    package var records: Int
    package var bytes: Int
    package var verdicts: [Verdict]
    /// What happens to a target that is there.
    package var existing: ExistingPolicy
    /// By a short sample of reading; nil where there was nothing to read.
    package var estimate: Duration?
    /// What the person should know before it is carried out.
    package var notices: [String] = []
    /// What the source does not hand out, as far as that is known before it is read.
    package var unread = Unread()

    package init(
        context: Context, moment: Moment, slices: [Slice], tuning: Tuning, records: Int, bytes: Int,
        verdicts: [Verdict], existing: ExistingPolicy, estimate: Duration?
    ) {
        (self.context, self.moment, self.slices, self.tuning) = (context, moment, slices, tuning)
        (self.records, self.bytes, self.verdicts, self.existing) = (records, bytes, verdicts, existing)
        self.estimate = estimate
    }

    package var losses: Int { verdicts.count { $0.grade == .lossy || $0.grade == .impossible } }
}

package enum ExistingPolicy: String, Sendable, CaseIterable { case fail, append, replace, skip }

/// What must not change between the runs of one job; its fingerprint finds the job again.
package struct Context: Hashable, Sendable {
    package var source: Site
    package var target: Site
    /// The collection that is written in the target's stead until it is promoted.
    package var staging: String?
    package var filter: Filter?
    package var mapping: Mapping
    /// The ``Part``s that are brought.
    package var including: [String]
    /// The most records that are brought.
    package var limit: Int?
    /// What the source was when the plan was made.
    package var sourceIdentity: Identity
    /// The target's shape, as its store makes it.
    package var shape: Collection
    /// What the target does to values.
    package var changes: [Change] = []

    package var fingerprint: String {
        Context.fingerprint(source, target, isStaged: staging != nil, filter, mapping, including, limit)
    }

    /// The collection that is written.
    package var written: String { staging ?? target.collection }

    /// What the person asked for; the same again is the same job.
    static func fingerprint(
        _ source: Site, _ target: Site, isStaged: Bool, _ filter: Filter?, _ mapping: Mapping, _ including: [String],
        _ limit: Int?
    ) -> String {
        let asked: JSONValue = [
            "source": source.json, "target": target.json, "staged": .bool(isStaged), "where": filter?.json ?? .null,
            "mapping": mapping.asked, "including": .array(including.sorted().map(JSONValue.string)),
            "limit": .optional(limit),
        ]
        return Checksum.hexadecimal(Array(asked.text.utf8), count: 16)
    }
}

// MARK: JSON

extension Plan {
    package var json: JSONValue {
        [
            "fingerprint": .string(context.fingerprint), "source": context.source.json, "target": context.target.json,
            "staging": .optional(context.staging), "where": context.filter?.json ?? .null,
            "mapping": context.mapping.json,
            "including": .array(context.including.map(JSONValue.string)), "limit": .optional(context.limit),
            "if_exists": .string(existing.rawValue),
            "source_identity": .string(context.sourceIdentity.token), "shape": context.shape.json,
            "changes": .array(context.changes.map(\.json)),
            "moment": ["token": .string(moment.token), "life": .string(moment.life.rawValue)],
            "slices": .array(slices.map(\.json)), "tuning": tuning.json, "records": .integer(Int64(records)),
            "bytes": .integer(Int64(bytes)), "verdicts": .array(verdicts.map(\.json)),
        ]
    }

    package init(json: JSONValue) throws(JobError) {
        guard let source = Site(json: json["source"]), let target = Site(json: json["target"]),
            let mapping = Mapping(json: json["mapping"]), let identity = json["source_identity"]?.string,
            let shape = json["shape"], let slices = json["slices"]?.array,
            let moment = json["moment"]?["token"]?.string,
            let life = json["moment"]?["life"]?.string.flatMap(Life.init(rawValue:)),
            let tuning = Tuning(json: json["tuning"]), let changes = Change.all(json["changes"])
        else { throw JobError("this is no plan, or one of another version") }
        let filter = json["where"] ?? .null
        guard filter == .null || Filter(json: filter) != nil else {
            throw JobError("the plan's condition cannot be read")
        }
        let collection: Collection
        do throws(StoreError) { collection = try Collection(json: shape) } catch { throw JobError(error.message) }
        context = Context(
            source: source, target: target, staging: json["staging"]?.string, filter: Filter(json: filter),
            mapping: mapping, including: json["including"]?.array?.compactMap(\.string) ?? [],
            limit: json["limit"]?.integer.map { Int($0) }, sourceIdentity: Identity(identity), shape: collection,
            changes: changes)
        self.moment = Moment(token: moment, life: life)
        self.slices = try Slice.all(slices)
        self.tuning = tuning
        records = Int(json["records"]?.integer ?? 0)
        bytes = Int(json["bytes"]?.integer ?? 0)
        existing = json["if_exists"]?.string.flatMap(ExistingPolicy.init(rawValue:)) ?? .fail
        verdicts = json["verdicts"]?.array?.compactMap(Verdict.init(json:)) ?? []
    }
}

extension Change {
    /// All of them, or it is no plan: both sides are compared by them.
    fileprivate static func all(_ json: JSONValue?) -> [Change]? {
        guard let values = json?.array else { return json == nil ? [] : nil }
        let changes = values.compactMap(Change.init(json:))
        return changes.count == values.count ? changes : nil
    }
}

extension Slice {
    /// All of them, or it is no plan: what is left out would never be copied.
    fileprivate static func all(_ values: [JSONValue]) throws(JobError) -> [Slice] {
        let slices = values.compactMap(Slice.init(json:))
        guard slices.count == values.count, !slices.isEmpty, Set(slices.map(\.index)).count == slices.count else {
            throw JobError("the plan's slices cannot be read", help: "make the plan anew")
        }
        return slices
    }

    var json: JSONValue {
        [
            "index": .integer(Int64(index)), "after": .optional(after?.token), "through": .optional(through?.token),
        ]
    }

    init?(json: JSONValue) {
        guard let index = json["index"]?.integer else { return nil }
        self.init(
            index: Int(index), after: json["after"]?.string.map { Cursor($0) },
            through: json["through"]?.string.map { Cursor($0) })
    }
}

extension Verdict {
    package var json: JSONValue {
        ["name": .string(subject), "verdict": .string(grade.rawValue), "detail": .string(detail)]
    }

    init?(json: JSONValue) {
        guard let subject = json["name"]?.string, let grade = json["verdict"]?.string.flatMap(Grade.init(rawValue:))
        else { return nil }
        self.init(subject, grade, json["detail"]?.string ?? "")
    }
}
