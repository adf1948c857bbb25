import Files
import JSON
import Model

/// What `aliases.json` says: second names of the collections.
struct ArchiveAliases {
    private static let file = "aliases.json"

    private(set) var targets: [String: String]
    private let path: String

    /// `exists` says whether there is a collection of a name: an alias of one that is gone counts for nothing.
    init(_ root: String, exists: (String) -> Bool) throws(StoreError) {
        path = "\(root)/\(Self.file)"
        targets = [:]
        guard Disk.exists(path) else { return }
        let bytes = try Disk.contents(path)
        guard let json = try? JSONValue(bytes), let members = json["aliases"]?.members else {
            throw .archive(broken: path, "does not list aliases")
        }
        let move = json["moving"]
        for member in members {
            guard let name = member.value.string else { throw .archive(broken: path, "does not list aliases") }
            let isMoved = name == move?["from"]?.string && !exists(name)
            let target = isMoved ? move?["to"]?.string ?? name : name
            if exists(target) { targets[member.name] = target }
        }
    }

    func names(of name: String) -> [String] { targets.filter { $0.value == name }.keys.sorted() }

    mutating func point(_ alias: String, to name: String) throws(StoreError) {
        targets[alias] = name
        try save()
    }

    mutating func remove(_ alias: String) throws(StoreError) {
        targets[alias] = nil
        try save()
    }

    /// Lets the aliases follow a collection while `move` gives it another name.
    mutating func follow(
        from name: String, to newName: String, _ move: () throws(StoreError) -> Void
    ) throws(StoreError) {
        guard targets.values.contains(name) else { return try move() }
        try save(moving: ["from": .string(name), "to": .string(newName)])
        try move()
        targets = targets.mapValues { $0 == name ? newName : $0 }
        try save()
    }

    /// Writes the file anew, without the aliases that count for nothing.
    func save(moving: JSONValue? = nil) throws(StoreError) {
        var members = [JSONValue.Member("aliases", .object(targets.mapValues(JSONValue.string)))]
        if let moving { members.append(JSONValue.Member("moving", moving)) }
        try Disk.replace(path, with: Array((JSONValue.object(members).indented() + "\n").utf8))
    }
}
