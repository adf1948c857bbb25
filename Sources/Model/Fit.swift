/// How well a part of a shape can be held by a store.
package enum Grade: String, Sendable, CaseIterable { case exact, converted, lossy, impossible }

package struct Verdict: Hashable, Sendable {
    package var subject: String
    package var grade: Grade
    package var detail: String

    package init(_ subject: String, _ grade: Grade, _ detail: String = "") {
        self.subject = subject
        self.grade = grade
        self.detail = detail
    }
}

extension [Verdict] {
    /// The graver of two verdicts on one thing stands; a store's own words are not replaced.
    fileprivate func adding(_ other: Verdict) -> [Verdict] {
        guard let place = firstIndex(where: { $0.subject == other.subject }) else { return self + [other] }
        var verdicts = self
        verdicts[place].grade = Swift.max(verdicts[place].grade, other.grade)
        if verdicts[place].detail.isEmpty { verdicts[place].detail = other.detail }
        return verdicts
    }
}

extension Grade: Comparable {
    package static func < (a: Grade, b: Grade) -> Bool { a.rank < b.rank }

    private var rank: Int { Grade.allCases.firstIndex(of: self) ?? 0 }
}

/// What a store would make of a shape.
package struct Fit: Hashable, Sendable {
    package var collection: Collection
    /// For people; what ``changes`` say is in it too.
    package var verdicts: [Verdict]
    package var changes: [Change]

    package init(collection: Collection, verdicts: [Verdict], changes: [Change] = []) {
        self.collection = collection
        self.verdicts = changes.reduce(verdicts) { $0.adding($1.verdict) }
        self.changes = changes
    }
}

extension Fit {
    /// The fit of a store that holds every shape as it is, and keeps the indexes that `keeps` accepts.
    package static func exact(
        _ wanted: Collection, into existing: Collection?, keeping keeps: (Index) -> Bool = { _ in true }
    ) -> Fit {
        guard let existing else { return whole(wanted, keeping: keeps) }
        let columns =
            wanted.vectors.map { ("vector \($0.name)", existing.vectors.contains($0)) }
            + wanted.fields.map { ("field \($0.name)", existing.fields.contains($0)) }
            + [("key", wanted.key.type == existing.key.type), ("open payload", !wanted.isOpen || existing.isOpen)]
        return Fit(
            collection: existing,
            verdicts: columns.map { subject, fits in
                Verdict(subject, fits ? .exact : .impossible, fits ? "" : "\(existing.name) has another")
            })
    }

    private static func whole(_ wanted: Collection, keeping keeps: (Index) -> Bool) -> Fit {
        var made = wanted
        made.indexes = wanted.indexes.filter(keeps)
        let columns = ["key"] + wanted.vectors.map { "vector \($0.name)" } + wanted.fields.map { "field \($0.name)" }
        let lost = wanted.indexes.filter { !keeps($0) }
        return Fit(
            collection: made,
            verdicts: columns.map { Verdict($0, .exact) }
                + lost.map { Verdict("index \($0.name)", .lossy, "this store builds no \($0.type)") })
    }
}
