import Model
import Wire

/// What every answer begins with.
struct MilvusStatus {
    private(set) var legacy = 0
    private(set) var code = 0
    private(set) var reason = ""
    private(set) var isRetriable = false

    init() {}

    init(_ message: ArraySlice<UInt8>) throws {
        try ProtoReader.forEach(message) { try take($0) }
    }

    mutating func take(_ field: ProtoField) throws {
        switch field.number {
        case 1: legacy = Int(try field.integer())
        case 2: reason = try field.text()
        case 3: code = Int(try field.integer())
        case 4: isRetriable = try field.bool()
        default: break
        }
    }

    var isGood: Bool { legacy == 0 && code == 0 }
    var isMissingCollection: Bool { code == 100 || code == 0 && legacy == 4 }
    var isMissingIndex: Bool { code == 700 || code == 0 && legacy == 25 }
}

extension StoreError {
    /// A refusal in Milvus' own words becomes one in ours.
    init(_ status: MilvusStatus, _ server: MilvusServer, _ name: String) {
        let said = "\(server.line.address): \(status.reason)"
        switch status.code {
        case _ where status.isMissingCollection && !name.isEmpty: self = .noCollection(name)
        case 101, 103, 201:
            self.init(.expired, "\"\(name)\" is not in memory, where Milvus reads", help: "`load` brings it there")
        case 800: self.init(.notFound, said, help: "connect without a database, or create it first")
        case 100, 200, 700, 1600: self.init(.notFound, said)
        case 1601, 1602, 702: self.init(.conflict, said)
        case 1102: self.init(.tooLarge, said)
        case 1400, 1401, 1800: self.init(.unauthorized, said, help: "check user and password, or the token")
        default: self = StoreError.byWords(status, server, said)
        }
    }

    /// Codes that mean different things in different servers, and those that mean nothing.
    private static func byWords(_ status: MilvusStatus, _ server: MilvusServer, _ said: String) -> StoreError {
        let words = status.reason.lowercased()
        func says(_ part: String) -> Bool { words.contains(part) }
        if says("rate limit") || status.legacy == 49 {
            return StoreError(.throttled, said)
        }
        if says("quota") || says("force to deny") || (52...54).contains(status.legacy) || status.legacy == 48 {
            return StoreError(.full, said, help: "free memory or disk on the server, or raise its quota")
        }
        if says("maxoutputsize") || says("larger than max") || says("message too large") {
            return StoreError(.tooLarge, said)
        }
        if says("database") && (says("not exist") || says("not found")) {
            return StoreError(.notFound, said, help: "connect without a database, or create it first")
        }
        if status.isRetriable || server.engine.kind == .server && [1, 2, 5].contains(status.code) {
            return StoreError(.unavailable, said, mayHaveWritten: true)
        }
        return StoreError(.rejected, said)
    }

    init(_ error: WireError, _ address: String) {
        let said = "\(address): \(error)"
        let mayHaveWritten = error.mayHaveArrived
        switch error.code {
        case .unreachable:
            self.init(.unavailable, "no answer from \(said)", help: "is Milvus running there?")
        case .untrusted:
            self.init(.unauthorized, said, help: "name its authority's file: `with ca=PATH`")
        case .timedOut, .broken: self.init(.unavailable, said, mayHaveWritten: mayHaveWritten)
        case .cancelled: self.init(.cancelled, said, mayHaveWritten: mayHaveWritten)
        case .malformed:
            self.init(.malformed, said, help: "is this a Milvus?", mayHaveWritten: mayHaveWritten)
        case .tooLarge: self.init(.tooLarge, said, mayHaveWritten: mayHaveWritten)
        case .unequipped: self.init(.unsupported, "\(error)")
        }
    }

    init(_ status: GRPCStatus, _ method: String, _ address: String) {
        let said = "\(address): \(status)"
        switch status.code {
        case .unauthenticated, .permissionDenied:
            self.init(.unauthorized, said, help: "say `user NAME password …`, or `with token=…`")
        case .unimplemented:
            self.init(.unsupported, "\(address) knows no \(method)" + (status.message.isEmpty ? "" : ": \(status)"))
        case .resourceExhausted:
            self.init(status.message.contains("larger than max") ? .tooLarge : .throttled, said)
        case .cancelled: self.init(.cancelled, said, mayHaveWritten: true)
        case .notFound: self.init(.notFound, said)
        case .invalidArgument, .outOfRange, .failedPrecondition, .alreadyExists: self.init(.rejected, said)
        case .unknown, .deadlineExceeded, .aborted, .internal, .unavailable, .dataLoss:
            self.init(.unavailable, said, mayHaveWritten: true)
        }
    }
}
