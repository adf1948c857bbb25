import JSON
import Model

/// Statements that make a table for a collection.
struct PostgreSQLSchema {
    let shape: Collection
    let name: PostgreSQLName
    let available: PostgreSQLExtension
    private var names = PostgreSQLNames()
    private(set) var columns: [PostgreSQLColumn] = []

    /// Throws for what cannot be in a table.
    init(_ shape: Collection, _ name: PostgreSQLName, _ available: PostgreSQLExtension) throws(StoreError) {
        self.shape = shape
        self.name = name
        self.available = available
        addKey()
        for field in shape.fields { add(field) }
        if shape.isOpen {
            let column = names.claim(PostgreSQLColumn.payloadName)
            let note = PostgreSQLNote(isPayload: true)
            columns.append(PostgreSQLColumn(name: column, type: "jsonb", wire: .jsonb, note: note))
        }
        for vector in shape.vectors { try add(vector) }
    }

    /// Whether a column is of one of pgvector's types.
    var needsExtension: Bool {
        columns.contains { column in
            switch column.wire {
            case .vector(let element, _), .vectors(let element, _): element != .bit
            case .sparse: true
            default: false
            }
        }
    }

    var statements: [String] { [creation] + comments }

    private var creation: String {
        let lines = columns.enumerated().map { place, column in
            "\(column.name.quoted) \(column.type)\(column.isNullable ? "" : " NOT NULL")\(place == 0 ? " PRIMARY KEY" : "")"
        }
        return "CREATE TABLE \(name.sql) (\n    \(lines.joined(separator: ",\n    "))\n)"
    }

    private var comments: [String] {
        columns.compactMap { column in
            column.note.comment.map { "COMMENT ON COLUMN \(name.sql).\(column.name.quoted) IS \($0.literal)" }
        }
    }

    // MARK: Columns

    private mutating func addKey() {
        let wire = shape.key.type.postgreSQL
        var note = PostgreSQLNote()
        switch shape.key.type {
        case .uint64, .id, .text(.some): note.type = "\(shape.key.type)"
        case .int64, .uuid, .text(nil): break
        }
        let native = shape.postgreSQL("key")?.string
        if native != nil { note.type = nil }
        add(shape.key.name, native ?? available.sqlType(wire), wire, isNullable: false, note)
    }

    private mutating func add(_ field: Field) {
        let wire = field.type.postgreSQL
        let native = shape.postgreSQL("types")?[field.name]?.string
        let isSaid = native != nil || wire.natural == field.type
        add(
            field.name, native ?? available.sqlType(wire), wire, isNullable: field.isNullable,
            PostgreSQLNote(type: isSaid ? nil : "\(field.type)"))
    }

    private mutating func add(_ vector: VectorField) throws(StoreError) {
        guard var wire = available.wire(vector) else {
            throw StoreError(
                .unsupported, "this server cannot hold vector \"\(vector.name)\" of \(shape.name)",
                help: PostgreSQLFit(available: available).whyNot(vector))
        }
        if case .sparse = wire, let own = shape.postgreSQL("sparse")?[vector.name]?.integer {
            wire = .sparse(dimension: Int(own))
        }
        var note = PostgreSQLNote(metric: vector.metric)
        switch wire {
        case .vector(let kept, _), .vectors(let kept, _):
            if kept.natural != vector.element || vector.dimension == 1 { note.type = vector.element.rawValue }
        default: break
        }
        add(vector.name, available.sqlType(wire), wire, isNullable: vector.isNullable, note)
    }

    private mutating func add(
        _ wanted: String, _ type: String, _ wire: PostgreSQLWire, isNullable: Bool, _ note: PostgreSQLNote
    ) {
        let column = names.claim(wanted)
        var note = note
        if Text(column) != Text(wanted) { note.name = wanted }
        // A column that bears this name would else be taken for the open payload.
        if wire == .jsonb, column == PostgreSQLColumn.payloadName, note == PostgreSQLNote() { note.name = wanted }
        columns.append(PostgreSQLColumn(name: column, type: type, wire: wire, isNullable: isNullable, note: note))
    }
}
