import Language
import Model

/// The part of a script that an `on error` or `always` holds for: from its line to the end of its block.
final class Frame {
    var policy: ErrorPolicy
    var endings: [[Statement]] = []

    /// An inner block goes on after errors if the outer does; a handler is run by the block that has it.
    init(inside outer: Frame? = nil) {
        if case .resume? = outer?.policy { policy = .resume } else { policy = .stop }
    }
}

extension Session {
    /// Runs the statements of a whole script; throws where one fails and nothing passes over it.
    package func run(_ statements: [Statement]) async throws { try await run(block: statements, inside: nil) }

    func run(block statements: [Statement], inside outer: Frame?) async throws {
        let frame = Frame(inside: outer)
        do {
            try await run(statements, in: frame)
        } catch {
            await runEndings(of: frame, after: error)
            throw error
        }
        if let problem = await endings(of: frame) { throw problem }
    }

    /// The blocks that run on every exit; what fails in them is shown beside the error that was there before.
    private func runEndings(of frame: Frame, after error: any Error) async {
        if let problem = await endings(of: frame), !(problem is ReportedFailure) {
            messages.report(Failure(problem, at: nil).diagnostic)
        }
    }

    /// Runs them all, also after Ctrl-C, and answers the first error.
    private func endings(of frame: Frame) async -> (any Error)? {
        var problem: (any Error)?
        recordDepth += 1
        defer { recordDepth -= 1 }
        for ending in frame.endings.reversed() {
            // A task of its own is not cancelled with this one.
            let work = Task { try await run(block: ending, inside: nil) }
            do { try await work.value } catch {
                if problem == nil { problem = error }
            }
        }
        return problem
    }

    private func run(_ statements: [Statement], in frame: Frame) async throws {
        for statement in statements {
            do {
                try await run(statement, in: frame)
            } catch {
                try await handle(error, of: statement, in: frame)
            }
        }
    }

    /// Goes on, or throws, as the frame says.
    private func handle(_ error: any Error, of statement: Statement, in frame: Frame) async throws {
        if error is Quit || error is ReportedFailure || isStandardOutputClosed(error) { throw error }
        let failure = Failure(error, at: statement.span)
        guard failure.exit != .interrupted else { throw failure }
        switch frame.policy {
        case .stop: throw failure
        case .resume:
            messages.report(failure.diagnostic)
            failures += 1
        case .handle(let body):
            frame.policy = .stop
            messages.report(failure.diagnostic)
            setError(failure)
            recordDepth += 1
            defer { recordDepth -= 1 }
            // However the handler ends, the first error is what the program ends with.
            do { try await run(block: body, inside: nil) } catch {
                if error is Quit { throw error }
                messages.report(Failure(error, at: statement.span).diagnostic)
            }
            throw ReportedFailure(failure)
        }
    }

    private func setError(_ failure: Failure) {
        let line = failure.diagnostic.span.map { $0.source.position(of: $0.range.lowerBound).line } ?? 0
        variables["error.code"] = .text(failure.diagnostic.code)
        variables["error.message"] = .text(failure.diagnostic.message)
        variables["error.line"] = .integer(Int64(line))
    }

    private func run(_ statement: Statement, in frame: Frame) async throws {
        if Task.isCancelled { throw Failure.interrupted }
        // Steps are headings of the transcript; what stands in them is written down one by one.
        if case .step = statement.kind { return try await perform(statement, in: frame) }
        recordDepth += 1
        defer {
            recordDepth -= 1
            if recordDepth == 0 { messages.transcript?.close(statement: secrets.redacted(statement.span.text)) }
        }
        try await perform(statement, in: frame)
    }

    private func perform(_ statement: Statement, in frame: Frame) async throws {
        switch statement.kind {
        case .command(let call): try await run(call)
        case .assign(let name, let value, let isFallback): try await assign(name, value, isFallback)
        case .check(let condition, let message): try await check(condition, message)
        case .branch(let branches, let otherwise): try await choose(branches, otherwise, in: frame)
        case .loop(let name, let list, let body): try await loop(name, list, body, in: frame)
        case .step(let title, let body, let isHeading): try await step(title, body, isHeading, in: frame)
        case .lock(let place, let limit, let body): try await hold(place, limit, body, in: frame)
        case .onError(let policy): frame.policy = policy
        case .always(let body): frame.endings.append(body)
        }
    }

