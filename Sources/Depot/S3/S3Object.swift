import Model
import Wire

/// What a bucket says of one object.
package struct S3Object: Hashable, Sendable {
    package var key: String
    package var bytes: Int
    /// Another one whenever the content is another, with its quotes.
    package var tag: String
    /// Microseconds since 1970.
    package var modified: Int64?
    package var version: String?
    /// What whoever wrote it has noted beside it, names in small letters.
    package var notes: [String: String]

    package init(
        key: String, bytes: Int, tag: String, modified: Int64? = nil, version: String? = nil,
        notes: [String: String] = [:]
    ) {
        (self.key, self.bytes, self.tag) = (key, bytes, tag)
        (self.modified, self.version, self.notes) = (modified, version, notes)
    }

    /// From the headers of an answer.
    init(_ key: String, _ answer: AWSAnswer) {
        let whole = answer["content-range"]?.split(separator: "/").last.flatMap { Int($0) }
        self.init(
            key: key, bytes: whole ?? answer["content-length"].flatMap { Int($0) } ?? 0, tag: answer["etag"] ?? "",
            modified: answer["last-modified"].flatMap(AWSClock.microseconds), version: answer["x-amz-version-id"])
        for (name, value) in answer.response.headers where name.hasPrefix("x-amz-meta-") {
            notes[String(name.dropFirst("x-amz-meta-".count))] = value
        }
    }
}

/// What must hold of an object for it to be written.
package enum S3Condition: Hashable, Sendable {
    /// There is none of its name.
    case absent
    /// It is the one with this tag.
    case matches(String)

    var header: (name: String, value: String) {
        switch self {
        case .absent: ("if-none-match", "*")
        case .matches(let tag): ("if-match", tag)
        }
    }
}

/// A part of a list.
package struct S3Page: Sendable {
    package var objects: [S3Object] = []
    /// What stands before the next slash, where a list ends at slashes.
    package var prefixes: [String] = []
    /// Where the list goes on; nil at its end.
    package var next: String?
}

/// One of the states that an object has had.
package struct S3Version: Hashable, Sendable {
    package var key: String
    package var version: String
    package var isLatest: Bool
    /// Whether the object was deleted then.
    package var isDeletion: Bool
    package var tag: String
}
