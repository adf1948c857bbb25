import JSON
import Language
import Model
import Transfer

/// A copy of one collection that was asked for.
struct CopyTask {
    var request: CopyRequest
    var source: Place
    var target: Place

    /// What is written: the target, or what is staged for it.
    var written: Place {
        Place(
            connection: target.connection, name: request.staging ?? target.name, store: target.store, span: target.span)
    }
}

extension Session {
    /// One request for each collection that the source means.
    func copyTasks(_ call: Call) async throws -> [CopyTask] {
        let (source, target) = (try call[Copying.source], try call[Copying.target])
        let pattern = Captures(source.value.name ?? "*")
        try Naming.check(target, isSeveral: Pattern.isPattern(source.value.name ?? "*"))
        return try await tasks(call, from: source) { place in
            let name = Naming.target(target.value.name, pattern.match(place.name) ?? [:]) ?? place.name
            return Located(Reference(connection: target.value.connection, name: name), at: target.span)
        }
    }

    /// The same for a merge, in which all have one target.
    func mergeTasks(_ call: Call) async throws -> [CopyTask] {
        let target = try call[Merging.target]
        var tasks = try await tasks(call, from: call[Copying.source]) { _ in target }
        for place in tasks.indices {
            if place > 0 { tasks[place].request.existing = .append }
            tasks[place].request.mapping.tellApart(tasks[place].source.name, place)
        }
        try adopt(&tasks, call)
        return tasks
    }

    private func tasks(
        _ call: Call, from source: Located<Reference>, _ target: (Place) throws -> Located<Reference>
    ) async throws -> [CopyTask] {
        let filter = try await filter(call.optional(Shared.filter))
        moment = Timestamp.now
        defer { moment = nil }
        var tasks: [CopyTask] = []
        for (place, captured) in try await chosen(call, from: source) {
            _ = try await place.use { try await $0.describe($1) }
            let before = variables
            defer { variables = before }
            for (name, value) in captured { variables[name] = .text(value) }
            let other = try await self.place(target(place))
            var request = try await request(call, place, other, filter)
            request.tenant = try tenant(call, captured: captured.keys.sorted())
            try refuseSelf(request, at: other.span)
            tasks.append(CopyTask(request: request, source: place, target: other))
        }
        guard !tasks.isEmpty else {
            throw Failure("E0501", "no collection fits \(source.value)", at: source.span)
        }
        try adoptMoments(&tasks, call)
        return tasks
    }

    private func request(_ call: Call, _ source: Place, _ target: Place, _ filter: Filter?) async throws -> CopyRequest
    {
        try refuseContradiction(call)
        try JobFiles.check(call.optional(Copying.options) ?? Options())
        var request = CopyRequest(
            source: site(source), target: site(target), staging: try await staging(call, target), filter: filter,
            mapping: try await mapping(call), including: try parts(Copying.including, call).map(\.rawValue),
            excluding: try parts(Copying.excluding, call).map(\.rawValue),
            existing: try call.optional(Copying.policy).flatMap { ExistingPolicy(rawValue: $0.value) } ?? .fail,
            tuning: try Tuning(call.optional(Copying.options) ?? Options()))
        request.limit = try call.optional(Copying.limit)
        return request
    }

    private func parts(_ clause: Parameter<[Located<Value>]>, _ call: Call) throws -> [Part] {
        try (call.optional(clause) ?? []).map { word in
            guard let part = Part(rawValue: word.value.description.lowercased()) else {
                throw Failure(
                    "E0317", "'\(word.value)' cannot stand here", at: word.span,
                    help: ["known are \(Part.allCases.map(\.rawValue).joined(separator: ", "))"])
            }
            return part
        }
    }

    private func refuseContradiction(_ call: Call) throws {
        let parts = Part.brought(
            including: try self.parts(Copying.including, call).map(\.rawValue),
            excluding: try self.parts(Copying.excluding, call).map(\.rawValue))
        let span = try call.optional(Copying.including).map { _ in call.span(of: Copying.including) }
        if !parts.contains(.schema), call.has("staged") || call.parsed.word(in: "if exists") == "replace" {
            throw Failure(
                "E0902", "a collection that is made anew needs its schema", at: span ?? call.verb,
                help: ["say `including schema, data`"])
        }
        if call.has("limit"), try call.optional(Copying.options)?.isYes("verify") == true {
            throw Failure(
                "E0902", "records that `limit` leaves behind would be missing in the comparison", at: call.verb,
                help: ["leave out `verify=yes`, or choose the records with `where`"])
        }
    }

