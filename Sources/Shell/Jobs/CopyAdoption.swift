import Language
import Model
import Transfer

/// What copies take over from an earlier run of the same statement.
extension Session {
    /// `now()` is one moment for a statement and all that goes on with it.
    func adoptMoments(_ tasks: inout [CopyTask], _ call: Call) throws {
        guard tasks.contains(where: { !$0.request.mapping.moments.isEmpty }), !call.has("fresh") else { return }
        let plans = try tasks.compactMap { try begun($0)?.plan() }
        guard let earlier = plans.last?.context.mapping else { return }
        for place in tasks.indices {
            for field in tasks[place].request.mapping.moments {
                tasks[place].request.mapping.set[field] = earlier.set[field]
            }
        }
    }

    /// A merge that was begun goes on, whichever of its sources is the first by now: what the others have brought stays.
    func adopt(_ tasks: inout [CopyTask], _ call: Call) throws {
        guard !call.has("fresh") else { return }
        let jobs = try tasks.map { try begun($0) }
        let states = try jobs.map { try $0?.state() }
        guard states.contains(where: { $0?.identity != nil }), states.contains(where: { $0?.completion == nil })
        else { return }
        for place in tasks.indices where states[place]?.isUnfinished != true {
            tasks[place].request.existing = .append
        }
        var taken = Set(try jobs.compactMap { try $0?.plan().context.mapping.number })
        for place in tasks.indices where jobs[place] == nil {
            var number = 0
            while !taken.insert(number).inserted { number += 1 }
            tasks[place].request.mapping.tellApart(tasks[place].source.name, number)
        }
    }

    private func begun(_ task: CopyTask) throws -> JobFolder? {
        JobFolder.asked(task.request.fingerprint, in: invocation.home)
    }
}

extension Expression {
    /// Whether it is another one each time it is evaluated.
    var isOfTheMoment: Bool { parts.contains { if case .call("now", _) = $0.kind { true } else { false } } }
}

extension Session {
    /// The field that tells tenants apart: the one that is named, or the first that gets a part of the source's name.
    func tenant(_ call: Call, captured: [String]) throws -> String? {
        if let named = try call.optional(Copying.options)?["tenant"] { return try named.name }
        return try call.optional(Copying.set)?.first { pair in
            if case .variable(let name) = pair.value.kind { captured.contains(name) } else { false }
        }?.name.value
    }
}
