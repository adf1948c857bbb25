import JSON
import Model

extension PostgreSQLLayout {
    /// The collection in a table of the layout, given the table's columns.
    func table(
        _ columns: [PostgreSQLColumn], oid: UInt32, name: PostgreSQLName, model: PostgreSQLModel
    ) throws(StoreError) -> PostgreSQLTable {
        try PostgreSQLModelTable(columns, model, self).table(oid, name)
    }
}

/// A table of a layout on its way to a collection.
private struct PostgreSQLModelTable {
    let model: PostgreSQLModel
    let layout: PostgreSQLLayout
    let columns: [String: PostgreSQLColumn]
    private let fields: [PostgreSQLModelField]
    private let packed: [PostgreSQLModelField]
    /// Whether what is packed is not known field by field, as something else than vecsh has made the table.
    private let isOpen: Bool

    init(_ columns: [PostgreSQLColumn], _ model: PostgreSQLModel, _ layout: PostgreSQLLayout) {
        self.model = model
        self.layout = layout
        self.columns = Dictionary(columns.map { ($0.name, $0) }) { first, _ in first }
        let there = self.columns
        fields = model.columns.filter { there[$0.column] != nil }
            .map { $0.field(isJSON: there[$0.column]?.note.type == "json") }
        let noted = model.packed.flatMap { there[$0]?.note.packed }
        let own = noted ?? []
        packed = own.enumerated().map { PostgreSQLModel.packedField($1, in: model.packed ?? "", $0) }
        isOpen = model.packed != nil && noted == nil
    }

    func table(_ oid: UInt32, _ name: PostgreSQLName) throws(StoreError) -> PostgreSQLTable {
        try check(name)
        let all = fields + packed
        var shape = Collection(
            name: layout.collection(in: name.table) ?? name.table, key: KeyField(type: .text(maxLength: nil)),
            fields: all.map(\.field), isOpen: isOpen)
        for index in all.indices where requiredEnds.contains(all[index].column.name) {
            shape.fields[index].isNullable = false
        }
        var vectors: [PostgreSQLColumn] = []
        if let vector, case .vector(let element, let dimension) = vector.wire {
            vectors = [vector]
            shape.vectors = [
                VectorField(
                    name: PostgreSQLModel.embedding, element: element.natural, dimension: dimension, metric: .cosine,
                    isNullable: true)
            ]
        }
        var table = PostgreSQLTable(
            collection: shape, oid: oid, name: name, key: PostgreSQLKey(columns: [key]), fields: all.map(\.column),
            vectors: vectors, payload: payload)
        table.scope = layout.scope
        table.placement = placement
        return table
    }

    private var vector: PostgreSQLColumn? { model.vector.flatMap { columns[$0] } }

    /// An edge has its ends.
    private var requiredEnds: [String] { model.key == nil ? model.columns.map(\.column) : [] }

    private var payload: PostgreSQLColumn? { isOpen ? model.packed.flatMap { columns[$0] } : nil }

    private var key: PostgreSQLColumn {
        if let name = model.key, let column = columns[name] {
            return PostgreSQLColumn(name: name, type: "text", wire: .text, isNullable: column.isNullable)
        }
        let joined = model.columns.map(\.column.quoted).joined(
            separator: " || \(PostgreSQLModel.separator.literal) || ")
        return PostgreSQLColumn(
            name: PostgreSQLModel.edgeKey, type: "text", wire: .text, isNullable: false, reading: "(\(joined))")
    }

    private var placement: PostgreSQLPlacement {
        var values = [PostgreSQLPlacement.Value(column: "workspace", sql: layout.workspace.literal)]
        if let name = model.key { values.append(.init(column: name, sql: name.quoted)) }
        values += fields.map(\.written)
        if let column = model.packed {
            let sql = PostgreSQLModel.packing(packed, rest: payload?.name.quoted)
            values.append(.init(column: column, sql: sql))
        }
        if let vector { values.append(.init(column: vector.name, sql: vector.name.quoted)) }
        let ends = model.columns.map(\.column)
        let joined = ends.map(\.quoted).joined(separator: " || \(PostgreSQLModel.separator.literal) || ")
        return PostgreSQLPlacement(
            values: values, unique: ["workspace"] + (model.key.map { [$0] } ?? ends),
            condition: model.key == nil ? "\(PostgreSQLModel.edgeKey) = \(joined)" : nil,
            rule: "an edge's key is its ends with \(PostgreSQLModel.separator) between them")
    }

    /// Throws unless the table has what its collection cannot be without.
    private func check(_ name: PostgreSQLName) throws(StoreError) {
        let needed =
            ["workspace"] + (model.key.map { [$0] } ?? model.columns.map(\.column)) + [model.packed].compactMap(\.self)
        guard let missing = needed.first(where: { columns[$0] == nil }) else { return }
        throw StoreError(
            .unsupported,
            "table \(name.table) has no column \"\(missing)\", as layout=\(layout.kind.rawValue) wants it",
            help: "connect with layout=plain to see it as it is")
    }
}

// MARK: Making one

extension PostgreSQLModel {
    /// Statements that make a table for a shape that ``PostgreSQLLayoutFit`` has approved.
    func statements(for shape: Collection, _ name: PostgreSQLName, _ available: PostgreSQLExtension) -> [String] {
        let vectorType = shape.vectors.first.flatMap { available.wire($0) }.map { available.sqlType($0) } ?? "vector"
        let lines = declarations.map { $0.replacing("DIMENSION", with: vectorType) }
        return ["CREATE TABLE \(name.sql) (\n    \(lines.joined(separator: ",\n    "))\n)"]
            + notes(for: shape).map { column, note in
                "COMMENT ON COLUMN \(name.sql).\(column.quoted) IS \((note.comment ?? "").literal)"
            }
    }

    private func notes(for shape: Collection) -> [(String, PostgreSQLNote)] {
        let own = columns.filter { column in
            column.kind != .json && shape.fields.contains { $0.name == column.field && $0.type == .json }
        }.map { ($0.column, PostgreSQLNote(type: "json")) }
        guard let packed, !shape.isOpen else { return own }
        let fields = shape.fields.filter { field in !columns.contains { $0.field == field.name } }
        return own + [(packed, PostgreSQLNote(packed: fields))]
    }
}
