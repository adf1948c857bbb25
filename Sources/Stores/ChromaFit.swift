import JSON
import Model

/// What a Chroma would make of a shape, and how well that holds it.
struct ChromaFit: Sendable {
    private let engine: ChromaEngine
    private(set) var table: ChromaTable
    private(set) var verdicts: [Verdict] = []
    /// The shape that is noted, if it is not the plain one.
    private var shape: Collection

    /// A new collection.
    init(_ wanted: Collection, _ engine: ChromaEngine) {
        self.engine = engine
        table = ChromaTable(name: wanted.name, wanted.native["chroma"])
        shape = Collection(name: "", key: wanted.key, fields: wanted.fields, isOpen: true)
        if let why = engine.objection(to: wanted.name) { judge("name", .impossible, why) }
        judgeKey(wanted.key)
        takeVectors(wanted)
        for field in wanted.fields { judge(field) }
        for index in wanted.indexes { take(index) }
        if !wanted.partitions.isEmpty {
            judge("partitions", .lossy, "Chroma has none; their records come together")
        }
        if let dimension = shape.vectors.first?.dimension { note(dimension) }
        if !engine.hasLists { table.keepSettingsInMetadata() }
    }

    var fit: Fit {
        let made = table.collection(engine)
        return Fit(collection: made, verdicts: verdicts, changes: Self.changes(made))
    }

    /// A collection that shows its shape by itself needs no note, once there is a record in it.
    private mutating func note(_ dimension: Int) {
        table.dimension = dimension
        guard table.collection(engine).asMade != shape.named(table.name, metric: table.settings.metric) else { return }
        table.metadata.append(.init(ChromaNote.shape, .string(ChromaNote.text(shape))))
    }

    static func changes(_ shape: Collection) -> [Change] {
        let cosine = shape.vectors.filter { $0.metric == .cosine }
        return cosine.map { .rescaled(vector: $0.name) } + [.reserialised(field: Change.everyField)]
    }

    private mutating func judge(_ subject: String, _ grade: Grade, _ detail: String = "") {
        verdicts.append(Verdict(subject, grade, detail))
    }

    private mutating func judgeKey(_ key: KeyField) {
        shape.key.isInvented = false
        switch key.type {
        case .text: judge("key", .exact)
        case .int64, .uint64, .uuid, .id: judge("key", .exact, "kept as text")
        }
    }

    // MARK: Vectors

    private mutating func takeVectors(_ wanted: Collection) {
        guard !wanted.vectors.isEmpty else {
            if !ChromaTable.isUnfilled(wanted) {
                judge("vectors", .impossible, "Chroma holds no record without a vector")
            }
            return
        }
        for vector in wanted.vectors {
            if let why = objection(to: vector) {
                judge("vector \(vector.name)", .impossible, why)
            } else {
                take(vector)
            }
        }
    }

    private func objection(to vector: VectorField) -> String? {
        if !shape.vectors.isEmpty { return "Chroma holds one vector a record; `vectors=NAME` chooses one" }
        switch vector.layout {
        case .multi: return "Chroma holds no lists of vectors"
        case .sparse: return "Chroma's servers hold no sparse vectors"
        case .dense: break
        }
        if vector.element == .bit { return "Chroma holds no binary vectors" }
        if let metric = vector.metric, !ChromaSettings.metrics.contains(metric) {
            return "Chroma has no \(metric.rawValue), only l2, ip and cosine"
        }
        return nil
    }

    private mutating func take(_ vector: VectorField) {
        var made = vector
        var details: [String] = []
        if vector.element != .float32 { details.append("kept as float32") }
        made.element = .float32
        let mayBeMissing = engine.hasVectorless && vector.name == ChromaTable.embedding
        if vector.isNullable, !mayBeMissing {
            details.append("must have a value here; a record without one is refused")
            made.isNullable = false
        }
        if vector.metric == nil { details.append("by l2, as Chroma does where nothing is said") }
        table.settings.metric = vector.metric ?? .l2
        made.metric = table.settings.metric
        shape.vectors.append(made)
        judge("vector \(vector.name)", details.isEmpty ? .exact : .converted, details.joined(separator: "; "))
    }

    // MARK: Indexes

    /// Chroma has an index of its own on the vectors, and one on all metadata.
    private mutating func take(_ index: Index) {
        let subject = "index \(index.name)"
        guard shape.vectors.contains(where: { $0.name == index.field }) else {
            let isHeld = shape.fields.contains { $0.name == index.field }
            return judge(subject, isHeld ? .converted : .lossy, isHeld ? "Chroma indexes all metadata" : "")
        }
        table.settings.take(index)
        judge(subject, .converted, "Chroma has one HNSW index a collection")
    }

    // MARK: Fields

    private mutating func judge(_ field: Field) {
        let detail =
            switch field.type {
            case .text where field.name == ChromaTable.document: "kept as Chroma's document"
            case .text where field.name == ChromaTable.uri: "kept as Chroma's uri"
            case .json: "objects and lists that are no metadata are kept as text"
            case .array: engine.hasLists ? "" : "kept as text"
            case .timestamp: "kept as text"
            default: ""
            }
        judge("field \(field.name)", .exact, detail)
    }
}

extension Collection {
    /// What a collection is from its creation on.
    var asMade: Collection {
        var bare = self
        bare.indexes = []
        bare.native = [:]
        bare.partitions = []
        return bare
    }

    fileprivate func named(_ name: String, metric: Metric) -> Collection {
        var shape = self
        shape.name = name
        return shape
    }
}

extension ChromaEngine {
    /// Why this cannot be the name of a collection; nil if it can.
    func objection(to name: String) -> String? {
        let isPlain = name.utf8.allSatisfy { $0.isPlain || "._-".utf8.contains($0) }
        let ends = [name.utf8.first, name.utf8.last].allSatisfy { $0?.isPlain == true }
        guard isPlain, ends, 3...longestName ~= name.utf8.count, !name.contains("..") else {
            return "Chroma takes 3 to \(longestName) letters, digits, and . _ - between them"
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count != 4 || !parts.allSatisfy({ UInt8($0) != nil }) else { return "Chroma takes no IP address" }
        return nil
    }
}

extension UInt8 {
    fileprivate var isPlain: Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= self
    }
}