    // MARK: Control

    private func assign(_ name: Located<String>, _ value: Expression, _ isFallback: Bool) async throws {
        if isFallback, variables[name.value] != nil { return }
        let value = try await self.value(of: value)
        variables[name.value] = value
        if Secrets.isSecret(name: name.value) { secrets.add(value.description) }
    }

    private func check(_ condition: Expression, _ message: Expression?) async throws {
        if plannedWrites > 0 { return messages.say("not checked: assert \(condition.span.text)") }
        guard try await !truth(of: condition) else { return }
        var said = "the assertion does not hold"
        if let message { said = try await value(of: message).description }
        throw Failure(
            Diagnostic(
                "E0701", said, at: condition.span,
                label: try await comparison(condition)), .different)
    }

    /// The values that were compared, as they are.
    private func comparison(_ condition: Expression) async throws -> String {
        guard case .binary(let operation, let a, let b) = condition.kind, operation != .and, operation != .or else {
            return "false"
        }
        return "\(try await value(of: a)) \(operation.rawValue) \(try await value(of: b)) is false"
    }

    private func choose(_ branches: [Branch], _ otherwise: [Statement]?, in frame: Frame) async throws {
        for branch in branches where try await truth(of: branch.condition) {
            return try await run(block: branch.body, inside: frame)
        }
        try await run(block: otherwise ?? [], inside: frame)
    }

    private func loop(_ name: Located<String>, _ list: Expression, _ body: [Statement], in frame: Frame) async throws {
        let value = try await value(of: list)
        guard let elements = value.elements else {
            throw Failure("E0316", "'for' takes a list, not \(value.noun)", at: list.span)
        }
        for element in elements {
            variables[name.value] = element
            try await run(block: body, inside: frame)
        }
    }

    // MARK: Steps

    private func step(
        _ title: Expression, _ body: [Statement], _ isHeading: Bool, in frame: Frame
    ) async throws {
        let title = try await value(of: title).description
        guard isWanted(title) else { return try await skip(body, isHeading, in: frame) }
        stepDepth += 1
        defer { stepDepth -= 1 }
        let report = StepReport(title, messages, invocation)
        do {
            // What a heading says of errors holds for the rest of the runbook, as the blocks of one file do.
            if isHeading { try await run(body, in: frame) } else { try await run(block: body, inside: frame) }
        } catch {
            report.failed()
            throw error
        }
        report.succeeded()
        if recordDepth == 0 { messages.transcript?.close() }
    }

    private func isWanted(_ title: String) -> Bool {
        switch invocation.steps {
        case .all: return true
        case .only(let wanted):
            // What stands inside the step belongs to it.
            guard stepDepth == 0 else { return true }
            hasReachedStep = hasReachedStep || title == wanted
            return title == wanted
        case .from(let first):
            hasReachedStep = hasReachedStep || title == first
            return hasReachedStep
        }
    }

    /// A step that is left out still makes its connections and variables.
    private func skip(_ body: [Statement], _ isHeading: Bool, in frame: Frame) async throws {
        let needed = body.filter(\.isPreparation)
        if isHeading { try await run(needed, in: frame) } else { try await run(block: needed, inside: frame) }
    }
}

extension Statement {
    fileprivate var isPreparation: Bool {
        switch kind {
        case .assign, .onError, .always: true
        case .command(let call): ["connect", "use", "set"].contains(call.signature.name)
        case .check, .branch, .loop, .step, .lock: false
        }
    }
}

/// A failure that the person has already read.
struct ReportedFailure: Error {
    let failure: Failure
    init(_ failure: Failure) { self.failure = failure }
}

func isStandardOutputClosed(_ error: any Error) -> Bool { error as? OutputError == .standardOutputClosed }
