import JSON
import Model

/// What only Qdrant has, so that one collection can be made like another: everything in its configuration that the
/// shape does not say, known here or not.
enum QdrantNative {
    static let engine = "qdrant"

    /// Of what the server answers.
    static func native(
        _ config: JSONValue, _ dense: [JSONValue.Member], _ sparse: [JSONValue.Member], unnamed: String?
    ) -> JSONValue {
        var members: [JSONValue.Member] = []
        for member in config.members ?? [] where member.name != "params" {
            var value = member.value.withoutNulls
            if member.name == "metadata" { value = value.without(QdrantNote.member) }
            // Answers and questions call it differently.
            let name = member.name == "optimizer_config" ? "optimizers_config" : member.name
            if value != .null, value != .object([]) { members.append(.init(name, value)) }
        }
        for member in config["params"]?.members ?? [] where !["vectors", "sparse_vectors"].contains(member.name) {
            if member.value != .null { members.append(.init(member.name, member.value.withoutNulls)) }
        }
        add("vectors", dense.map { .init($0.name, own(dense: $0.value)) }, to: &members)
        add("sparse_vectors", sparse.map { .init($0.name, $0.value.withoutNulls) }, to: &members)
        if let unnamed { members.append(.init("unnamed", .string(unnamed))) }
        return .object(members.sorted { Text($0.name) < Text($1.name) })
    }

    private static func add(_ name: String, _ parts: [JSONValue.Member], to members: inout [JSONValue.Member]) {
        let parts = parts.filter { $0.value != .object([]) && $0.value != .null }
        if !parts.isEmpty { members.append(.init(name, .object(parts))) }
    }

    /// What the shape does not say of a vector.
    private static func own(dense json: JSONValue) -> JSONValue {
        let kept = (json.withoutNulls.members ?? []).filter { member in
            switch member.name {
            case "size", "distance": false
            case "datatype": member.value.string.map { Element(qdrant: $0) == nil } ?? true
            case "multivector_config": member.value != usualMulti
            // An index says it, where there is one.
            case "hnsw_config": member.value["m"]?.integer == 0
            default: true
            }
        }
        return .object(kept)
    }

    private static let usualMulti: JSONValue = ["comparator": "max_sim"]

    // MARK: Making

    /// The body that makes a collection of this shape.
    static func creation(_ shape: Collection, _ engine: QdrantEngine) -> JSONValue {
        let native = shape.qdrant
        var members = (native?.members ?? []).filter { !notOfCreation.contains($0.name) }
        let dense = shape.vectors.filter { $0.layout != .sparse }.map { vector in
            JSONValue.Member(vector.name, params(vector, shape))
        }
        members.append(.init("vectors", vectors(dense, unnamed: native?["unnamed"]?.string)))
        let sparse = shape.vectors.filter { $0.layout == .sparse }.map { vector in
            JSONValue.Member(vector.name, native?["sparse_vectors"]?[vector.name] ?? .object([]))
        }
        if !sparse.isEmpty { members.append(.init("sparse_vectors", .object(sparse))) }
        if engine.hasMetadata {
            let own = native?["metadata"]?.members ?? []
            members.append(.init("metadata", .object(own + [.init(QdrantNote.member, QdrantNote(shape).json)])))
        }
        return .object(members)
    }

    private static let notOfCreation: Set<String> =
        Set(["vectors", "sparse_vectors", "unnamed", "metadata"]).union(later)

    /// What a collection takes only once it is there.
    private static let later: Set<String> = ["read_fan_out_factor", "read_fan_out_delay_ms"]

    /// The body of the change behind the creation; nil if there is none.
    static func afterCreation(_ shape: Collection) -> JSONValue? {
        let params = (shape.qdrant?.members ?? []).filter { later.contains($0.name) }
        guard !params.isEmpty else { return nil }
        return ["params": .object(params)]
    }

    private static func vectors(_ dense: [JSONValue.Member], unnamed: String?) -> JSONValue {
        guard let unnamed, dense.contains(where: { $0.name == unnamed }) else { return .object(dense) }
        if dense.count == 1 { return dense[0].value }
        return .object(dense.map { $0.name == unnamed ? .init("", $0.value) : $0 })
    }

    private static func params(_ vector: VectorField, _ shape: Collection) -> JSONValue {
        let distance = QdrantTable.metrics.first { $0.metric == vector.metric }?.word ?? "Dot"
        var members: [JSONValue.Member] = [
            .init("size", .integer(Int64(vector.dimension ?? 0))), .init("distance", .string(distance)),
        ]
        if vector.element != .float32 { members.append(.init("datatype", .string(vector.element.rawValue))) }
        var own = shape.qdrant?["vectors"]?[vector.name]?.members ?? []
        if vector.layout == .multi, !own.contains(where: { $0.name == "multivector_config" }) {
            own.append(.init("multivector_config", usualMulti))
        }
        let index = shape.indexes.first { $0.field == vector.name && $0.type == QdrantIndexing.vectorType }
        if let index {
            own.removeAll { $0.name == "hnsw_config" }
            if !index.params.isEmpty { own.append(.init("hnsw_config", .object(index.params))) }
        }
        return .object(members + own)
    }
}

extension Collection {
    /// What the shape says for Qdrant alone.
    var qdrant: JSONValue? { native[QdrantNative.engine] }
}

extension JSONValue {
    /// What is not set is not said.
    fileprivate var withoutNulls: JSONValue {
        guard let members else { return self }
        return .object(members.filter { $0.value != .null }.map { Member($0.name, $0.value.withoutNulls) })
    }

    fileprivate func without(_ name: String) -> JSONValue {
        guard let members else { return self }
        return .object(members.filter { $0.name != name })
    }
}
