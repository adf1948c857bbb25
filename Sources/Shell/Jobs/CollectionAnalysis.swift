import JSON
import Model
import Transfer

/// One collection that could become a part of another.
struct AnalysedCollection {
    var place: Place
    var description: Description
    var points: Int
    var reading: NamingPatterns.Reading?
    /// By a sample: what all its records take, and how long they take to read and write.
    var bytes: Int
    var seconds: Double

    var shape: Model.Collection { description.collection }

    var json: JSONValue {
        .object(
            names + [.init("vectors", .array(shape.vectors.map(\.analysed)))] + [.init("bytes", .integer(Int64(bytes)))]
        )
    }

    /// The same for people.
    var row: JSONValue {
        .object(
            names + [
                .init("vectors", .array(shape.vectors.map { .string($0.words) })),
                .init("bytes", .integer(Int64(bytes))),
            ])
    }

    private var names: [JSONValue.Member] {
        [
            .init("name", .string(place.name)), .init("pattern", .optional(reading?.pattern)),
            .init("project", .optional(reading?.project)), .init("type", .optional(reading?.type)),
            .init("points", .integer(Int64(points))), .init("key", .string("\(shape.key.type)")),
        ]
    }
}

extension VectorField {
    fileprivate var words: String { brief + (metric.map { " \($0.rawValue)" } ?? "") }

    fileprivate var analysed: JSONValue {
        [
            "name": .string(name), "layout": .string(layout.rawValue), "element": .string(element.rawValue),
            "dimension": .optional(dimension), "metric": .optional(metric?.rawValue),
        ]
    }
}

/// What was found out about the collections of a connection.
struct CollectionAnalysis {
    var collections: [AnalysedCollection]
    var conflicts: [AnalysisConflict]

    static let columns = ["name", "pattern", "project", "type", "points", "key", "vectors", "bytes"]

    var seconds: Double { collections.reduce(0) { $0 + $1.seconds } }
    var bytes: Int { collections.reduce(0) { $0 + $1.bytes } }

    var json: JSONValue {
        [
            "collections": .array(collections.map(\.json)), "projects": .array(groups(by: \.project, named: "project")),
            "types": .array(groups(by: \.type, named: "type")), "conflicts": .array(conflicts.map(\.json)),
            "estimate_s": .double(seconds.rounded(to: 1)), "estimate_bytes": .integer(Int64(bytes)),
            "disk_with_backup": .integer(Int64(2 * bytes)),
        ]
    }

    private func groups(by part: KeyPath<NamingPatterns.Reading, String>, named name: String) -> [JSONValue] {
        var groups: [String: [AnalysedCollection]] = [:]
        for collection in collections {
            if let group = collection.reading?[keyPath: part] { groups[group, default: []].append(collection) }
        }
        return groups.sorted { $0.key < $1.key }.map { group, members in
            let (points, bytes) = (members.reduce(0) { $0 + $1.points }, members.reduce(0) { $0 + $1.bytes })
            return .object([
                .init(name, .string(group)), .init("collections", .array(members.map { .string($0.place.name) })),
                .init("points", .integer(Int64(points))), .init("bytes", .integer(Int64(bytes))),
            ])
        }
    }

    /// What stands below the table.
    var remarks: [String] {
        let projects = Set(collections.compactMap(\.reading?.project)).count
        let types = Set(collections.compactMap(\.reading?.type)).sorted()
        let points = collections.reduce(0) { $0 + $1.points }
        var all = [
            "\(collections.count) collections of \(projects) projects, \(points) points; types: "
                + (types.isEmpty ? "none" : types.joined(separator: ", "))
        ]
        all.append(
            "about \(Elapsed.text(.seconds(seconds))) to copy, \(bytes) bytes; \(2 * bytes) with a backup before")
        all += conflicts.map { "\($0.kind): \($0.detail)" + ($0.strategies.first.map { "; \($0)" } ?? "") }
        return all
    }
}
