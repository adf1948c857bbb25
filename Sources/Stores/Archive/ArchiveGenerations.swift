import CFiles
import Files
import Glibc
import JSON
import Model

/// Generations are folders of their own.
///
/// Each move exchanges two folders in one step, so that the live name is never missing; several moves come one after
/// the other. What is to be done stands in a file before the first step, and a program that ends in between leaves it
/// to the next one that changes the archive.
extension ArchiveStore: Generations {
    package nonisolated var isAtomic: Bool { false }

    package func staging(for name: String) throws(StoreError) -> String {
        guard try aliasFile().targets[name] == nil else { throw .isAlias(name) }
        return GenerationName.staging(name)
    }

    package func list(_ name: String) throws(StoreError) -> [Description] {
        var found: [Description] = []
        for name in try generationNames().generations(of: name) { found.append(try describe(name)) }
        return found
    }

    package func swap(_ moves: [Move]) throws(StoreError) {
        try beginChange()
        try ArchiveSwap.finish(in: root)
        let renamed = try generationNames().after(moves)
        guard !renamed.isEmpty else { return }
        for name in try collections() where writers[folder(name)] != nil { try settle(name) }
        forgetAll()
        try ArchiveSwap(renamed).begin(in: root)
        try ArchiveSwap.finish(in: root)
    }

    private func generationNames() throws(StoreError) -> GenerationNames {
        var holders: [String: Identity] = [:]
        for name in try collections() { holders[name] = try identity(of: name) }
        return GenerationNames(holders, aliases: Set(try aliasFile().targets.keys))
    }
}

/// What `swap.json` says: the names that collections are about to get.
struct ArchiveSwap {
    private static let file = "swap.json"
    /// A folder on its way between two names, where the file system cannot exchange them.
    static let moving = ".moving-"

    private var names: [String: String]

    init(_ renamed: [Identity: String]) {
        names = Dictionary(renamed.map { ($0.key.token, $0.value) }) { $1 }
    }

    /// From here on the swap will be finished, by us or by whoever changes the archive next.
    func begin(in root: String) throws(StoreError) {
        let json: JSONValue = ["names": .object(names.mapValues(JSONValue.string))]
        try Disk.replace("\(root)/\(Self.file)", with: Array((json.indented() + "\n").utf8))
    }

    /// Does what is left of a swap that was begun, if there is one.
    static func finish(in root: String) throws(StoreError) {
        let path = "\(root)/\(file)"
        guard Disk.exists(path) else { return }
        guard let json = try? JSONValue(Disk.contents(path)), let names = json["names"]?.dictionary else {
            throw .archive(broken: path, "does not say which collections get new names")
        }
        var wanted: [String: String] = [:]
        for (identity, name) in names { wanted[identity] = name.string }
        try rename(wanted, in: root)
        Disk.remove(path)
        try Disk.syncFolder(of: path)
    }

    private static func rename(_ wanted: [String: String], in root: String) throws(StoreError) {
        var places = try Self.places(of: wanted, in: root)
        while let step = next(places) {
            if let other = places.firstIndex(where: { $0.file == step.wanted }) {
                try exchange("\(root)/\(places[step.index].file)", "\(root)/\(step.wanted)", root)
                places[other].file = places[step.index].file
            } else {
                guard !Disk.exists("\(root)/\(step.wanted)") else { throw .isCollection(step.wanted) }
                try Disk.move("\(root)/\(places[step.index].file)", to: "\(root)/\(step.wanted)")
            }
            places[step.index].file = step.wanted
            try Disk.syncFolder(of: "\(root)/\(file)")
        }
        for place in places { try note(place, in: root) }
    }

    /// A collection: the folder where it is, and the name that it should have.
    private struct Place {
        var file: String
        let name: String
        var wanted: String { ArchiveNames.encoded(name) }
    }

    private static func places(of wanted: [String: String], in root: String) throws(StoreError) -> [Place] {
        var places: [Place] = []
        for file in try Disk.names(in: root) {
            guard ArchiveNames.decoded(file) != nil || ArchiveNames.isCut(file) || file.hasPrefix(moving) else {
                continue
            }
            let path = "\(root)/\(file)/\(ArchiveManifest.file)"
            guard let manifest = try? ArchiveManifest(Disk.contents(path), path: path),
                let name = wanted[manifest.identity.token]
            else { continue }
            places.append(Place(file: file, name: name))
        }
        return places
    }

    /// What can be moved without leaving a name empty that another one is to get; else the first of all.
    private static func next(_ places: [Place]) -> (index: Int, wanted: String)? {
        let open = places.indices.filter { places[$0].file != places[$0].wanted }
        let free = open.first { index in
            !places.contains { $0.file == places[index].wanted || $0.wanted == places[index].file }
        }
        return (free ?? open.first { index in places.contains { $0.file == places[index].wanted } } ?? open.first)
            .map { ($0, places[$0].wanted) }
    }

    private static func exchange(_ one: String, _ other: String, _ root: String) throws(StoreError) {
        guard files_exchange(one, other) != 0 else { return }
        guard [EINVAL, ENOSYS, ENOTSUP].contains(errno) else { throw .disk(cannot: "exchange", one) }
        let between = "\(root)/\(moving)\(UInt64.random(in: .min ... .max))"
        try Disk.move(other, to: between)
        try Disk.move(one, to: other)
        try Disk.move(between, to: one)
    }

    /// The folder says how a collection is called; its manifest says it again, for people and for names that are cut.
    private static func note(_ place: Place, in root: String) throws(StoreError) {
        let path = "\(root)/\(place.file)/\(ArchiveManifest.file)"
        var manifest = try ArchiveManifest(Disk.contents(path), path: path)
        guard Text(manifest.collection.name) != Text(place.name) else { return }
        manifest.collection.name = place.name
        try Disk.replace(path, with: Array(manifest.text.utf8))
    }
}