    /// The name to write in the target's stead, if the copy is staged.
    private func staging(_ call: Call, _ target: Place) async throws -> String? {
        guard call.has("staged") else { return nil }
        guard let generations = target.store.generations else { throw cannotStage(at: target.span) }
        if try call.optional(Copying.policy)?.value == "append" {
            throw Failure(
                "E0902", "a staged copy makes a new collection, to which nothing is appended",
                at: call.span(of: Copying.policy))
        }
        if try parts(Copying.including, call).contains(.aliases) {
            throw Failure(
                "E0902", "a staged copy brings no aliases: those of the target stay with its name",
                at: call.span(of: Copying.including), help: ["make new ones with `alias` once it is promoted"])
        }
        return try await target.use { _, name in try await generations.staging(for: name) }
    }

    func site(_ place: Place) -> Site {
        Site(connection: place.connection, endpoint: endpoint(of: place.connection), collection: place.name)
    }

    private func refuseSelf(_ request: CopyRequest, at span: Span) throws {
        guard request.source.endpoint == request.target.endpoint,
            request.source.collection == request.target.collection, request.staging == nil
        else { return }
        throw Failure("E0902", "source and target are the same collection", at: span)
    }

    /// The mapping that a line asks for.
    func mapping(_ call: Call) async throws -> Mapping {
        let options = try call.optional(Copying.options) ?? Options()
        var rename: [String: String] = [:]
        for pair in try call.optional(Copying.rename) ?? [] {
            rename[pair.name.value] = try await value(of: pair.value).description
        }
        var set: [String: JSONValue] = [:]
        let pairs = try call.optional(Copying.set) ?? []
        for pair in pairs { set[pair.name.value] = try await value(of: pair.value).json }
        var mapping = Mapping(
            fields: try call.optional(Copying.fields)?.map { try $0.name }, rename: rename, set: set,
            moments: Set(pairs.filter { $0.value.isOfTheMoment }.map(\.name.value)), keys: try options.keyRule,
            keepKeyAs: options["keep_id_as"]?.value.description, norms: options["norms"]?.value.description)
        mapping.collisions = try options.collisionRule
        return mapping
    }
}

extension Options {
    fileprivate var keyRule: KeyRule {
        get throws {
            guard let given = self["ids"] else { return .keep }
            guard let rule = KeyRule(rawValue: given.value.description) else {
                let known = KeyRule.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(
                    "E0317", "'\(given.value)' cannot stand here", at: given.span, help: ["known are \(known)"])
            }
            return rule
        }
    }

    fileprivate var collisionRule: CollisionRule {
        get throws {
            guard let given = self["collisions"] else { return .fail }
            let rule = CollisionRule(rawValue: given.value.description)
            let hasNewKeys = try keyRule != .keep
            guard let rule, rule != .rekey || !hasNewKeys else {
                let known = CollisionRule.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(
                    "E0317", "'\(given.value)' cannot stand here", at: given.span,
                    help: [rule == nil ? "known are \(known)" : "new keys do not collide: leave it out"])
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
        if let name = options["preset"] { take(try name.preset) }
        page.records = try options.number("batch") ?? page.records
        page.bytes = try options.size("batch_bytes") ?? page.bytes
        parallel = try options.number("parallel") ?? parallel
        memory = try options.size("memory") ?? memory
        rate = try options.number("rate")
        bandwidth = try options.size("bandwidth")
        flushEvery = try options.number("flush_every")
        rejects = options["rejects"]?.value.description
        state = options["state"].map { Folders.real($0.value.description) }
    }
}

extension Located<Value> {
    fileprivate var preset: Preset {
        get throws {
            guard let preset = Preset.all.first(where: { $0.name == value.description.lowercased() }) else {
                let known = Preset.all.map(\.name).joined(separator: ", ")
                throw Failure("E0317", "'\(value)' cannot stand here", at: span, help: ["known are \(known)"])
            }
            return preset
        }
    }
}

/// The names of targets.
private enum Naming {
    /// What the source's pattern captured takes its place in the target's name; nil is the same name.
    static func target(_ wanted: String?, _ captured: [String: String]) -> String? {
        wanted.map { Captures.fill($0, captured) }
    }

    static func check(_ target: Located<Reference>, isSeveral: Bool) throws {
        guard isSeveral, let name = target.value.name, !Pattern.isPattern(name) else { return }
        throw Failure(
            "E0903", "several collections cannot become one", at: target.span,
            help: ["write * or a <capture> in the target, or use `merge … into`"])
    }
}
