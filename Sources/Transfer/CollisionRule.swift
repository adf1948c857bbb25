import JSON
import Model

/// What becomes of records whose keys more than one source of a target has.
package enum CollisionRule: String, Sendable, CaseIterable {
    /// Nothing is copied.
    case fail
    /// Those of the first source keep their keys; the others get keys of the same kind, made of collection and key.
    case rekey
    /// Those of the first source, or of the last, are copied; the others are left out.
    case first, last
}

extension Mapping {
    /// How many records give way, as far as the plan knows.
    package var givingWayCount: Int {
        guard case .not(.within(_, let values))? = leaving else { return rekeyed.count }
        return values.count
    }

    /// Which records come.
    package func condition(_ filter: Filter?) -> Filter? { Filter(conjuncts: [filter, leaving].compactMap(\.self)) }

    /// Has the records of these keys give way to those of other sources.
    package mutating func giveWay(_ keys: Set<Key>, of shape: Collection) {
        switch collisions {
        case .fail: break
        case .rekey: rekeyed = keys
        case .first, .last:
            let values = keys.sorted().map(\.scalar)
            leaving = keys.isEmpty ? nil : .not(of: .within(field: shape.key.name, values: values))
        }
    }

    /// A key of the same kind that only this source has.
    func remade(_ key: Key) -> Key {
        let text = keyPrefix + key.description
        return switch key {
        case .integer, .natural: .integer(Checksum.number(Array(text.utf8)))
        case .uuid: .uuid(UUID(urlName: text))
        case .text: .text(Text(text))
        }
    }

    // MARK: JSON

    /// What is said of this in a plan; nothing where nothing was asked.
    var givingWay: [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        if collisions != .fail { members.append(.init("collisions", .string(collisions.rawValue))) }
        if !rekeyed.isEmpty {
            members.append(.init("rekeyed", .array(rekeyed.sorted().map { .string($0.token) })))
        }
        if let leaving { members.append(.init("leaving", leaving.json)) }
        return members
    }

    /// Whether it could be read.
    mutating func takeGivingWay(_ json: JSONValue) -> Bool {
        if let word = json["collisions"] {
            guard let rule = word.string.flatMap(CollisionRule.init(rawValue:)) else { return false }
            collisions = rule
        }
        for token in json["rekeyed"]?.array ?? [] {
            guard let key = token.string.flatMap({ Key(token: $0) }) else { return false }
            rekeyed.insert(key)
        }
        guard let condition = json["leaving"] else { return true }
        leaving = Filter(json: condition)
        return leaving != nil
    }
}

extension Context {
    /// Which records are brought.
    package var condition: Filter? { mapping.condition(filter) }
}
