import Depot
import Dispatch
import Glibc
import Language
import Model
import Stores
import Synchronization

/// The names that completion offers, as they were last seen.
///
/// A key press never waits for a server: what is not known is asked for in the background, and waited for 300 ms.
package final class NameCache: Sendable {
    struct Known: Sendable {
        var store: any Store
        var collections: [Candidate] = []
        var shapes: [String: Model.Collection] = [:]
        var isLoading = false
        var isLoaded = false
    }

    private struct State {
        var order: [String] = []
        var known: [String: Known] = [:]
        var notes: [String: String] = [:]
        var current: String?
        var variables: [Candidate] = []
    }

    private let state = Mutex(State())
    /// Whether somebody is typing: else nothing is asked for before it is needed.
    private let isEager: Bool

    init(isEager: Bool) { self.isEager = isEager }

    private static let patience = DispatchTimeInterval.milliseconds(300)

    // MARK: What the session tells

    func connected(_ name: String, note: String) {
        state.withLock { state in
            if !state.order.contains(name) { state.order.append(name) }
            state.notes[name] = note
        }
    }

    func opened(_ name: String, _ store: any Store) {
        state.withLock { $0.known[name] = Known(store: store) }
        if isEager { load(name) }
    }

    func disconnected(_ name: String) {
        state.withLock { state in
            state.order.removeAll { $0 == name }
            state.known[name] = nil
        }
    }

    func use(_ name: String?) { state.withLock { $0.current = name } }

    func define(_ variables: [Candidate]) { state.withLock { $0.variables = variables } }

    /// Something has changed: asks again, and shows the old names until the answers come.
    func refresh() {
        guard isEager else { return }
        for name in state.withLock({ Array($0.known.keys) }) { load(name) }
    }

    // MARK: Loading

    @discardableResult
    private func load(_ name: String) -> DispatchSemaphore {
        let done = DispatchSemaphore(value: 0)
        let store = state.withLock { state -> (any Store)? in
            state.known[name]?.isLoading = true
            return state.known[name]?.store
        }
        guard let store else {
            done.signal()
            return done
        }
        Task.detached {
            await self.ask(name, store)
            done.signal()
        }
        return done
    }

    private func ask(_ name: String, _ store: any Store) async {
        guard let collections = try? await store.collections() else { return finish(name) { _ in } }
        var candidates: [Candidate] = []
        var shapes: [String: Model.Collection] = [:]
        // Beyond a screenful nobody reads notes; describing thousands of collections would load the server.
        for (place, collection) in collections.enumerated() {
            let shape = place < 100 ? try? await store.describe(collection).collection : nil
            shapes[collection] = shape
            candidates.append(Candidate(collection, kind: "collection", note: shape?.note ?? ""))
        }
        for (alias, target) in (try? await store.aliasing?.aliases()) ?? [:] {
            shapes[alias] = shapes[target]
            candidates.append(Candidate(alias, kind: "alias", note: "for \(target)"))
        }
        finish(name) { known in
            known.collections = candidates
            known.shapes = shapes
            known.isLoaded = true
        }
    }

    private func finish(_ name: String, _ change: (inout Known) -> Void) {
        state.withLock { state in
            guard var known = state.known[name] else { return }
            change(&known)
            known.isLoading = false
            state.known[name] = known
        }
    }

    private func known(_ name: String?) -> Known? {
        let (connection, known) = state.withLock { state in
            let connection = name ?? state.current
            return (connection, connection.flatMap { state.known[$0] })
        }
        guard let connection, let known, !known.isLoaded else { return known }
        _ = load(connection).wait(timeout: .now() + NameCache.patience)
        return state.withLock { $0.known[connection] }
    }

    fileprivate func shape(of reference: Reference) -> Model.Collection? {
        reference.name.flatMap { known(reference.connection)?.shapes[$0] }
    }
}

// MARK: What completion asks

extension NameCache: NameSource {
    package func connections() -> [Candidate] {
        state.withLock { state in
            state.order.map { Candidate($0, kind: "connection", note: state.notes[$0] ?? "", follow: ":") }
        }
    }

    package func collections(of connection: String?) -> [Candidate] { known(connection)?.collections ?? [] }

