import JSON
import Language
import Model
import Synchronization

extension Session {
    /// Runs one command with its prefixes.
    func run(_ parsed: ParsedCall) async throws {
        guard let command = Command.all.first(where: { $0.signature.name == parsed.signature.name }) else {
            throw Failure("E0202", "unknown command '\(parsed.verb.text)'", at: parsed.verb)
        }
        try await run(command, parsed, parsed.prefixes[...])
        if command.effect != .none { names.refresh() }
    }

    private func run(_ command: Command, _ parsed: ParsedCall, _ prefixes: ArraySlice<Prefix>) async throws {
        switch prefixes.first {
        case .plan?: try await plan(command, parsed)
        case .time?:
            let start = ContinuousClock.now
            try await run(command, parsed, prefixes.dropFirst())
            messages.warn("time: \(Elapsed.text(ContinuousClock.now - start))")
        case .watch(let interval)?:
            let every = try await Parameter<Duration>.duration("every", "").read(
                .value(Located(value(of: interval), at: interval.span)))
            while true {
                try await run(command, parsed, prefixes.dropFirst())
                try await Task.sleep(for: every)
            }
        case nil:
            if isDryRun && command.effect != .none { return try await plan(command, parsed) }
            try await perform(command, parsed)
        }
    }

    private func perform(_ command: Command, _ parsed: ParsedCall) async throws {
        let start = ContinuousClock.now
        let call = try await evaluated(parsed)
        if command.effect != .none { try await confirmLocks(at: parsed.verb) }
        let limit = command.signature.name == "wait" ? nil : try call.optional(Universal.timeout)
        do {
            try await within(limit, at: parsed.verb) { session in try await command.run(call, session) }
        } catch {
            let failure = Failure(error, at: parsed.span)
            // What a dry run has only shown is not there to be read.
            guard isDryRun, plannedWrites > 0, ["E0501", "E0907"].contains(failure.diagnostic.code) else { throw error }
            return messages.say("not checked: \(text(of: parsed))")
        }
        if settings.isTimed { messages.say("time: \(Elapsed.text(ContinuousClock.now - start))") }
    }

    /// What a command would do, without doing it.
    private func plan(_ command: Command, _ parsed: ParsedCall) async throws {
        guard command.effect != .none else { return try await performInside(command, parsed) }
        let call = try await evaluated(parsed)
        let isSure = plannedWrites == 0
        if command.effect != .acts, isDryRun { plannedWrites += 1 }
        do { try await show(command, call) } catch {
            // What was only shown before this is not there to be looked at.
            guard !isSure, Failure(error, at: nil).mayComeOfPlanning else { throw error }
            try await echo(call)
            messages.say("not checked: \(text(of: parsed))")
        }
    }

    /// What reads is done; a script that is included has its writes planned.
    private func performInside(_ command: Command, _ parsed: ParsedCall) async throws {
        let before = plannedWrites
        planDepth += 1
        defer {
            planDepth -= 1
            if !isDryRun { plannedWrites = before }
        }
        try await perform(command, parsed)
    }

    private func show(_ command: Command, _ call: Call) async throws {
        if let plan = command.plan { return try await plan(call, self) }
        guard command.effect == .commits else { return try await echo(call) }
        try await showIntents(of: command, call)
    }

    private func echo(_ call: Call) async throws {
        let text = text(of: call.parsed)
        try await answer(call) { try await $0.print(["would": .string(text)], plain: "would \(text)") }
    }

    private func text(of parsed: ParsedCall) -> String { secrets.redacted(parsed.verb.through(parsed.span).text) }

    /// Runs `body`, and cancels it when the time is over.
    private func within(
        _ limit: Duration?, at span: Span, _ body: @escaping @Sendable (isolated Session) async throws -> Void
    ) async throws {
        guard let limit else { return try await body(self) }
        let work = Task { try await body(self) }
        let isLate = Atomic(false)
        let clock = Task {
            try await Task.sleep(for: limit)
            isLate.store(true, ordering: .relaxed)
            work.cancel()
        }
        defer { clock.cancel() }
        do {
            try await withTaskCancellationHandler(operation: { try await work.value }, onCancel: { work.cancel() })
        } catch {
            guard isLate.load(ordering: .relaxed) else { throw error }
            throw Failure("E0702", "not done within \(Elapsed.text(limit))", at: span)
        }
    }

    // MARK: Confirmation

    /// Asks before something is destroyed: the person types its name. Scripts have said `yes`.
    func confirm(_ call: Call, _ what: String, byTyping name: String) async throws {
        if call.has("yes") || invocation.assumesYes { return }
        guard invocation.isInteractive else { throw Failure.unconfirmed(call.parsed) }
        let question = "\(secrets.redacted(what)). Type \(name) to confirm: "
        guard await offPool({ Question.isConfirmed(question, byTyping: name) }) else {
            throw Failure("E0801", "not confirmed, nothing done", at: call.verb, exit: .unconfirmed)
        }
    }
}

extension Failure {
    /// Whether it may be wrong only because what came before was planned and not done: something is not there, or is
    /// there still.
    fileprivate var mayComeOfPlanning: Bool { ["E0501", "E0502", "E0901", "E0907"].contains(diagnostic.code) }

    static func unconfirmed(_ call: ParsedCall) -> Failure {
        Failure(
            Diagnostic(
                "E0801", "\(call.signature.name) destroys something and is not confirmed", at: call.verb,
                label: "needs `yes`", help: ["say `yes` behind it, or call vecsh with --yes"]), .unconfirmed)
    }
}
