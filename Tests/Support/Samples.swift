import JSON
import Model

/// Small collections of every type.
package enum Sample {
    /// Every layout, every element, every payload type, all of them nullable.
    package static func everyType(_ name: String, key: KeyType? = nil) -> Collection {
        let elements = Element.allCases.map {
            VectorField(
                name: "v_\($0.rawValue)", element: $0, dimension: 8, metric: $0 == .bit ? .hamming : limits.metric,
                isNullable: true)
        }
        let others = [
            VectorField(name: "v_sparse", layout: .sparse, dimension: nil, metric: .ip, isNullable: true),
            VectorField(name: "v_multi", layout: .multi, dimension: 2, metric: limits.metric, isNullable: true),
        ]
        let types: [FieldType] = [
            .bool, .int8, .int16, .int32, .int64, .float, .double, .json, .timestamp, .text(maxLength: nil),
            .text(maxLength: 16), .array(of: .int64), .array(of: .text(maxLength: nil)),
        ]
        // Some databases take letters, digits and _ in a name, and nothing else.
        let fields = types.map { type in
            Field(name: "f_" + "\(type)".map { $0 == "(" ? "_" : $0 == ")" ? "" : "\($0)" }.joined(), type: type)
        }
        return Collection(
            name: name, key: KeyField(type: key ?? limits.key), vectors: (elements + others).filter(limits.vectors),
            fields: fields,
            isOpen: true)
    }

    package static func plain(_ name: String, dimension: Int = 2, metric: Metric? = .l2) -> Collection {
        Collection(
            name: name, key: KeyField(type: .int64),
            vectors: [VectorField(name: "v", dimension: dimension, metric: metric)],
            fields: [Field(name: "page", type: .int64)])
    }

    /// Records of ``plain(_:dimension:metric:)`` with keys `0..<count`, a vector `[key, 1, 0…]` and `page` = key / 10.
    package static func records(_ keys: Range<Int>, dimension: Int = 2) -> Batch {
        var vectors: [UInt8] = []
        for key in keys {
            for place in 0..<dimension {
                vectors.append(littleEndian: Float(place == 0 ? key : place == 1 ? 1 : 0).bitPattern)
            }
        }
        return Batch(
            keys: keys.map { .integer(Int64($0)) }, vectors: [Column(.dense(vectors))],
            fields: [Column(.integers(keys.map { Int64($0 / 10) }))])
    }

    /// Records of ``everyType(_:key:)``, one line each: full, empty, null, and at the edges of their types.
    package static let lines: [String] = [
        #"""
        {"key":"full","vectors":{"v_float32":[1,2,3,4,5,6,7,8.5],"v_float16":[1,0.5,-2,65504,0,0,0,5.9604645e-08],"v_bfloat16":[1,2,3,0,0,0,0,-1],"v_int8":[-128,127,0,1,2,3,4,5],"v_uint8":[0,255,1,2,3,4,5,6],"v_binary":[1,0,1,1,0,0,0,1],"v_sparse":{"indices":[0,7,4294967295],"values":[0.25,-1,3]},"v_multi":[[1,2],[3,4],[5,6]]},"fields":{"f_bool":true,"f_int8":-128,"f_int16":32767,"f_int32":-2147483648,"f_int64":9223372036854775807,"f_float":0.1,"f_double":0.1,"f_json":{"a":[1,{"b":null}],"big":18446744073709551615},"f_timestamp":"2025-12-19T21:38:14.5Z","f_text":"Größe 文档 👩‍🚀","f_text_16":"0123456789abcdef","f_array_int64":[1,-2,9007199254740993],"f_array_text":["a",""],"extra":{"x":1.0,"y":"z"},"9007199254740993":9007199254740993}}
        """#,
        #"{"key":"","vectors":{},"fields":{}}"#,
        #"{"key":"nulls","vectors":{"v_float32":null,"v_sparse":null,"v_multi":null},"fields":{"f_bool":null,"f_int64":null,"f_text":null,"f_json":null,"f_array_int64":null,"extra":null}}"#,
        #"{"key":"empties","vectors":{"v_sparse":{"indices":[],"values":[]},"v_multi":[]},"fields":{"f_text":"","f_json":{},"f_array_int64":[],"f_array_text":[],"extra":""}}"#,
        #"{"key":"é","vectors":{},"fields":{"f_text":"composed"}}"#,
        "{\"key\":\"e\u{301}\",\"vectors\":{},\"fields\":{\"f_text\":\"decomposed\"}}",
        #"{"key":"quote ' \" \\ \n % _","vectors":{"v_float32":[-0.0,1e-45,3.4028235e+38,0,0,0,0,0]},"fields":{"f_text":"nul \u0000 inside","f_double":-0.0,"f_int64":-9223372036854775808}}"#,
        #"{"key":"42","vectors":{},"fields":{"f_double":1e300,"f_float":3.4028235e+38,"f_timestamp":"1969-12-31T23:59:59.999999Z"}}"#,
    ]

    /// What a store cannot hold of the samples by its nature; it must refuse the rest by name.
    package struct Limits: Sendable {
        /// The line as the store holds it; nil if it must refuse the record.
        package var held: @Sendable (String) -> String?
        /// Which vectors it has a place for.
        package var vectors: @Sendable (VectorField) -> Bool
        /// The type that its keys have.
        package var key: KeyType
        /// A metric by which vectors stay as they are.
        package var metric: Metric

        package init(
            _ held: @escaping @Sendable (String) -> String?,
            vectors: @escaping @Sendable (VectorField) -> Bool = { _ in true },
            key: KeyType = .text(maxLength: 64), metric: Metric = .cosine
        ) {
            self.held = held
            self.vectors = vectors
            self.key = key
            self.metric = metric
        }
    }

    /// None, unless a suite says otherwise.
    @TaskLocal package static var limits = Limits { $0 }

    package static var heldLines: [String] { lines.compactMap(limits.held) }

    package static func batch(_ lines: [String], of collection: Collection) throws(StoreError) -> Batch {
        var reader = RecordReader(collection)
        for line in lines { try reader.append(line.utf8) }
        return reader.take()
    }
}

extension Batch {
    /// The records as lines of JSON, sorted, as people would compare them.
    package func lines(of shape: Collection) -> [String] {
        let writer = RecordWriter(shape)
        return (0..<count).map { row in
            var json = JSONWriter()
            writer.write(self, row: row, to: &json)
            return json.text
        }.sorted { Text($0) < Text($1) }
    }
}

extension Store {
    /// Whether a collection of this shape can be made here.
    func holds(_ shape: Collection) -> Bool { !fit(shape, into: nil).verdicts.contains { $0.grade == .impossible } }

    /// Lines as they are compared: by their meaning, where the store spells JSON anew.
    package func comparable(_ lines: [String], _ shape: Collection) -> [String] {
        let respells = fit(shape, into: nil).changes.contains(.reserialised(field: Change.everyField))
        return respells ? lines.map { (try? JSONValue($0))?.sorted.text ?? $0 }.sorted() : lines
    }

    /// The records as the store says that it keeps them.
    package func kept(_ batch: Batch, _ shape: Collection) -> Batch {
        var batch = batch
        for change in fit(shape, into: nil).changes {
            switch change {
            case .absentAsNull(let name): batch.mark(name, .absent, as: .null, in: shape)
            case .nullAsAbsent(let name): batch.mark(name, .null, as: .absent, in: shape)
            default: break
            }
        }
        return batch
    }

    /// Every record of a collection, in the store's own order.
    package func everything(
        in name: String, budget: Budget = Budget(), wanted: Projection = .all
    ) async throws -> Batch {
        let reading = try await read(name, at: nil)
        var pages: [Batch] = []
        for try await page in FilteredPages(reading, nil, wanted: wanted, budget: budget) { pages.append(page.batch) }
        await reading.close()
        return Batch(joining: pages) ?? BatchBuilder(wanted.shape(of: reading.description.collection)).batch()
    }
}

extension Batch {
    fileprivate mutating func mark(
        _ name: String, _ old: Column.Mark, as new: Column.Mark, in shape: Collection
    ) {
        for place in shape.vectors.indices where shape.vectors[place].name == name {
            vectors[place].marks = vectors[place].marks.map { $0 == old ? new : $0 }
        }
        for place in shape.fields.indices where shape.fields[place].name == name {
            fields[place].marks = fields[place].marks.map { $0 == old ? new : $0 }
        }
    }
}

extension JSONValue {
    /// The same with members in the order of their names.
    package var sorted: JSONValue {
        switch self {
        case .object(let members):
            .object(members.sorted { Text($0.name) < Text($1.name) }.map { Member($0.name, $0.value.sorted) })
        case .array(let elements): .array(elements.map(\.sorted))
        default: self
        }
    }
}

extension Collection {
    /// Whether the fields of a filter are of the same types here, so that it means the same.
    func compares(_ filter: Filter, like other: Collection) -> Bool {
        filter.fields.allSatisfy { name in
            let (mine, theirs) = (fields.first { $0.name == name }, other.fields.first { $0.name == name })
            guard let mine, let theirs else { return vectors.contains { $0.name == name } || !name.hasPrefix("v_") }
            return "\(mine.type)".prefix(4) == "\(theirs.type)".prefix(4)
        }
    }
}
