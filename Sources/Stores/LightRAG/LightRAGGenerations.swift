import Files
import Glibc
import JSON
import Model

/// Generations are files: those that are not live lie in our own folder, where LightRAG does not look.
extension LightRAGStore: Generations {
    /// One file takes another one's place in one step; several go one after the other.
    package nonisolated var isAtomic: Bool { false }

    package func staging(for name: String) throws(StoreError) -> String {
        guard let known = LightRAGName(name) else { throw .lightRAG(noName: name) }
        guard !known.isGraph else {
            throw StoreError(
                .unsupported, "\(name) is half of a file, and cannot be swapped alone",
                help: "copy it without `staged`: its file is replaced in one step too")
        }
        return GenerationName.staging(name)
    }

    package func list(_ name: String) throws(StoreError) -> [Description] {
        var found: [Description] = []
        for name in try generationNames().generations(of: name) { found.append(try describe(name)) }
        return found
    }

    package func swap(_ moves: [Move]) throws(StoreError) {
        try beginChange()
        let holders = try self.holders()
        let renamed = try GenerationNames(holders).after(moves)
        var names: [String: String] = [:]
        for (name, identity) in holders { names[name] = renamed[identity] }
        if !names.isEmpty { try swap(names) }
    }

    private func holders() throws(StoreError) -> [String: Identity] {
        var holders: [String: Identity] = [:]
        for name in try collections() {
            guard let known = LightRAGName(name), !known.isGraph else { continue }
            holders[name] = try identity(of: known)
        }
        return holders
    }

    private func generationNames() throws(StoreError) -> GenerationNames { try GenerationNames(holders()) }

    /// Gives collections new names, all of which are free or given up by another one of them.
    func swap(_ names: [String: String]) throws(StoreError) {
        var steps: [LightRAGSwap.Step] = []
        for (from, to) in names.sorted(by: { $0.key < $1.key }) {
            guard let old = LightRAGName(from), let new = LightRAGName(to) else { throw .lightRAG(noName: to) }
            let snapshot = try snapshot(from)
            forget(old)
            steps.append(
                LightRAGSwap.Step(
                    from: old, to: new, number: try snapshot.file.number(),
                    note: LightRAGNote(snapshot.identity, snapshot.collection)))
        }
        try LightRAGSwap(steps).begin(in: root)
        try finishSwap()
    }

    /// Does what is left of a swap that was begun, if there is one.
    func finishSwap() throws(StoreError) {
        guard let swap = try LightRAGSwap(in: root) else { return }
        try swap.finish(in: root)
    }
}

/// Files on their way to new names: what is to be done stands in a file before the first step, and can be done again.
struct LightRAGSwap {
    struct Step {
        let from: LightRAGName
        let to: LightRAGName
        /// The file's own number, which stays with it.
        let number: String
        let note: LightRAGNote
    }

    private static let file = "\(LightRAGName.hidden)/swap.json"
    private let steps: [Step]

    init(_ steps: [Step]) { self.steps = steps }

    /// Nil if none was begun.
    init?(in root: String) throws(StoreError) {
        let path = "\(root)/\(Self.file)"
        guard Disk.exists(path) else { return nil }
        guard let list = try? JSONValue(Disk.contents(path))["steps"]?.array else {
            throw .lightRAG(broken: path, "does not say which collections get new names")
        }
        var steps: [Step] = []
        for json in list {
            guard let from = json["from"]?.string.flatMap({ LightRAGName($0) }), let number = json["file"]?.string,
                let to = json["to"]?.string.flatMap({ LightRAGName($0) }), let note = try LightRAGNote(json: json)
            else { throw .lightRAG(broken: path, "does not say which collections get new names") }
            steps.append(Step(from: from, to: to, number: number, note: note))
        }
        self.steps = steps
    }

    func begin(in root: String) throws(StoreError) {
        let list = steps.map { step in
            JSONValue.object(
                [
                    JSONValue.Member("from", .string(step.from.name)), JSONValue.Member("to", .string(step.to.name)),
                    JSONValue.Member("file", .string(step.number)),
                ] + (step.note.json.members ?? []))
        }
        try Disk.replace("\(root)/\(Self.file)", with: Array(JSONValue.object(["steps": .array(list)]).text.utf8))
    }

    /// A second name holds each file, so that its old place can be taken; a live name is never without a file.
    func finish(in root: String) throws(StoreError) {
        for step in steps {
            guard try !isAt(step.between(root), step) else { continue }
            Disk.remove(step.between(root))
            if try isAt("\(root)/\(step.from.file)", step) {
                try Disk.link("\(root)/\(step.from.file)", step.between(root))
            }
        }
        for step in steps where try isAt(step.between(root), step) {
            var note = step.note
            note.collection.name = step.to.name
            try note.save(step.to, in: root)
            try Disk.move(step.between(root), to: "\(root)/\(step.to.file)")
        }
        let taken = Set(steps.map(\.to.file))
        for step in steps {
            Disk.remove(step.between(root))
            guard !taken.contains(step.from.file) else { continue }
            Disk.remove("\(root)/\(step.from.file)")
            Disk.remove(LightRAGNote.path(step.from, in: root))
        }
        try Disk.syncFolder(of: "\(root)/.")
        try Disk.syncFolder(of: "\(root)/\(Self.file)")
        Disk.remove("\(root)/\(Self.file)")
        try Disk.syncFolder(of: "\(root)/\(Self.file)")
    }

    private func isAt(_ path: String, _ step: Step) throws(StoreError) -> Bool {
        guard Disk.exists(path) else { return false }
        return try DiskFile(path, O_RDONLY).number() == step.number
    }
}

extension LightRAGSwap.Step {
    fileprivate func between(_ root: String) -> String { "\(root)/\(LightRAGName.hidden)/\(from.name).moving" }
}
