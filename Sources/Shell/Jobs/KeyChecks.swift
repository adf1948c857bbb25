import Language
import Model
import Transfer

extension Session {
    /// Two records of one key would become one record: that is found before anything is written.
    func refuseCollisions(_ tasks: [CopyTask], at span: Span) async throws {
        for (_, together) in Dictionary(grouping: tasks, by: \.request.target) {
            let rules = Set(together.map(\.request.mapping.keys))
            guard rules.contains(.hash) || together.count > 1 && rules.contains(.keep) else { continue }
            let sources = together.map {
                KeyCollisions.Source($0.source.store, $0.source.name, $0.request.filter, $0.request.mapping)
            }
            let pairs = try await blaming(span) { try await KeyCollisions(of: sources).find() }
            guard let pair = pairs.first else { continue }
            throw refusal(pair, of: together, total: pairs.reduce(0) { $0 + $1.count }, at: span)
        }
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
            help: ["say `with ids=uuid5, keep_id_as=FIELD`: keys are then made of collection and key"])
    }
}
