import JSON

/// The shape of one collection, in terms that every store understands.
package struct Collection: Hashable, Sendable {
    package var name: String
    package var key: KeyField
    package var vectors: [VectorField]
    package var fields: [Field]
    /// Whether records may carry payload beyond ``fields``.
    package var isOpen: Bool
    package var indexes: [Index]
    package var partitions: [String]
    /// What only its own engine has, in that engine's words.
    package var native: [String: JSONValue]

    package init(
        name: String, key: KeyField, vectors: [VectorField] = [], fields: [Field] = [], isOpen: Bool = false,
        indexes: [Index] = [], partitions: [String] = [], native: [String: JSONValue] = [:]
    ) {
        self.name = name
        self.key = key
        self.vectors = vectors
        self.fields = fields
        self.isOpen = isOpen
        self.indexes = indexes
        self.partitions = partitions
        self.native = native
    }

    /// What of ``native`` goes with the records: by engine the types of fields, for a target that has them too.
    package var nativeTypes: [String: JSONValue] { native.filter { $0.value["types"] != nil } }

    /// The same with other names of fields; nil drops one.
    package mutating func renameNativeTypes(_ rename: (String) -> String?) {
        native = nativeTypes.mapValues { engine in
            let types = engine["types"]?.members?.compactMap { member in
                rename(member.name).map { JSONValue.Member($0, member.value) }
            }
            return .object(
                (engine.members ?? []).map { $0.name == "types" ? .init("types", .object(types ?? [])) : $0 })
        }
    }
}

package struct KeyField: Hashable, Sendable {
    package var name: String
    package var type: KeyType
    /// Whether the store makes up the keys (Milvus' auto_id).
    package var isInvented: Bool

    package init(name: String = "id", type: KeyType, isInvented: Bool = false) {
        self.name = name
        self.type = type
        self.isInvented = isInvented
    }
}

package struct VectorField: Hashable, Sendable {
    /// `multi` is any number of dense vectors a record.
    package enum Layout: String, Hashable, Sendable { case dense, sparse, multi }
    package var name: String
    package var layout: Layout
    package var element: Element
    /// Nil for sparse vectors.
    package var dimension: Int?
    package var metric: Metric?
    /// Whether a record may have none.
    package var isNullable: Bool

    package init(
        name: String, layout: Layout = .dense, element: Element = .float32, dimension: Int?, metric: Metric? = nil,
        isNullable: Bool = false
    ) {
        self.name = name
        self.layout = layout
        self.element = element
        self.dimension = dimension
        self.metric = metric
        self.isNullable = isNullable
    }

    /// The bytes of one dense vector.
    package var stride: Int { element.stride(dimension ?? 0) }
}

/// A payload field.
package struct Field: Hashable, Sendable {
    package var name: String
    package var type: FieldType
    /// Whether a record may hold null here, or nothing.
    package var isNullable: Bool

    package init(name: String, type: FieldType, isNullable: Bool = true) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
    }
}

package struct Index: Hashable, Sendable {
    package var name: String
    package var field: String
    package var type: String
    package var metric: Metric?
    package var params: [String: JSONValue]

    package init(
        name: String, field: String, type: String, metric: Metric? = nil, params: [String: JSONValue] = [:]
    ) {
        self.name = name
        self.field = field
        self.type = type
        self.metric = metric
        self.params = params
    }
}
