import Files
import JSON
import Model

/// Where the vectors of a collection stand.
enum LightRAGVectors: Sendable {
    case none
    case matrix(LightRAGMatrix)
    /// In the rows themselves, as the member of this name.
    case rows(Text)
}

/// The shape of a collection, as its file shows it.
struct LightRAGShape {
    let collection: Collection
    let vectors: LightRAGVectors

    static let embedding = "embedding"
    /// What LightRAG keeps in each row beside the matrix since version 1.4.7.
    static let halves = "vector"
    private static let inRows: [Text] = ["vector", "__vector__"]

    /// `noted` is the shape that the collection was made with, and counts as long as the rows are like that;
    /// `fallback` the dimension of files that hold no vector and do not name one.
    init(
        _ name: LightRAGName, _ outline: LightRAGOutline, _ file: DiskFile, noted: Collection?, fallback: Int?
    ) throws(StoreError) {
        var shape = Collection(name: name.name, key: KeyField(type: .text(maxLength: nil)))
        var special: [Text] = []
        (vectors, special) = name.kind == .vectors ? try Self.vectors(outline, file, fallback, &shape) : (.none, [])
        if let graph = outline.graph {
            shape.fields = graph.fields(of: name.kind)
        } else {
            let members = outline.fields.members.filter { !special.contains($0.name) }
            shape.isOpen = outline.fields.isMany
            shape.fields = shape.isOpen ? [] : members.map { $0.field(of: outline.fields.rows) }
        }
        collection = noted.flatMap { Self.fits($0, shape, outline, file) ? $0 : nil } ?? shape
    }

    // MARK: Vectors

    private static func vectors(
        _ outline: LightRAGOutline, _ file: DiskFile, _ fallback: Int?, _ shape: inout Collection
    ) throws(StoreError) -> (LightRAGVectors, [Text]) {
        let member = inRows.first { outline.fields[$0].map { $0.kinds.isSubset(of: [.text, .list, .null]) } ?? false }
        if outline.matrixBytes == 0, !outline.rows.isEmpty {
            let name = try memberOfAll(member, outline, file)
            var dimension = outline.dimension
            if dimension == nil { dimension = try LightRAGRows.dimension(of: name, outline, file) }
            shape.vectors = [VectorField(name: embedding, dimension: dimension, metric: .cosine)]
            return (.rows(name), [name])
        }
        let dimension = try dimension(outline, file, fallback)
        shape.vectors = [VectorField(name: embedding, dimension: dimension, metric: .cosine)]
        let text = outline.matrix ?? 0..<0
        let vectors = LightRAGVectors.matrix(LightRAGMatrix(text: text, stride: dimension * 4))
        guard let packed = outline.fields[Text(halves)], packed.kinds.isSubset(of: [.text, .null]) else {
            return (vectors, [])
        }
        let isNullable = packed.count < outline.rows.count || packed.kinds.contains(.null)
        shape.vectors.append(
            VectorField(name: halves, element: .float16, dimension: dimension, metric: .cosine, isNullable: isNullable))
        return (vectors, [Text(halves)])
    }

    private static func memberOfAll(
        _ member: Text?, _ outline: LightRAGOutline, _ file: DiskFile
    ) throws(StoreError) -> Text {
        guard let member, let found = outline.fields[member], !found.kinds.contains(.null),
            found.count == outline.rows.count
        else {
            let count = outline.rows.count - (member.flatMap { outline.fields[$0]?.count } ?? 0)
            throw .lightRAG(
                broken: file.path,
                "has no matrix, and \(count) of its \(outline.rows.count) rows no vector of their own")
        }
        return member
    }

    /// What the key says, or else the matrix, or else the environment; what disagrees is refused, and nothing guessed.
    private static func dimension(
        _ outline: LightRAGOutline, _ file: DiskFile, _ fallback: Int?
    ) throws(StoreError) -> Int {
        let (rows, numbers) = (outline.rows.count, outline.matrixBytes / 4)
        guard let named = outline.dimension else {
            if rows > 0, numbers % rows == 0 { return numbers / rows }
            if rows == 0, numbers == 0, let fallback { return fallback }
            throw .lightRAG(
                broken: file.path,
                "does not name its embedding_dim, and \(numbers) numbers in its matrix give none for \(rows) rows",
                help: rows == 0 ? "say which: LIGHTRAG_EMBEDDING_DIM=1536, for instance" : nil)
        }
        guard numbers != named * rows else { return named }
        if numbers % named == 0 {
            throw .lightRAG(
                broken: file.path,
                "its matrix holds \(numbers / named) vectors of dimension \(named), and its data \(rows) rows")
        }
        let found = rows > 0 && numbers % rows == 0 ? "\(numbers / rows)" : "\(numbers) numbers for \(rows) rows"
        throw .lightRAG(broken: file.path, "its embedding_dim is \(named), but its matrix has \(found)")
    }

    // MARK: What was noted

    private static func fits(
        _ noted: Collection, _ found: Collection, _ outline: LightRAGOutline, _ file: DiskFile
    ) -> Bool {
        guard outline.hasKeysOfType else { return false }
        guard outline.graph == nil else { return fits(noted, graph: found) }
        let columns = Set(noted.fields.map { Text($0.name) })
        let special = Set(found.vectors.filter { $0.element == .float16 }.map { Text($0.name) })
        let isKnown = outline.fields.members.allSatisfy { columns.contains($0.name) || special.contains($0.name) }
        guard noted.vectors.first?.dimension == found.vectors.first?.dimension,
            noted.isOpen || isKnown,
            found.vectors.count <= noted.vectors.count || columns.contains(Text(halves)) || noted.isOpen
        else { return false }
        return noted.fields.allSatisfy { field in
            outline.fields[Text(field.name)]?.fits(field, of: outline.rows.count)
                ?? (field.isNullable || outline.rows.isEmpty)
        }
    }

    private static func fits(_ noted: Collection, graph found: Collection) -> Bool {
        found.fields.allSatisfy { field in
            noted.fields.contains {
                $0.name == field.name
                    && LightRAGGraph.Attribute.word($0.type) == LightRAGGraph.Attribute.word(field.type)
            }
        }
    }
}
