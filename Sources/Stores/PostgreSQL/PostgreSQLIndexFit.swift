import JSON
import Model

/// Which indexes PostgreSQL builds for a collection, and what it makes of those of other engines.
struct PostgreSQLIndexFit {
    private let available: PostgreSQLExtension
    private let shape: Collection

    init(_ available: PostgreSQLExtension, _ shape: Collection) {
        self.available = available
        self.shape = shape
    }

    static let vectorTypes = ["hnsw", "ivfflat"]
    private static let fieldTypes = ["btree", "hash", "gin"]
    /// How to build, which an index does not keep.
    fileprivate static let buildParams = ["concurrently", "maintenance_work_mem"]

    static let kinds = [
        IndexKind(
            "btree", on: .field, "finds equal and ordered values of a field fast", params: ["unique"] + buildParams),
        IndexKind("hash", on: .field, "finds equal values of a field fast", params: buildParams),
        IndexKind("gin", on: .field, "looks into jsonb and arrays", params: ["ops"] + buildParams),
        IndexKind(
            "hnsw", on: .vector, "a graph: fast and near, slow to build",
            params: ["m", "ef_construction", "cast"] + buildParams),
        IndexKind(
            "ivfflat", on: .vector, "lists around centres: quick to build, after the records",
            params: ["lists"] + buildParams),
    ]

    // MARK: For plans

    func fit(_ index: Index) -> (index: Index?, verdict: Verdict) {
        let subject = "index \(index.name)"
        do throws(StoreError) {
            let made = try checked(translated(index))
            guard made.type == index.type, made.params == index.params else {
                return (made, Verdict(subject, .converted, words(made)))
            }
            return (made, Verdict(subject, .exact))
        } catch {
            return (nil, Verdict(subject, .lossy, "not built: \(error.message)\(error.help.map { "; \($0)" } ?? "")"))
        }
    }

    private func words(_ index: Index) -> String {
        if index.params["cast"] != nil {
            let dimension = shape.vectors.first { $0.name == index.field }?.dimension ?? 0
            return "over 2,000 dimensions it is built on \(index.field)::halfvec(\(dimension)); the records stay exact"
        }
        let params = index.params.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(
            separator: ", ")
        return "\(index.type)\(params.isEmpty ? "" : " with \(params)")"
    }

    /// The same by PostgreSQL's names; a large vector gets its index by way of halves.
    private func translated(_ index: Index) -> Index {
        var made = index
        let type = index.type.lowercased()
        made.type = Self.types[type] ?? type
        guard Self.vectorTypes.contains(made.type) else {
            if made.type != type || !Self.fieldTypes.contains(type) { made.params = [:] }
            return made
        }
        made.params = [:]
        for (name, value) in index.params {
            if let known = Self.params[name.lowercased()] { made.params[known] = value }
        }
        return made
    }

    private static let types = [
        "ivf_flat": "ivfflat", "inverted": "btree", "stl_sort": "btree", "trie": "btree", "bitmap": "btree",
        "keyword": "btree", "integer": "btree", "float": "btree", "bool": "btree", "datetime": "btree", "uuid": "btree",
    ]

    private static let params = [
        "m": "m", "ef_construction": "ef_construction", "efconstruction": "ef_construction",
        "ef_construct": "ef_construction", "construction_ef": "ef_construction", "max_neighbors": "m", "lists": "lists",
        "nlist": "lists", "cast": "cast", "concurrently": "concurrently",
        "maintenance_work_mem": "maintenance_work_mem",
    ]

    // MARK: For building

    /// The index as it will be listed, and how to build it; throws for what PostgreSQL does not build.
    func checked(_ index: Index) throws(StoreError) -> Index {
        guard let kind = Self.kinds.first(where: { $0.type == index.type }) else {
            let types = Self.kinds.map(\.type).joined(separator: ", ")
            throw StoreError(.unsupported, "PostgreSQL builds no \(index.type) index", help: "it has \(types)")
        }
        if index.field != PostgreSQLColumn.payloadName || !shape.isOpen { try shape.checkField(index.field) }
        if let unknown = index.params.keys.sorted().first(where: { !kind.params.contains($0) }) {
            throw StoreError(
                .rejected, "a \(index.type) index has no parameter \"\(unknown)\"",
                help: "it has \(kind.params.joined(separator: ", "))")
        }
        if kind.subject == .vector { return try checkedOnVector(index) }
        guard kind.takes(index.field, of: shape) else {
            throw StoreError(.rejected, "a \(index.type) index cannot stand on \"\(index.field)\" of \(shape.name)")
        }
        return index
    }

