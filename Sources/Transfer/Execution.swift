import Glibc
import JSON
import Model

/// One carrying out of a plan file, over all its collections and all its runs, for people who look later.
///
/// Where each collection stands is in its job's journal; here is only which jobs belong together.
package struct Execution: Sendable {
    package struct Step: Sendable {
        package var source: Site
        package var target: Site
        package var fingerprint: String
        package var job: String?
        /// Why it failed, and what became of what it had written.
        package var problem: String?
    }

    package let id: String
    package let path: String
    /// The plan file.
    package var plan: String
    package let started: Int64
    package var finished: Int64?
    /// How long all its runs have taken.
    package var seconds = 0.0
    package var runs = 0
    package var backups: [JSONValue] = []
    /// What each copy came to, of all runs.
    package var copies: [JSONValue] = []
    package var problem: String?
    /// Whether the targets were looked at when all was done, and were as they should be.
    package var isValidated = false
    package var steps: [Step]
    /// How many records its targets held before it began, by their name.
    package var held: [String: Int] = [:]

    private var fingerprint: String { Execution.fingerprint(steps.map(\.fingerprint)) }

    private static func fingerprint(_ parts: [String]) -> String {
        Checksum.hexadecimal(Array(parts.sorted().joined(separator: "\n").utf8), count: 16)
    }

    /// The execution of these plans that goes on, or a new one, which is not on disk yet.
    package static func of(_ plans: [Plan], named plan: String, in home: String) -> Execution {
        let wanted = fingerprint(plans.map(\.context.fingerprint))
        if var known = all(in: home).first(where: { $0.fingerprint == wanted }) {
            (known.plan, known.finished, known.problem) = (plan, nil, nil)
            return known
        }
        let id = String(UInt64.random(in: 0x10_0000_0000..<0x100_0000_0000), radix: 16)
        let steps = plans.map {
            Step(source: $0.context.source, target: $0.context.target, fingerprint: $0.context.fingerprint)
        }
        return Execution(
            id: id, path: "\(home)/executions/\(id).json", plan: plan, started: Timestamp.now, steps: steps)
    }

    /// All of them, newest first.
    package static func all(in home: String) -> [Execution] {
        let folder = home + "/executions"
        return JobFolder.names(in: folder).filter { $0.hasSuffix(".json") }
            .compactMap { Execution(id: String($0.dropLast(5)), path: "\(folder)/\($0)") }
            .sorted { ($0.started, $0.id) > ($1.started, $1.id) }
    }

    /// The one whose id begins like this; nil if there is none, or more than one.
    package static func find(_ id: String, in home: String) -> Execution? {
        let found = all(in: home).filter { $0.id == id || id.count >= 3 && $0.id.hasPrefix(id) }
        return found.count == 1 ? found[0] : nil
    }

    package func save() throws(JobError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        try JobFolder.makeFolder(String(path[..<slash]))
        try ReplacedFile.write(json.indented() + "\n", to: path)
    }
}

extension Execution {
    private var json: JSONValue {
        [
            "plan": .string(plan), "started": .integer(started), "finished": .optional(finished.map { Int($0) }),
            "seconds": .double(seconds), "runs": .integer(Int64(runs)), "backups": .array(backups),
            "copies": .array(copies),
            "problem": .optional(problem), "validated": .bool(isValidated), "steps": .array(steps.map(\.json)),
            "held": .object(held.mapValues { .integer(Int64($0)) }),
        ]
    }

    private init?(id: String, path: String) {
        guard let bytes = JobFolder.bytes(of: path), let json = try? JSONValue(bytes),
            let plan = json["plan"]?.string, let started = json["started"]?.integer,
            let steps = json["steps"]?.array?.compactMap(Step.init(json:))
        else { return nil }
        self.init(id: id, path: path, plan: plan, started: started, steps: steps)
        finished = json["finished"]?.integer
        seconds = json["seconds"]?.double ?? 0
        runs = Int(json["runs"]?.integer ?? 0)
        backups = json["backups"]?.array ?? []
        copies = json["copies"]?.array ?? []
        problem = json["problem"]?.string
        isValidated = json["validated"]?.bool ?? false
        held = json["held"]?.dictionary?.compactMapValues { $0.integer.map { Int($0) } } ?? [:]
    }
}

extension Execution.Step {
    fileprivate var json: JSONValue {
        [
            "source": source.json, "target": target.json, "fingerprint": .string(fingerprint), "job": .optional(job),
            "problem": .optional(problem),
        ]
    }

    fileprivate init?(json: JSONValue) {
        guard let source = Site(json: json["source"]), let target = Site(json: json["target"]),
            let fingerprint = json["fingerprint"]?.string
        else { return nil }
        self.init(
            source: source, target: target, fingerprint: fingerprint, job: json["job"]?.string,
            problem: json["problem"]?.string)
    }
}
