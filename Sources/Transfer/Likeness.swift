import Model

/// When two values count as the same: after what the target does to values, and as exactly as is asked for.
package struct Likeness: Hashable, Sendable {
    /// What the target does to values.
    package var changes: [Change]
    package var vectors: Precision
    /// The most by which numbers may differ; nil is what their types make unavoidable.
    package var tolerance: Float?

    package enum Precision: String, Sendable, CaseIterable {
        /// Bit for bit, but for what the target does to them.
        case exact
        /// Only where they point.
        case direction
        /// Number by number, within the tolerance.
        case tolerance
    }

    package init(changes: [Change] = [], vectors: Precision = .exact, tolerance: Float? = nil) {
        (self.changes, self.vectors, self.tolerance) = (changes, vectors, tolerance)
    }

    package static let exact = Likeness()
}

/// How the values of some collections are made alike, by the names that they have behind the mapping.
struct ValueRules: Sendable {
    /// How vectors are hashed where it is not by their own bytes.
    private(set) var vectors: [String: VectorRule] = [:]
    private(set) var fields: [String: FieldRule] = [:]
    /// For every other payload field.
    private(set) var others: FieldRule = []
    /// Whether records are compared by all that they are but their keys.
    private(set) var isKeyless = false

    enum VectorRule: Hashable, Sendable {
        case leftOut
        /// As if they were of this element.
        case element(Element)
        /// No hash can tell; only that there is one is hashed.
        case compared(VectorComparison)
    }

    struct FieldRule: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        static let leftOut = FieldRule(rawValue: 1)
        /// Null is as good as nothing.
        static let mergesNull = FieldRule(rawValue: 2)
        /// Numbers by their value, however they are written.
        static let byMeaning = FieldRule(rawValue: 4)
        /// A timestamp as its text.
        static let asText = FieldRule(rawValue: 8)
    }

    static let none = ValueRules(.exact, shapes: [])

    /// `shapes` are those of the sources behind their mappings, and the target's.
    init(_ likeness: Likeness, shapes: [Collection]) {
        for change in likeness.changes { add(change, isVector: Self.isOnlyVector(shapes)) }
        if likeness.changes.contains(.dropped(field: Change.everyField)) { leaveOutUndeclared(shapes.last) }
        for name in Set(shapes.flatMap { $0.vectors.map(\.name) }) {
            let fields = shapes.compactMap { $0.vectors.first { $0.name == name } }
            if vectors[name] == nil { vectors[name] = Self.rule(name, fields, likeness) }
        }
        for name in Set(shapes.flatMap { $0.fields.filter { $0.type == .timestamp }.map(\.name) }) {
            let isAlike = shapes.allSatisfy { $0.fields.contains { $0.name == name && $0.type == .timestamp } }
            if !isAlike { fields[name, default: others].insert(.asText) }
        }
    }

    func field(_ name: String) -> FieldRule { fields[name] ?? others }

    /// Whether all payload is hashed as it is.
    var isPlain: Bool { fields.isEmpty && others.isEmpty }

    private static func isOnlyVector(_ shapes: [Collection]) -> (String) -> Bool {
        { name in
            shapes.contains { $0.vectors.contains { $0.name == name } }
                && !shapes.contains { $0.fields.contains { $0.name == name } }
        }
    }

    private mutating func add(_ change: Change, isVector: (String) -> Bool) {
        switch change {
        case .normalised, .rounded, .rescaled, .dropped(Change.everyField): break
        case .rekeyed: isKeyless = true
        case .dropped(let field) where isVector(field): vectors[field] = .leftOut
        case .dropped(let field): add(.leftOut, field)
        case .nullAsAbsent(let field), .absentAsNull(let field): add(.mergesNull, field)
        case .reserialised(let field): add(.byMeaning, field)
        }
    }

    private mutating func add(_ rule: FieldRule, _ field: String) {
        guard field == Change.everyField else { return _ = fields[field, default: others].insert(rule) }
        others.insert(rule)
        for name in fields.keys { fields[name]?.insert(rule) }
    }

    private mutating func leaveOutUndeclared(_ target: Collection?) {
        for field in target?.fields ?? [] where fields[field.name] == nil { fields[field.name] = others }
        others.insert(.leftOut)
    }

    private static func rule(_ name: String, _ fields: [VectorField], _ likeness: Likeness) -> VectorRule? {
        // Vectors of another kind are other vectors.
        guard Set(fields.map(\.layout)).count == 1 else { return nil }
        if let comparison = VectorComparison(name, fields, likeness) { return .compared(comparison) }
        if let element = likeness.changes.compactMap({ $0.element(of: name) }).first { return .element(element) }
        return Set(fields.map(\.element)).count > 1 ? .element(.float32) : nil
    }
}

extension Change {
    /// The type that a vector is rounded to.
    func element(of name: String) -> Element? {
        if case .rounded(name, let element) = self { element } else { nil }
    }
}