    private func checkedOnVector(_ index: Index) throws(StoreError) -> Index {
        let field = try shape.vector(named: index.field)
        var made = index
        made.metric = try field.metric(or: index.metric)
        guard let wire = available.wire(field), field.layout != .multi else {
            throw StoreError(.unsupported, "no index here can stand on \"\(field.name)\"")
        }
        guard let metric = made.metric, PostgreSQLMetric.operator(metric, wire) != nil,
            available.has(metric, index.type, wire)
        else {
            throw StoreError(
                .unsupported, "no \(index.type) index compares \"\(field.name)\" by \(made.metric?.rawValue ?? "")",
                help: "choose another metric")
        }
        let limit = wire.indexLimit
        let dimension = field.dimension ?? 0
        if field.layout == .dense, dimension > limit {
            guard case .vector(.vector, _) = wire, dimension <= 4_000, available.hasHalves else {
                throw StoreError(
                    .unsupported,
                    "\"\(field.name)\" has \(dimension) dimensions, and such an index takes at most \(limit)",
                    help: "search without an index, which looks at every record, or keep halfvector up to 4,000")
            }
            made.params["cast"] = "halfvec"
        }
        return made
    }

    // MARK: Statements

    static func statement(
        _ index: Index, named name: String, on table: PostgreSQLTable, _ column: PostgreSQLColumn,
        _ available: PostgreSQLExtension
    ) -> String {
        var subject = column.name.quoted
        var type = column.wire
        if index.params["cast"] != nil, case .vector(_, let dimension) = type {
            type = .vector(.halfvec, dimension: dimension)
            subject = "(\(subject)::\(available.sqlType(type)))"
        }
        if let metric = index.metric, let name = PostgreSQLMetric.operatorClass(metric, type) {
            subject += " " + available.sql(name)
        } else if let ops = index.params["ops"]?.string {
            subject += " " + ops.quoted
        }
        let kept = index.params.filter { !buildParams.contains($0.key) && !["unique", "cast", "ops"].contains($0.key) }
        let options = kept.sorted { $0.key < $1.key }.map { "\($0.key.quoted) = \($0.value.text)" }.joined(
            separator: ", ")
        let words = [
            "CREATE", index.params["unique"] == true ? "UNIQUE" : nil, "INDEX",
            index.params["concurrently"] == true ? "CONCURRENTLY" : nil, name.quoted, "ON", table.name.sql,
            "USING \(index.type) (\(subject))", options.isEmpty ? nil : "WITH (\(options))",
        ]
        return words.compactMap(\.self).joined(separator: " ")
    }
}

extension Index {
    /// The index without what was said of its building.
    var withoutBuild: Index {
        var index = self
        for name in PostgreSQLIndexFit.buildParams { index.params[name] = nil }
        if index.params["unique"] == false { index.params["unique"] = nil }
        return index
    }
}

extension IndexKind {
    /// Whether such an index stands on fields like this.
    fileprivate func takes(_ name: String, of shape: Collection) -> Bool {
        guard let field = shape.fields.first(where: { $0.name == name }) else {
            return name == PostgreSQLColumn.payloadName && shape.isOpen
                ? type == "gin" : name == shape.key.name && type != "gin"
        }
        return switch field.type {
        case .json, .array: type == "gin"
        default: type != "gin"
        }
    }
}

/// pgvector's words for the ways to compare.
enum PostgreSQLMetric {
    static func `operator`(_ metric: Metric, _ wire: PostgreSQLWire) -> String? {
        let isBits = if case .vector(.bit, _) = wire { true } else { false }
        return switch metric {
        case .l2: isBits ? nil : "<->"
        case .ip: isBits ? nil : "<#>"
        case .cosine: isBits ? nil : "<=>"
        case .l1: isBits ? nil : "<+>"
        case .hamming: isBits ? "<~>" : nil
        case .jaccard: isBits ? "<%>" : nil
        case .bm25: nil
        }
    }

    static func operatorClass(_ metric: Metric, _ wire: PostgreSQLWire) -> String? {
        switch wire {
        case .vector(let element, _): "\(element.rawValue)_\(metric.rawValue)_ops"
        case .sparse: "sparsevec_\(metric.rawValue)_ops"
        default: nil
        }
    }

    static func metric(ofClass name: String) -> Metric? {
        let parts = name.split(separator: "_")
        return parts.count == 3 && parts[2] == "ops" ? Metric(rawValue: String(parts[1])) : nil
    }

    /// The score as the metric has it, of what the operator answers.
    static func score(_ metric: Metric, _ distance: Double) -> Float {
        switch metric {
        case .ip: Float(-distance)
        case .cosine: Float(1 - distance)
        case .l2, .l1, .hamming, .jaccard, .bm25: Float(distance)
        }
    }
}

extension PostgreSQLExtension {
    /// Whether this version has such an index.
    fileprivate func has(_ metric: Metric, _ type: String, _ wire: PostgreSQLWire) -> Bool {
        switch (metric, wire) {
        case (.l1, _), (.jaccard, _), (_, .sparse): type == "hnsw" && hasHalves
        case (.hamming, _): hasHalves
        default: version != nil
        }
    }
}

extension PostgreSQLWire {
    /// How many dimensions an index takes at most.
    fileprivate var indexLimit: Int {
        switch self {
        case .vector(.halfvec, _): 4_000
        case .vector(.bit, _): 64_000
        default: 2_000
        }
    }
}