    package func fields(of reference: Reference) -> [Candidate] {
        guard let shape = shape(of: reference) else { return [] }
        let key = [Candidate(shape.key.name, kind: "key", note: "\(shape.key.type)")]
        return key + shape.vectors.map { Candidate($0.name, kind: "vector", note: $0.note) }
            + shape.fields.map { Candidate($0.name, kind: "field", note: "\($0.type)") }
    }

    package func indexes(of reference: Reference) -> [Candidate] {
        shape(of: reference)?.indexes.map { Candidate($0.name, kind: "index", note: "\($0.type) on \($0.field)") } ?? []
    }

    package func indexTypes(of reference: Reference) -> [Candidate] {
        known(reference.connection)?.store.indexing?.kinds.map {
            Candidate($0.type, kind: "index type", note: $0.summary)
        } ?? []
    }

    package func indexParameters(of reference: Reference, type: String) -> [Candidate] {
        let kind = known(reference.connection)?.store.indexing?.kinds.first { $0.type == type }
        return kind?.params.map { Candidate($0, kind: "parameter", follow: "=") } ?? []
    }

    package func schemes(of purpose: Slot.URIPurpose) -> [Candidate] {
        switch purpose {
        case .store: stores
        case .lock: LockPlaces.schemes.map { place($0, "lock") }
        case .pointer: PointerPlace.schemes.map { place($0, "pointer") }
        case .folder: DepotAddress.schemes.map { place($0, "folder") }
        case .anything: stores + PointerPlace.schemes.map { place($0, "pointer") }
        }
    }

    private var stores: [Candidate] {
        storeKinds.map { Candidate("\($0.scheme)://", kind: "store", note: $0.summary, follow: "") }
    }

    private func place(_ scheme: String, _ kind: String) -> Candidate {
        let notes = [
            "file": "on a disk of this machine, or one that is shared", "s3": "in a bucket",
            "dynamodb": "an item of a table", "postgres": "a lock of the server's own",
        ]
        return Candidate("\(scheme)://", kind: kind, note: notes[scheme] ?? "", follow: "")
    }

    package func options(ofURI uri: String) -> [Candidate] {
        let scheme = uri.prefix { $0 != ":" }
        return storeKinds.first { $0.scheme == scheme }?.options.map {
            Candidate($0.name, kind: "option", note: $0.summary, follow: "=")
        } ?? []
    }

    package func variables() -> [Candidate] { state.withLock { $0.variables } }

    package func settings() -> [Candidate] {
        Settings.names.map { Candidate($0.name, kind: "setting", note: $0.summary) }
    }

    package func values(ofSetting name: String) -> [Candidate] {
        Settings.values(of: name).map { Candidate($0, kind: "value") }
    }

    package func topics() -> [Candidate] {
        Help(.vecsh).topicNames.map { Candidate($0, kind: "topic") }
            + storeKinds.map { Candidate($0.scheme, kind: "store", note: $0.summary) }
    }

    package func files(_ prefix: String) -> [Candidate] { FileNames.candidates(prefix) }
}

/// Files and folders whose path begins like what is typed.
private enum FileNames {
    static func candidates(_ typed: String) -> [Candidate] {
        let scheme = typed.firstRange(of: "://").map { typed[..<$0.upperBound] } ?? ""
        let path = typed.dropFirst(scheme.count)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let place = folder.isEmpty ? "." : folder.hasPrefix("~/") ? home + folder.dropFirst() : folder
        let wanted = path.dropFirst(folder.count)
        return names(in: place).filter { $0.name.hasPrefix(wanted) && ($0.name.first != "." || wanted.first == ".") }
            .map { entry in
                Candidate(
                    scheme + folder + entry.name + (entry.isFolder ? "/" : ""),
                    kind: entry.isFolder ? "folder" : "file",
                    follow: entry.isFolder ? "" : " ")
            }
    }

    private static func names(in folder: String) -> [(name: String, isFolder: Bool)] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            var facts = stat()
            let isFolder = stat(folder + "/" + name, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
            names.append((name, isFolder))
        }
        return names.sorted { $0.name < $1.name }
    }
}

extension Model.Collection {
    fileprivate var note: String { vectors.map(\.note).joined(separator: ", ") }
}

extension VectorField {
    fileprivate var note: String {
        let size = dimension.map { " × \($0)" } ?? ""
        return
            "\(layout == .dense ? element.rawValue : layout.rawValue)\(size)\(metric.map { " \($0.rawValue)" } ?? "")"
    }
}
