import Model

/// How the keys of a target come about.
package enum KeyRule: String, Sendable, CaseIterable {
    case keep
    /// UUIDs of the URL namespace, as Qdrant's own tool makes them.
    case uuid5
    /// Numbers of 63 bits, which every store takes.
    case hash
    /// The target's own, or numbers in the order of the source.
    case auto
}

extension Mapping {

    /// What these keys become; those that the target makes stay as they are until then.
    package func newKeys(_ keys: [Key]) -> [Key] {
        switch self.keys {
        case .keep: rekeyed.isEmpty ? keys : keys.map { rekeyed.contains($0) ? remade($0) : $0 }
        case .auto: keys
        case .uuid5: keys.map { .uuid(UUID(urlName: keyPrefix + $0.description)) }
        case .hash: keys.map { .integer(Checksum.number(Array((keyPrefix + $0.description).utf8))) }
        }
    }

    /// Makes the keys of one of several sources of a target others than those of its neighbours, where keys are made.
    package mutating func tellApart(_ source: String, _ number: Int) {
        switch keys {
        case .keep: if collisions == .rekey { keyPrefix = source + "/" }
        case .uuid5, .hash: keyPrefix = source + "/"
        case .auto: firstNumber = Int64(number) << 40 + 1
        }
    }

    /// Which of several sources this is, where records are numbered.
    package var number: Int { Int(firstNumber >> 40) }
}

extension Store {
    /// What this store makes of records behind a mapping: where it is to make keys and makes up none, they are numbers.
    package func fit(_ wanted: Collection, into existing: Collection?, _ mapping: Mapping) -> Fit {
        let fit = fit(wanted, into: existing)
        guard mapping.keys == .auto, !fit.changes.contains(.rekeyed) else { return fit }
        var collection = fit.collection
        if existing == nil { collection.key.isInvented = false }
        let verdicts = fit.verdicts.map { verdict in
            guard verdict.subject == "key", verdict.grade <= .converted else { return verdict }
            return Verdict(
                "key", .converted, "numbers from \(mapping.firstNumber); `keep_id_as` keeps the old ones in a field")
        }
        return Fit(collection: collection, verdicts: verdicts, changes: fit.changes + [.rekeyed])
    }
}

extension Context {
    /// Whether the records' keys are numbers that the copy gives them.
    var isNumbering: Bool { mapping.keys == .auto && !shape.key.isInvented }
}
