/// What every store says in the same words.
extension StoreError {
    package static func noCollection(_ name: String) -> StoreError {
        StoreError(.notFound, "no collection \"\(name)\"", help: "`list collections` shows what is there")
    }

    package static func noAlias(_ name: String) -> StoreError {
        StoreError(.notFound, "no alias \"\(name)\"", help: "`list aliases` shows what is there")
    }

    package static func noIndex(_ name: String, _ collection: Collection) -> StoreError {
        let names = collection.indexes.map(\.name).joined(separator: ", ")
        return StoreError(
            .notFound, "\(collection.name) has no index \"\(name)\"",
            help: names.isEmpty ? "it has no indexes" : "it has \(names)")
    }

    package static func readOnly(_ connection: String) -> StoreError {
        StoreError(
            .unsupported, "connection \"\(connection)\" is readonly",
            help: "connect again without `readonly` to change things")
    }

    package static func differs(_ name: String) -> StoreError {
        StoreError(
            .conflict, "a collection \"\(name)\" exists and has another shape",
            help: "choose another name, or say `if exists replace`")
    }

    package static func indexDiffers(_ index: String, _ name: String) -> StoreError {
        StoreError(.conflict, "\(name) has another index \"\(index)\"", help: "drop it first, or choose another name")
    }

    package static func changed(_ name: String) -> StoreError {
        StoreError(.conflict, "another collection stands at \"\(name)\" now")
    }

    package static func isAlias(_ name: String) -> StoreError {
        StoreError(.conflict, "\"\(name)\" is an alias", help: "name the collection it stands for, or drop the alias")
    }

    package static func isCollection(_ name: String) -> StoreError {
        StoreError(.conflict, "\"\(name)\" is the name of a collection", help: "choose another name")
    }
}

extension Collection {
    /// The shape with a part that has another type and may be missing; throws if there is none of its name and kind.
    package func altering(_ part: ShapePart) throws(StoreError) -> Collection {
        var made = self
        switch part {
        case .vector(var vector):
            guard let place = vectors.firstIndex(where: { $0.name == vector.name }) else { throw noPart(part) }
            vector.isNullable = true
            made.vectors[place] = vector
        case .field(var field):
            guard let place = fields.firstIndex(where: { $0.name == field.name }) else { throw noPart(part) }
            field.isNullable = true
            made.fields[place] = field
        }
        return made
    }

    private func noPart(_ part: ShapePart) -> StoreError {
        let (noun, names) =
            if case .vector = part { ("vector", vectors.map(\.name)) } else { ("field", fields.map(\.name)) }
        return StoreError(
            .notFound, "\(name) has no \(noun) \"\(part.name)\"",
            help: names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))")
    }

    /// Throws unless a vector or a field has this name.
    package func checkField(_ wanted: String) throws(StoreError) {
        let names = vectors.map(\.name) + fields.map(\.name)
        guard names.contains(wanted) || isOpen || key.name == wanted else {
            throw StoreError(
                .notFound, "\(name) has no field \"\(wanted)\"",
                help: names.isEmpty ? "it has no fields" : "it has \(names.joined(separator: ", "))")
        }
    }
}
