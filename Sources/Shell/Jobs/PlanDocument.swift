import JSON
import Language
import Model
import Transfer

/// Several plans in one file, headed by what a person wants to know before it is applied.
struct PlanDocument {
    private let plans: [Plan]
    private let verb: String
    private let order: String

    init(_ plans: [Plan], of call: Call) {
        self.plans = plans
        verb = call.parsed.signature.name
        let asked = try? call.optional(Copying.order)?.value
        order = asked ?? (call.isMerge ? "size" : "as the store lists them")
    }

    var json: JSONValue {
        let bytes = plans.reduce(0) { $0 + $1.bytes }
        let seconds = plans.compactMap(\.estimate).reduce(0) { $0 + $1.inSeconds }
        return [
            "plan": .string(verb), "made_at": .string(Timestamp.text(Timestamp.now)), "order": .string(order),
            "collections": .array(plans.map(row)), "batch": batch,
            "conflicts": .array(plans.flatMap { conflicts($0) + collisions($0) }),
            "records": .integer(Int64(plans.reduce(0) { $0 + $1.records })),
            "estimate_s": .double(seconds.rounded(to: 1)),
            "estimate_bytes": .integer(Int64(bytes)), "disk_with_backup": .integer(Int64(2 * bytes)),
            "plans": .array(plans.map(\.json)),
        ]
    }

    private func row(_ plan: Plan) -> JSONValue {
        let mapping = plan.context.mapping
        return [
            "source": .string("\(plan.context.source)"), "target": .string("\(plan.context.target)"),
            "records": .integer(Int64(plan.records)), "bytes": .integer(Int64(plan.bytes)),
            "estimate_s": plan.estimate.map { .double($0.inSeconds.rounded(to: 1)) } ?? .null,
            "ids": .string(mapping.keys.rawValue), "set": .object(mapping.set), "losses": .integer(Int64(plan.losses)),
        ]
    }

    /// How much goes in one batch, and what else could be chosen.
    private var batch: JSONValue {
        guard let plan = plans.max(by: { $0.bytesOfRecord < $1.bytesOfRecord }) else { return .null }
        let vector = plan.context.shape.vectorBytes
        let payload = max(0, plan.bytesOfRecord - vector)
        let memory = plan.tuning.memory
        return [
            "records": .integer(Int64(plan.tuning.page.records)), "bytes": .integer(Int64(plan.tuning.page.bytes)),
            "parallel": .integer(Int64(plan.tuning.parallel)), "memory": .integer(Int64(memory)),
            "vector_bytes": .integer(Int64(vector)), "payload_bytes": .integer(Int64(payload)),
            "by_memory": .integer(Int64(Tuning.batch(memory: memory, vectorBytes: vector, payloadBytes: payload))),
            "presets": .object(Preset.all.map { .init($0.name, .string($0.summary)) }),
        ]
    }

    /// Records whose keys other sources have too, and what becomes of them.
    private func collisions(_ plan: Plan) -> [JSONValue] {
        let mapping = plan.context.mapping
        guard mapping.givingWayCount > 0 else { return [] }
        return [
            [
                "kind": "keys", "source": .string("\(plan.context.source)"),
                "target": .string("\(plan.context.target)"),
                "what": "keys", "detail": .string(mapping.givingWayWords),
                "strategy": .string(mapping.collisions.rawValue),
                "strategies": .array(CollisionRule.allCases.map { .string($0.rawValue) } + ["ids=uuid5"]),
            ]
        ]
    }

    /// What would stop `apply`, and what to do about it.
    private func conflicts(_ plan: Plan) -> [JSONValue] {
        plan.verdicts.filter { $0.grade >= .lossy }.map { verdict in
            let isLoss = verdict.grade == .lossy
            let strategies =
                (isLoss ? ["say `accepting losses`"] : [])
                + ["leave it out with `only name != '\(plan.context.source.collection)'`", "choose another target"]
            return [
                "kind": .string(isLoss ? "loss" : "schema"), "source": .string("\(plan.context.source)"),
                "target": .string("\(plan.context.target)"), "what": .string(verdict.subject),
                "detail": .string(verdict.detail), "strategy": "stop",
                "strategies": .array(strategies.map(JSONValue.string)),
            ]
        }
    }
}

extension Plan {
    fileprivate var bytesOfRecord: Int { records == 0 ? 0 : bytes / records }
}
