import JSON

/// What a store does to values that it takes: people read it in the plan, and `verify` makes both sides alike by it.
package enum Change: Hashable, Sendable {
    /// Vectors are brought to length one.
    case normalised(vector: String)
    case rounded(vector: String, to: Element)
    /// Vectors are brought to length one and back: the last digits may differ.
    case rescaled(vector: String)
    /// A vector is meant where no payload field has the name; ``everyField`` is what no shape declares.
    case dropped(field: String)
    case nullAsAbsent(field: String)
    case absentAsNull(field: String)
    /// JSON keeps its meaning, not its spelling: `1.0` may come back as `1`.
    case reserialised(field: String)
    /// Records get keys of the store's own.
    case rekeyed

    /// Stands for every payload field, those that no shape declares included.
    package static let everyField = "*"
}

extension Change {
    /// How a plan calls it.
    package var verdict: Verdict {
        switch self {
        case .normalised(let vector): Verdict("vector \(vector)", .converted, "brought to length one")
        case .rounded(let vector, let element): Verdict("vector \(vector)", .lossy, "rounded to \(element.rawValue)")
        case .rescaled(let vector):
            Verdict(
                "vector \(vector)", .converted, "brought to length one and back, so that the last digits may differ")
        case .dropped(Change.everyField): Verdict("open payload", .lossy, "left out")
        case .dropped(let field): Verdict(subject(field), .lossy, "left out")
        case .nullAsAbsent(let field): Verdict(subject(field), .converted, "null arrives as nothing")
        case .absentAsNull(let field): Verdict(subject(field), .converted, "nothing arrives as null")
        case .reserialised(let field): Verdict(subject(field), .converted, "written anew with the same meaning")
        case .rekeyed: Verdict("key", .converted, "made by the target; `keep_id_as` keeps the old one in a field")
        }
    }

    private func subject(_ field: String) -> String { field == Change.everyField ? "payload" : "field \(field)" }
}

extension Change {
    package var json: JSONValue {
        switch self {
        case .normalised(let vector): ["change": "normalised", "vector": .string(vector)]
        case .rounded(let vector, let element):
            ["change": "rounded", "vector": .string(vector), "to": .string(element.rawValue)]
        case .rescaled(let vector): ["change": "rescaled", "vector": .string(vector)]
        case .dropped(let field): ["change": "dropped", "field": .string(field)]
        case .nullAsAbsent(let field): ["change": "null_as_absent", "field": .string(field)]
        case .absentAsNull(let field): ["change": "absent_as_null", "field": .string(field)]
        case .reserialised(let field): ["change": "reserialised", "field": .string(field)]
        case .rekeyed: ["change": "rekeyed"]
        }
    }

    package init?(json: JSONValue) {
        let (vector, field) = (json["vector"]?.string, json["field"]?.string)
        switch (json["change"]?.string, vector, field) {
        case ("normalised", let vector?, _): self = .normalised(vector: vector)
        case ("rounded", let vector?, _):
            guard let element = json["to"]?.string.flatMap(Element.init(rawValue:)) else { return nil }
            self = .rounded(vector: vector, to: element)
        case ("rescaled", let vector?, _): self = .rescaled(vector: vector)
        case ("dropped", _, let field?): self = .dropped(field: field)
        case ("null_as_absent", _, let field?): self = .nullAsAbsent(field: field)
        case ("absent_as_null", _, let field?): self = .absentAsNull(field: field)
        case ("reserialised", _, let field?): self = .reserialised(field: field)
        case ("rekeyed", _, _): self = .rekeyed
        default: return nil
        }
    }
}
