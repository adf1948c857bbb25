import Model

/// How the values of a column travel in a binary COPY.
indirect enum PostgreSQLWire: Hashable, Sendable {
    case bool, int2, int4, int8, float4, float8, uuid, timestamp, json, jsonb
    /// Text, or any type that we read and write as its text.
    case text
    /// A whole number of up to twenty digits.
    case natural
    case array(of: PostgreSQLWire)
    /// Elements as they lie in the column; a dimension that the type leaves open is nil.
    case vector(PostgreSQLElement, dimension: Int?)
    case sparse(dimension: Int)
    case vectors(PostgreSQLElement, dimension: Int)
}

/// What the elements of pgvector's types are.
enum PostgreSQLElement: String, Hashable, Sendable {
    case vector, halfvec, bit

    /// What they are in memory, if a note does not say otherwise.
    var natural: Element {
        switch self {
        case .vector: .float32
        case .halfvec: .float16
        case .bit: .bit
        }
    }

    /// Whether every value of this element is one of the column's, bit for bit.
    func holds(_ element: Element) -> Bool {
        switch (self, element) {
        case (.bit, .bit), (.halfvec, .float16), (.halfvec, .int8), (.halfvec, .uint8): true
        case (.vector, let other): other != .bit
        case (.bit, _), (.halfvec, _): false
        }
    }
}

extension PostgreSQLWire {
    /// The field that such a column is, if a note does not say otherwise.
    var natural: FieldType? {
        switch self {
        case .bool: .bool
        case .int2: .int16
        case .int4: .int32
        case .int8: .int64
        case .float4: .float
        case .float8: .double
        case .text, .uuid, .natural: .text(maxLength: nil)
        case .timestamp: .timestamp
        case .json, .jsonb: .json
        case .array(let element): element.natural.map { .array(of: $0) }
        case .vector, .sparse, .vectors: nil
        }
    }

    /// Whether a note may call such a column a field of this type.
    func holds(_ type: FieldType) -> Bool {
        switch (self, type) {
        case (.int2, .int8), (.text, .text), (.jsonb, .array): true
        case (.array(let element), .array(let inner)): element.holds(inner) || element.natural == inner
        default: natural == type
        }
    }

    /// Whether a column can have an index that knows an order.
    var isOrdered: Bool {
        switch self {
        case .bool, .int2, .int4, .int8, .float4, .float8, .uuid, .timestamp, .text, .natural: true
        case .json, .jsonb, .array, .vector, .sparse, .vectors: false
        }
    }
}

/// What this server's pgvector has, and where it is.
struct PostgreSQLExtension: Hashable, Sendable {
    /// Nil where the extension is not there yet, only could be.
    var schema: String?
    /// 0.8.5; nil where the server knows nothing of it.
    var version: String?

    static let none = PostgreSQLExtension()

    /// Whether it is at least of this version, `(0, 7)`.
    func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        let parts = version?.split(separator: ".").compactMap { Int($0) } ?? []
        guard parts.count > 1 else { return false }
        return (parts[0], parts[1]) >= (major, minor)
    }

    var hasHalves: Bool { isAtLeast(0, 7) }

    func sql(_ name: String) -> String { schema.map { "\($0.quoted).\(name)" } ?? name }
    func sql(operator name: String) -> String { schema.map { "OPERATOR(\($0.quoted).\(name))" } ?? name }

    static let longestVector = 16_000
    static let largestSparse = 1_000_000_000
    static let mostNonZeros = 16_000
}

extension PostgreSQLExtension {
    /// In what a vector's elements are kept; nil if nothing here holds them.
    func element(for element: Element) -> PostgreSQLElement? {
        switch element {
        case .bit: .bit
        case .float32, .bfloat16: version == nil ? nil : .vector
        case .float16, .int8, .uint8: version == nil ? nil : hasHalves ? .halfvec : .vector
        }
    }

    /// How a vector is kept; nil if this server cannot.
    func wire(_ vector: VectorField) -> PostgreSQLWire? {
        if vector.layout == .sparse { return hasHalves ? .sparse(dimension: Self.largestSparse) : nil }
        guard let element = element(for: vector.element), let dimension = vector.dimension,
            element == .bit || dimension <= Self.longestVector
        else { return nil }
        return vector.layout == .multi
            ? .vectors(element, dimension: dimension) : .vector(element, dimension: dimension)
    }

    /// The type of a column that is made for such values.
    func sqlType(_ wire: PostgreSQLWire) -> String {
        switch wire {
        case .bool: "boolean"
        case .int2: "smallint"
        case .int4: "integer"
        case .int8: "bigint"
        case .float4: "real"
        case .float8: "double precision"
        case .uuid: "uuid"
        case .timestamp: "timestamp with time zone"
        case .json: "json"
        case .jsonb: "jsonb"
        case .text: "text COLLATE \"C\""
        case .natural: "numeric(20,0)"
        case .array(.text): "text[] COLLATE \"C\""
        case .array(let element): sqlType(element) + "[]"
        case .vector(.bit, let dimension): "bit(\(dimension ?? 1))"
        case .vector(let element, let dimension): sql(element.rawValue) + (dimension.map { "(\($0))" } ?? "")
        case .sparse(let dimension): sql("sparsevec") + "(\(dimension))"
        case .vectors(let element, let dimension): sqlType(.vector(element, dimension: dimension)) + "[]"
        }
    }
}

extension FieldType {
    /// How a field is kept in a column that is made for it.
    var postgreSQL: PostgreSQLWire {
        switch self {
        case .bool: .bool
        case .int8, .int16: .int2
        case .int32: .int4
        case .int64: .int8
        case .float: .float4
        case .double: .float8
        case .json: .jsonb
        case .timestamp: .timestamp
        case .text: .text
        case .array(let element): element.isPlain ? .array(of: element.postgreSQL) : .jsonb
        }
    }

    private var isPlain: Bool {
        switch self {
        case .bool, .int8, .int16, .int32, .int64, .float, .double, .text: true
        case .json, .timestamp, .array: false
        }
    }
}

extension KeyType {
    var postgreSQL: PostgreSQLWire {
        switch self {
        case .int64: .int8
        case .uint64: .natural
        case .uuid: .uuid
        case .id, .text: .text
        }
    }
}
