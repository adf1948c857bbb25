import Language
import Model
import Transfer

extension Session {
    /// Two records of one key would become one record: they give way to each other as `collisions` says, or are refused
    /// before anything is written.
    func settleCollisions(_ tasks: inout [CopyTask], at span: Span) async throws {
        for (_, places) in Dictionary(grouping: tasks.indices, by: { tasks[$0].request.target }) {
            let together = places.map { tasks[$0] }
            let rule = together[0].request.mapping.collisions
            guard rule != .fail, mayCollide(together) else { continue }
            let keys = try await blaming(span) {
                do { return try await collisions(of: together).givingWay(by: rule) } catch let error as JobError {
                    throw Failure(error, at: span)
                }
            }
            for (place, keys) in zip(places, keys) where !keys.isEmpty {
                let shape = try await tasks[place].source.use { try await $0.describe($1).collection }
                tasks[place].request.mapping.giveWay(keys, of: shape)
                warn(of: tasks[place].request)
            }
        }
        try await refuseCollisions(tasks, at: span)
    }

    func refuseCollisions(_ tasks: [CopyTask], at span: Span) async throws {
        for (_, together) in Dictionary(grouping: tasks, by: \.request.target) where mayCollide(together) {
            let pairs = try await blaming(span) { try await collisions(of: together).find() }
            guard let pair = pairs.first else { continue }
            throw refusal(pair, of: together, total: pairs.reduce(0) { $0 + $1.count }, at: span)
        }
    }

    private func mayCollide(_ tasks: [CopyTask]) -> Bool {
        let rules = Set(tasks.map(\.request.mapping.keys))
        return rules.contains(.hash) || tasks.count > 1 && rules.contains(.keep)
    }

    private func collisions(of tasks: [CopyTask]) -> KeyCollisions {
        KeyCollisions(
            of: tasks.map {
                KeyCollisions.Source($0.source.store, $0.source.name, $0.request.filter, $0.request.mapping)
            })
    }

    private func warn(of request: CopyRequest) {
        let rule = request.mapping.collisions.rawValue
        messages.warn(
            "\(request.source): \(request.mapping.givingWayWords), as other sources have the same keys (collisions=\(rule))"
        )
    }

    private func refusal(_ pair: KeyCollisions.Pair, of tasks: [CopyTask], total: Int, at span: Span) -> Failure {
        let (first, second) = (tasks[pair.first].source.description, tasks[pair.second].source.description)
        let more = total > 1 ? "; \(total) keys collide in all" : ""
        guard first != second else {
            return Failure(
                "E0909", "key \(pair.example) of \(first) becomes a number that another key becomes, too" + more,
                at: span,
                help: ["say `with ids=uuid5, keep_id_as=FIELD`"])
        }
        return Failure(
            "E0909", "key \(pair.example) is in \(first) and in \(second)" + more, at: span,
            help: [
                "say `with ids=uuid5, keep_id_as=FIELD`: keys are then made of collection and key",
                "or say what gives way: `with collisions=rekey`, `first` or `last`",
            ])
    }
}

extension Mapping {
    /// What becomes of the records that give way.
    var givingWayWords: String {
        let (one, many) = collisions == .rekey ? ("gets a new key", "get new keys") : ("is left out", "are left out")
        return "\(Counted.records(givingWayCount)) \(givingWayCount == 1 ? one : many)"
    }
}
