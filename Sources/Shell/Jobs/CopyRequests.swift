import JSON
import Language
import Model
import Transfer

/// A copy of one collection that was asked for.
struct CopyTask {
    var request: CopyRequest
    var source: Place
    var target: Place
}

extension Session {
    /// One request for each collection that the source means.
    func copyTasks(_ call: Call) async throws -> [CopyTask] {
        let (source, target) = (try call[Copying.source], try call[Copying.target])
        let pattern = source.value.name ?? "*"
        var tasks: [CopyTask] = []
        let mapping = try await mapping(call)
        let filter = try await filter(call.optional(Shared.filter))
        for place in try await places(source) {
            let name = try Naming.target(target, pattern: pattern, matching: place.name)
            let other = try await self.place(
                Located(Reference(connection: target.value.connection, name: name), at: target.span))
            let request = CopyRequest(
                source: site(place), target: site(other), filter: filter, mapping: mapping,
                including: try call.optional(Copying.including).map { [$0.value] } ?? [],
                excluding: try call.optional(Copying.excluding).map { [$0.value] } ?? [],
                existing: try call.optional(Copying.policy).flatMap { ExistingPolicy(rawValue: $0.value) } ?? .fail,
                tuning: try Tuning(call.optional(Copying.options) ?? Options()))
            try refuseSelf(request, at: target.span)
            tasks.append(CopyTask(request: request, source: place, target: other))
        }
        guard !tasks.isEmpty else {
            throw Failure("E0501", "no collection fits \(source.value)", at: source.span)
        }
        return tasks
    }

    func site(_ place: Place) -> Site {
        let endpoint = connection(place.connection)?.endpoint.description ?? ""
        return Site(connection: place.connection, endpoint: endpoint, collection: place.name)
    }

    private func refuseSelf(_ request: CopyRequest, at span: Span) throws {
        guard request.source.endpoint == request.target.endpoint,
            request.source.collection == request.target.collection
        else { return }
        throw Failure("E0902", "source and target are the same collection", at: span)
    }

    private func mapping(_ call: Call) async throws -> Mapping {
        let options = try call.optional(Copying.options) ?? Options()
        let pairs = try call.optional(Copying.rename)?.pairs ?? []
        let set = try call.optional(Copying.set)?.pairs ?? []
        return Mapping(
            fields: try call.optional(Copying.fields)?.map { try $0.name },
            rename: Dictionary(pairs.map { ($0.name.value, $0.value.value.description) }) { _, last in last },
            set: Dictionary(set.map { ($0.name.value, $0.value.value.json) }) { _, last in last },
            keys: try options.keyRule, keepKeyAs: options["keep_id_as"]?.value.description)
    }
}

extension Options {
    fileprivate var keyRule: Mapping.KeyRule {
        get throws {
            guard let given = self["ids"] else { return .keep }
            guard let rule = Mapping.KeyRule(rawValue: given.value.description) else {
                let known = Mapping.KeyRule.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure("E0317", "'\(given.value)' cannot stand here", at: given.span, help: ["known are \(known)"])
            }
            return rule
        }
    }

    /// A size, as `64MB` or a number of bytes.
    func size(_ name: String) throws -> Int? {
        guard let given = self[name] else { return nil }
        if case .quantity(let quantity) = given.value, quantity.kind == .size { return Int(quantity.amount) }
        return try number(name)
    }

    func number(_ name: String) throws -> Int? {
        guard let given = self[name] else { return nil }
        return try given.reading("a whole number above 0") { value in
            value.integer.flatMap { $0 > 0 ? Int(exactly: $0) : nil }
        }
    }

    func isYes(_ name: String) throws -> Bool {
        guard let given = self[name] else { return false }
        return try given.reading("yes or no", \.truth)
    }
}

extension Tuning {
    fileprivate init(_ options: Options) throws {
        self.init()
        page.records = try options.number("batch") ?? page.records
        page.bytes = try options.size("batch_bytes") ?? page.bytes
        parallel = try options.number("parallel") ?? parallel
        memory = try options.size("memory") ?? memory
        rate = try options.number("rate")
        rejects = options["rejects"]?.value.description
    }
}

/// The names of targets.
private enum Naming {
    /// What `*` matched takes its place in the target's name.
    static func target(_ target: Located<Reference>, pattern: String, matching name: String) throws -> String {
        guard let wanted = target.value.name else { return name }
        guard wanted.contains("*") else {
            guard !Pattern.isPattern(pattern) else {
                throw Failure(
                    "E0903", "several collections cannot become one", at: target.span,
                    help: ["write * in the target: it repeats what the source's * matched"])
            }
            return wanted
        }
        let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return wanted.replacing("*", with: name) }
        return wanted.replacing("*", with: name.dropFirst(parts[0].count).dropLast(parts[1].count))
    }
}
