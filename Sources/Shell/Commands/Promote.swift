import JSON
import Language
import Model
import Transfer

extension Command {
    static let promote = Command(
        Signature(
            "promote", .prove, "Make a staged copy live", [Promoting.target.form],
            clauses: [Clause("retain", [Promoting.retain.form], Promoting.retain.slot.summary)],
            details: """
                What `copy … staged` has written takes the place of the collection, in one step; a pattern or a connection
                means all that is staged there. What was live is kept as NAME_previous, what was kept before it as
                NAME_previous_2 and so on, and `retain` says how many stay. It refuses what is unfinished, or differed from its
                source when it was verified. What is live already is left as it is.
                """,
            examples: [
                Example("promote db:notes yes", "One collection."),
                Example("promote db:* retain 3 yes", "All of them."),
            ], destroys: { _ in true }), effect: .writes
    ) { call, session in
        try await session.planPromotion(call)
    } run: { call, session in
        try await session.promote(call)
    }

    static let rollback = Command(
        Signature(
            "rollback", .prove, "Undo the last staged copy, or the last step of a pointer", [Promoting.undone.form],
            details: """
                If it was promoted, the generation before it becomes live again, and the one that was live lies beside it as
                NAME_staging until something else is staged. If it was not promoted, its staging is removed. What is rolled
                back already is left as it is. A pointer's URI means the pointer: it says again what it said before.
                """,
            examples: [
                Example("rollback db:notes yes", "Back to what was live before."),
                Example("rollback file://./current yes", "A pointer, back to what it said before."),
            ], destroys: { _ in true }),
        effect: .writes
    ) { call, session in
        if let pointer = try Promoting.pointer(call) {
            return try await session.showIntents(call) { try await session.rollBack(pointer: pointer, call) }
        }
        try await session.planRollback(call)
    } run: { call, session in
        if let pointer = try Promoting.pointer(call) { return try await session.rollBack(pointer: pointer, call) }
        try await session.rollBack(call)
    }
}

private enum Promoting {
    static let target = Parameter<Located<Reference>>.target("target", "The collections as they are called when live")
    static let undone = Parameter<Located<Value>>(
        "target", .targetOrURI, "The collections as they are called when live, or a pointer"
    ) { given throws(Diagnostic) in try given.single() }

    /// What is meant, if it is a pointer.
    static func pointer(_ call: Call) throws -> Located<String>? {
        let given = try call[undone]
        if case .uri(let uri) = given.value { return Located(uri, at: given.span) }
        guard case .text(let text) = given.value, text.contains("://") else { return nil }
        return Located(text, at: given.span)
    }

    static let retain = Parameter<Int>.number("retain", "How many earlier generations stay; 1")
}

// MARK: promote

extension Session {
    /// A staged copy, and the step that makes it live.
    private typealias Promotion = (copy: StagedCopy, move: Move?)

    fileprivate func planPromotion(_ call: Call) async throws {
        let set = try await promotable(call)
        var rows: [JSONValue] = []
        for (copy, move) in try await promotions(set, call) {
            let old = move?.from == nil ? "" : ", \(copy.name) becomes \(GenerationName.previous(copy.name))"
            let course = try await Shell.blaming(set.span) {
                try await set.store.generations?.course(of: copy.name)
            }
            let how = course.map { "; \($0)" } ?? ""
            rows.append(
                Self.row(
                    set, copy,
                    move == nil ? "is promoted already" : "\(copy.staging) becomes \(copy.name)\(old)\(how)"))
        }
        try await answer(call) { try await $0.print(rows: rows, columns: ["collection", "would"]) }
    }

    private static func row(_ set: StagedSet, _ copy: StagedCopy, _ would: String) -> JSONValue {
        ["collection": .string("\(set.connection):\(copy.name)"), "would": .string(would)]
    }

    fileprivate func promote(_ call: Call) async throws {
        let kept = try retained(call)
        var set = try await promotable(call)
        let locks = try hold(&set)
        defer { withExtendedLifetime(locks) {} }
        let moves = try await promotions(set, call).map(\.move)
        try await confirmStep(
            call, "promote", set.copies.indices.filter { moves[$0] != nil }.map { set.copies[$0].name })
        try await swap(moves.compactMap(\.self), in: set)
        for place in set.copies.indices {
            let standing = try await set.copies[place].standing(in: set.store)
            guard standing == .live else {
                throw Failure("E0502", "\(set.copies[place].name) is not what was promoted", at: set.span)
            }
            try await set.copies[place].recordPromoted(in: set.store, holding: locks[place])
            try await tellPromoted(set, set.copies[place], moves[place], call)
            if moves[place] != nil {
                _ = try await removeGenerations(of: set.place(set.copies[place].name), beyond: kept)
            }
        }
    }

    private func retained(_ call: Call) throws -> Int {
        let kept = try call.optional(Promoting.retain) ?? 1
        guard kept > 0 else {
            throw Failure(
                "E0310", "one generation must stay, or there is no way back", at: call.span(of: Promoting.retain),
                help: ["`prune generations … keep 0` removes it when it is not needed any more"])
        }
        return kept
    }

    private func tellPromoted(_ set: StagedSet, _ copy: StagedCopy, _ move: Move?, _ call: Call) async throws {
        let name = set.place(copy.name).description
        guard let move else { return say(call, "\(name) is already promoted") }
        let count = try await set.place(copy.name).countForChange()
        let old = move.from == nil ? "" : "; what was live is \(move.keepingOldAs ?? copy.staging)"
        let proof = copy.state.isVerified == true ? "verified" : "not verified"
        say(call, "\(name) is promoted: \(Counted.records(count)), \(proof)\(old)")
    }

