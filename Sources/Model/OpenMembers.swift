import JSON

extension Column {
    /// Objects with only some of their members, or with other names: `rename` gives each its new name, nil drops it.
    package func members(count: Int, _ rename: (Text) -> Text?) -> Column {
        guard case .bytes(let rows) = values else { return self }
        var column = ColumnBuilder(.bytes)
        for row in 0..<count {
            guard mark(row) == .value else {
                column.append(missing: mark(row))
                continue
            }
            column.append(bytes: Column.members(of: Array(rows[row]), rename))
        }
        return column.column()
    }

    /// The names of all members of these objects.
    package func memberNames(count: Int) -> Set<Text> {
        var names: Set<Text> = []
        _ = members(count: count) { name in
            names.insert(name)
            return nil
        }
        return names
    }

    private static func members(of object: [UInt8], _ rename: (Text) -> Text?) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{")
        // The text has been read as JSON before it came here.
        try? object.withScanner { scanner throws(JSONError) in
            try scanner.object { (scanner, name) throws(JSONError) in
                let text = Text(utf8: try scanner.decoded(name))
                let value = try scanner.skip()
                guard let new = rename(text) else { return }
                writer.name(new.utf8)
                writer.raw(scanner.raw(value))
            }
        }
        writer.raw("}")
        return writer.bytes
    }
}
