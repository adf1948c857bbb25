import Model

extension Sample {
    /// Filters over ``everyType(_:key:)`` that between them ask everything of every kind of field.
    package static let filters: [Filter] = {
        let fields: [(String, [Scalar])] = [
            ("id", [.text("full"), .text("é"), .text("")]), ("f_bool", [.bool(true), .bool(false)]),
            ("f_int8", [.integer(-128), .integer(0), .double(-0.5)]),
            ("f_int64", [.integer(.max), .integer(.min), .double(1e300), .natural(.max)]),
            ("f_float", [.double(0.1), .integer(0)]), ("f_double", [.double(0.1), .integer(0), .double(1e300)]),
            ("f_text", [.text(""), .text("composed"), .text("Größe 文档 👩‍🚀")]),
            ("f_timestamp", [.text("2025-12-19T21:38:14.5Z"), .text("1970-01-01")]),
            ("f_json.a", [.integer(1)]), ("f_json.big", [.natural(.max), .double(1e19)]),
            ("extra", [.text(""), .integer(1)]), ("extra.x", [.integer(1), .double(0.5)]), ("nowhere", [.integer(1)]),
            ("9007199254740993", [.integer(9_007_199_254_740_993), .double(9_007_199_254_740_992)]),
        ]
        let comparisons: [Filter.Comparison] = [.equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual]
        var filters: [Filter] = []
        for (field, values) in fields {
            filters += (values + [.null]).flatMap { value in
                comparisons.map { .compare(field: field, is: $0, to: value) }
            }
            filters += [.exists(field: field), .within(field: field, values: values)]
        }
        filters += ["full", "%ull", "ful%", "%ul%", "%", "", "%%", "FULL", "%_%"].map {
            .like(field: "id", pattern: $0)
        }
        filters += ["%posed", "%", "nul%"].map { .like(field: "f_text", pattern: $0) }
        filters += filters.prefix(12).map { .not(of: $0) }
        filters.append(.all(of: [filters[0], .any(of: [filters[7], filters[30]])]))
        filters.append(.not(of: .all(of: [.exists(field: "extra"), .exists(field: "f_text")])))
        filters.append(.exists(field: "v_float32"))
        filters.append(.compare(field: "v_float32", is: .equal, to: .null))
        return filters
    }()
}
