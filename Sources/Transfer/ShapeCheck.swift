import JSON
import Model

/// What two collections have beside their records, compared.
package struct ShapeCheck: Sendable {
    package let name: String
    /// What differs, in words; empty if nothing does.
    package let differences: [String]

    package var isEqual: Bool { differences.isEmpty }

    private init(_ name: String, _ differences: [String]) { (self.name, self.differences) = (name, differences) }

    /// Vectors and fields of a collection against those that are wanted.
    package static func columns(of actual: Collection, wanted: Collection) -> [ShapeCheck] {
        let key = different("type", wanted.key.type.description, actual.key.type.description)
        return [ShapeCheck("key", key.map { [$0] } ?? []), vectors(of: actual, wanted), fields(of: actual, wanted)]
    }

    /// Indexes by what they do, whatever their names; more of them are no difference.
    package static func indexes(of actual: Description, wanted: [Index]) -> ShapeCheck {
        ShapeCheck(
            "indexes",
            wanted.compactMap { index in
                let there = actual.collection.indexes.filter { $0.field == index.field }
                guard let same = there.first(where: { difference(index, $0) == nil }) else {
                    let nearest = there.first { $0.name == index.name } ?? there.first { $0.type == index.type }
                    return "\(index.name): " + ((nearest ?? there.first).flatMap { difference(index, $0) } ?? "missing")
                }
                return actual.states[same.name]?.phase == .failed ? "\(same.name): it could not be built" : nil
            })
    }

    package static func aliases(of actual: Description, wanted: [String]) -> ShapeCheck {
        ShapeCheck("aliases", wanted.filter { !actual.aliases.contains($0) }.map { "\($0): missing" })
    }

    private static func vectors(of actual: Collection, _ wanted: Collection) -> ShapeCheck {
        ShapeCheck(
            "vectors",
            wanted.vectors.compactMap { vector in
                guard let other = actual.vectors.first(where: { $0.name == vector.name }) else {
                    return "\(vector.name): missing"
                }
                let why =
                    different("layout", vector.layout.rawValue, other.layout.rawValue)
                    ?? different("element", vector.element.rawValue, other.element.rawValue)
                    ?? different("dimension", vector.dimension?.description, other.dimension?.description)
                    ?? different("metric", vector.metric?.rawValue, other.metric?.rawValue)
                return why.map { "\(vector.name): \($0)" }
            })
    }

    private static func fields(of actual: Collection, _ wanted: Collection) -> ShapeCheck {
        var differences = wanted.fields.compactMap { field -> String? in
            guard let other = actual.fields.first(where: { $0.name == field.name }) else {
                return actual.isOpen ? nil : "\(field.name): missing"
            }
            return different("type", field.type.description, other.type.description).map { "\(field.name): \($0)" }
        }
        if wanted.isOpen, !actual.isOpen { differences.append("no open payload") }
        return ShapeCheck("fields", differences)
    }

    /// Parameters that the engine adds of itself are no difference.
    private static func difference(_ wanted: Index, _ actual: Index) -> String? {
        if let why = different("type", wanted.type, actual.type) { return why }
        if let metric = wanted.metric, let why = different("metric", metric.rawValue, actual.metric?.rawValue) {
            return why
        }
        for (name, value) in wanted.params.sorted(by: { $0.key < $1.key }) where actual.params[name] != value {
            return different(name, value.text, actual.params[name]?.text)
        }
        return nil
    }

    private static func different(_ what: String, _ expected: String?, _ found: String?) -> String? {
        guard expected != found else { return nil }
        return "expected \(what) \(expected ?? "none"), found \(found ?? "none")"
    }
}
