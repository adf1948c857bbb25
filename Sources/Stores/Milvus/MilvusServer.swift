import Model
import Wire

/// The way to a server: what is said on it is answered, or an error.
struct MilvusLine: Sendable {
    let grpc: GRPC
    let address: String
    let timeout: Duration

    func call(
        _ method: String, _ request: ProtoWriter, timeout: Duration? = nil
    ) async throws(StoreError) -> ArraySlice<UInt8> {
        do {
            return try await answer(method, request, timeout ?? self.timeout)
        } catch let error as WireError { throw StoreError(error, address) } catch let error as GRPCStatus {
            throw StoreError(error, method, address)
        } catch { throw StoreError(.unavailable, "\(address): \(error)", mayHaveWritten: true) }
    }

    /// A question whose answer broke off is asked once more; who changes something decides for himself.
    private func answer(
        _ method: String, _ request: ProtoWriter, _ timeout: Duration
    ) async throws -> ArraySlice<UInt8> {
        let path = "/milvus.proto.milvus.MilvusService/\(method)"
        do { return try await grpc.call(path, request, timeout: timeout) } catch let error as WireError {
            guard error.code == .broken, Self.questions.contains(where: method.hasPrefix) else { throw error }
        }
        return try await grpc.call(path, request, timeout: timeout)
    }

    private static let questions = ["Alloc", "Describe", "Get", "List", "Query", "Search", "Show"]
}

/// A Milvus that has answered, and one of its databases.
struct MilvusServer: Sendable {
    let line: MilvusLine
    /// Empty for the default one.
    let database: String
    let engine: MilvusEngine

    static func reached(_ line: MilvusLine, database: String) async throws(StoreError) -> MilvusServer {
        let server = MilvusServer(line: line, database: database, engine: try await engine(line))
        _ = try await server.collectionNames()
        return server
    }

    private static func engine(_ line: MilvusLine) async throws(StoreError) -> MilvusEngine {
        do throws(StoreError) {
            var words = ""
            try line.read(try await line.call("GetVersion", ProtoWriter())) { field in
                if field.number == 2 { words = try field.text() }
            }
            return MilvusEngine(words)
        } catch {
            // Only the first Milvus Lite, written in C++, does not know the question.
            guard error.code == .unsupported else { throw error }
            return MilvusEngine.nativeLite
        }
    }

    /// A request about this database, or about one collection in it, as almost all begin.
    func request(_ collection: String = "", capacity: Int = 64) -> ProtoWriter {
        ProtoWriter(capacity: capacity) { writer in
            writer.text(2, database)
            writer.text(3, collection)
        }
    }

    /// Asks for an answer that begins with a status; `read` is given its other fields.
    func ask(
        _ method: String, _ request: ProtoWriter, about name: String = "", timeout: Duration? = nil,
        _ read: (ProtoField) throws -> Void
    ) async throws(StoreError) {
        let answer = try await line.call(method, request, timeout: timeout)
        var status = MilvusStatus()
        try line.read(answer) { field in
            if field.number == 1 { status = try MilvusStatus(field.bytes()) } else { try read(field) }
        }
        if !status.isGood { throw StoreError(status, self, name) }
    }

    /// Asks for something to be done; the answer is nothing but a status.
    func order(
        _ method: String, _ request: ProtoWriter, about name: String = "", timeout: Duration? = nil
    ) async throws(StoreError) {
        let answer = try await line.call(method, request, timeout: timeout)
        var status = MilvusStatus()
        try line.read(answer) { try status.take($0) }
        if !status.isGood { throw StoreError(status, self, name) }
    }
}

extension MilvusLine {
    func read(_ message: ArraySlice<UInt8>, _ use: (ProtoField) throws -> Void) throws(StoreError) {
        do { try ProtoReader.forEach(message, use) } catch let error as StoreError { throw error } catch {
            throw StoreError(.malformed, "\(address) answers what is no answer: \(error)", help: "is this a Milvus?")
        }
    }
}

/// Which program answers, and what it can do.
struct MilvusEngine: Hashable, Sendable {
    /// `lite` is Milvus Lite from 3.0 on, in Python; `nativeLite` is the one before, in C++.
    enum Kind: Sendable { case server, lite, nativeLite }

    let kind: Kind
    let version: [Int]
    /// As the server says it.
    let words: String

    init(_ words: String) {
        self.words = words
        kind = words.hasPrefix("milvus_lite") ? .lite : .server
        version = MilvusEngine.numbers(words)
    }

    private init(kind: Kind, version: [Int], words: String) {
        (self.kind, self.version, self.words) = (kind, version, words)
    }

    static let nativeLite = MilvusEngine(kind: .nativeLite, version: [2, 4, 0], words: "milvus-lite 2")

    /// The first three numbers apart by dots.
    private static func numbers(_ words: String) -> [Int] {
        let tail = words.drop { !$0.isASCII || !$0.isNumber }
        return tail.prefix { $0.isNumber || $0 == "." }.split(separator: ".").prefix(3).compactMap { Int($0) }
    }

    private func isServer(from least: [Int]) -> Bool {
        kind == .server && !version.lexicographicallyPrecedes(least)
    }

    var hasAliases: Bool { kind != .nativeLite }
    var hasPartitions: Bool { kind != .nativeLite }
    var hasNullableFields: Bool { kind == .lite || isServer(from: [2, 5]) }
    var hasNullableVectors: Bool { isServer(from: [3, 0]) }
    var hasSeveralVectors: Bool { kind != .server || isServer(from: [2, 4]) }
    var hasTimestamps: Bool { isServer(from: [2, 6, 1]) }
    /// Whether an index may be called otherwise than its field.
    var keepsIndexNames: Bool { kind != .lite }
    /// Whether nothing is read before every vector has an index.
    var needsIndexes: Bool { kind == .server }
    /// Whether a reading can stay at one moment.
    var hasMoments: Bool { isServer(from: [2, 5]) }
    /// Whether two inserts of one key leave two records.
    var repeatsKeys: Bool { kind == .server }
    /// Whether names are what Milvus takes for a name, and not anything.
    var checksNames: Bool { kind != .lite }
    /// Whether line breaks in a text can be spelled in an expression.
    var spellsLineBreaks: Bool { kind != .nativeLite }
    /// Whether a record with the greatest key of all is ever handed out.
    var readsGreatestKey: Bool { kind != .server }
    /// Whether a key may come with a record of a collection that makes up its keys.
    var takesGivenKeys: Bool { kind == .lite || isServer(from: [2, 6]) }
    var hasInvertedIndexes: Bool { kind != .server || isServer(from: [2, 4]) }
    var hasLikeAnywhere: Bool { isServer(from: [2, 4, 5]) }
    /// Whether JSON comes back with another spelling, and a text that stands alone as another value.
    var respellsJSON: Bool { kind == .lite }

    func has(_ element: Element) -> Bool {
        switch element {
        case .float32: true
        case .bit: kind != .lite
        case .float16, .bfloat16: kind == .nativeLite || isServer(from: [2, 4])
        case .int8: isServer(from: [2, 6])
        case .uint8: false
        }
    }

    var hasSparseVectors: Bool { kind != .server || isServer(from: [2, 4]) }
}