    /// What is to be live; of several those that were given up are passed over.
    private func promotable(_ call: Call) async throws -> StagedSet {
        let reference = try call[Promoting.target]
        var set = try await stagedCopies(reference)
        if Pattern.isPattern(reference.value.name ?? "*") {
            set.copies.removeAll { $0.state.isRolledBack || $0.state.isCancelled }
        }
        guard set.copies.isEmpty else { return set }
        throw Failure(
            "E0907", "nothing is staged for \(reference.value)", at: reference.span,
            help: ["`copy … to \(reference.value) staged` does it"])
    }

    private func promotions(_ set: StagedSet, _ call: Call) async throws -> [Promotion] {
        try await blaming(set, call) {
            var promotions: [Promotion] = []
            for copy in set.copies { promotions.append((copy, try await copy.promotion(in: set.store))) }
            return promotions
        }
    }
}

// MARK: rollback

extension Session {
    fileprivate func planRollback(_ call: Call) async throws {
        let set = try await undoable(call)
        var rows: [JSONValue] = []
        for (copy, step) in zip(set.copies, try await rollbacks(set, call)) {
            let would =
                switch step {
                case .done: "is rolled back already"
                case .remove: "\(copy.staging) is removed"
                case .swap: "the generation before becomes \(copy.name), which becomes \(copy.staging)"
                }
            rows.append(Self.row(set, copy, would))
        }
        try await answer(call) { try await $0.print(rows: rows, columns: ["collection", "would"]) }
    }

    fileprivate func rollBack(_ call: Call) async throws {
        var set = try await undoable(call)
        guard !set.copies.isEmpty else { return say(call, "nothing to roll back") }
        let locks = try hold(&set)
        defer { withExtendedLifetime(locks) {} }
        let steps = try await rollbacks(set, call)
        try await confirmStep(
            call, "roll back", set.copies.indices.filter { steps[$0].isOpen }.map { set.copies[$0].name })
        for (place, step) in steps.enumerated() {
            // Otherwise a crash behind the swap would leave no sign of what was undone.
            if case .swap = step { try await set.copies[place].recordPromoted(in: set.store, holding: locks[place]) }
        }
        try await swap(steps.compactMap(\.move), in: set)
        for (place, step) in steps.enumerated() {
            if case .remove(let identity) = step {
                try await set.place(set.copies[place].staging).use { try await $0.drop($1, being: identity) }
            }
            if !set.copies[place].state.isRolledBack {
                try await set.copies[place].record([.rolledBack], holding: locks[place])
            }
            tellRolledBack(set, set.copies[place], step, call)
        }
    }

    private func tellRolledBack(_ set: StagedSet, _ copy: StagedCopy, _ step: StagedCopy.Rollback, _ call: Call) {
        let name = set.place(copy.name).description
        switch step {
        case .done:
            say(
                call,
                "\(name) is \(copy.state.isPromoted ? "already rolled back" : "as it was; nothing staged is left")")
        case .remove: say(call, "\(name) is as it was; \(copy.staging) is removed")
        case .swap: say(call, "\(name) is what it was before; what was promoted is \(copy.staging)")
        }
    }

    /// What can be undone: a staging that was removed before it was promoted has changed nothing.
    private func undoable(_ call: Call) async throws -> StagedSet {
        let reference = try call[Promoting.target]
        let set = try await stagedCopies(reference) { !$0.isDiscarded }
        guard set.copies.isEmpty, !Pattern.isPattern(reference.value.name ?? "*") else { return set }
        guard try await stagedCopies(reference).copies.isEmpty else { return set }
        throw Failure(
            "E0907", "nothing was ever staged for \(reference.value)", at: reference.span,
            help: ["rollback undoes `copy … staged` and `promote`"])
    }

    private func rollbacks(_ set: StagedSet, _ call: Call) async throws -> [StagedCopy.Rollback] {
        try await blaming(set, call) {
            var steps: [StagedCopy.Rollback] = []
            for copy in set.copies { steps.append(try await copy.rollback(in: set.store)) }
            return steps
        }
    }
}

extension StagedCopy.Rollback {
    fileprivate var isOpen: Bool { if case .done = self { false } else { true } }
    fileprivate var move: Move? { if case .swap(let move) = self { move } else { nil } }
}

// MARK: Both

extension Session {
    /// The locks of all jobs: none of them may run, or be promoted elsewhere, meanwhile.
    private func hold(_ set: inout StagedSet) throws -> [JobLock] {
        do throws(JobError) {
            let locks = try set.copies.map { copy throws(JobError) in try copy.folder.lock() }
            for place in set.copies.indices { try set.copies[place].refresh() }
            return locks
        } catch { throw Failure(error, at: set.span) }
    }

    private func swap(_ moves: [Move], in set: StagedSet) async throws {
        guard !moves.isEmpty, let generations = set.store.generations else { return }
        try await Shell.blaming(set.span) { try await generations.swap(moves) }
    }

    private func confirmStep(_ call: Call, _ verb: String, _ names: [String]) async throws {
        guard !names.isEmpty else { return }
        let name = names.count == 1 ? names[0] : try connectionName(call[Promoting.target]).value
        try await confirm(call, "\(verb) \(names.joined(separator: ", "))", byTyping: name)
    }

    private func blaming<Result>(
        _ set: StagedSet, _ call: Call, _ body: () async throws -> Result
    ) async throws -> Result {
        do { return try await body() } catch let error as JobError { throw Failure(error, at: set.span) } catch let
            error as StoreError
        { throw Failure(error, at: set.span) }
    }
}
