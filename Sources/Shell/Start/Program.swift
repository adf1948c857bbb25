import Glibc
import JSON
import Language
import Model

/// The program: from arguments to an exit code.
package struct Program: Sendable {
    package static let version = "0.1.0"

    private let line: CommandLine
    private let invocation: Invocation

    package static func main(_ arguments: [String], environment: [String: String]) async -> Int32 {
        do throws(CommandLine.Problem) {
            let line = try CommandLine(arguments)
            return await Program(line, environment).run()
        } catch {
            writeText("vecsh: \(error.message)\n", to: 2)
            return ExitCode.usage.rawValue
        }
    }

    init(_ line: CommandLine, _ environment: [String: String]) {
        self.line = line
        var invocation = Invocation()
        invocation.assumesYes = line.assumesYes
        invocation.isDryRun = line.isDryRun
        invocation.isInteractive = line.inputs.isEmpty && isatty(0) == 1 && line.mode == .run
        invocation.isQuiet = line.isQuiet
        invocation.keepsHistory = line.keepsHistory
        invocation.format = line.format
        invocation.coloring = line.coloring
        invocation.writesErrorsAsJSON = line.writesErrorsAsJSON
        invocation.progress = line.progress
        invocation.steps = line.steps
        invocation.environment = environment
        if let longest = line.longest { invocation.timeBox = TimeBox(longest) }
        self.invocation = invocation
    }

    func run() async -> Int32 {
        switch line.mode {
        case .help: return print(CommandLine.usage + "\n")
        case .version: return print("vecsh \(Program.version)\n")
        case .generate(let folder): return ReferenceFiles.write(to: folder)
        case .check, .run, .complete, .hint: break
        }
        var transcript: Transcript?
        if let path = line.log {
            do throws(FileProblem) { transcript = try Transcript(path: path) } catch {
                return complain("cannot write \(path): \(error.reason)")
            }
        }
        let session = Session(invocation, transcript: transcript)
        for (name, value) in line.variables { await session.define(name, value) }
        let code = await interruptible { await run(session) }
        transcript?.close()
        await session.close()
        return code
    }

    private func run(_ session: Session) async -> Int32 {
        switch line.mode {
        case .complete(let text, let place): return await complete(text, at: place ?? 0, session)
        case .hint(let text):
            let hint = Hint.text(text, at: text.utf8.count, .vecsh)
            return print((["hint": .string(hint)] as JSONValue).text + "\n")
        default: break
        }
        do {
            let inputs = line.inputs.isEmpty && !invocation.isInteractive ? [.file("-")] : line.inputs
            let script = try Loader.script(inputs, session.secrets)
            let check = Check(script, defined: await session.definedNames, environment: invocation.environment)
            if line.mode == .check { return try await list(check, session) }
            if !inputs.isEmpty {
                try await session.vet(check)
                try session.vetSteps(check)
            }
            try await start(session)
            if inputs.isEmpty { return await Prompt(session).run() }
            try await session.run(script.statements)
            return await session.failures > 0 ? ExitCode.partly.rawValue : ExitCode.success.rawValue
        } catch {
            return session.ending(of: error)
        }
    }

    /// Ctrl-C or SIGTERM cancels what runs; the second one ends the program.
    private func interruptible(_ body: @escaping @Sendable () async -> Int32) async -> Int32 {
        guard !invocation.isInteractive else { return await body() }
        Interrupt.shared.install()
        let work = Task { await body() }
        let clock = invocation.timeBox?.begin { work.cancel() }
        defer { clock?.cancel() }
        let watch = Interrupt.shared.onInterrupt { presses in
            if presses > 1 { _exit(ExitCode.interrupted.rawValue) }
            work.cancel()
        }
        // Whoever stops the machine gets the same orderly end.
        Interrupt.shared.onTermination { _ in
            if work.isCancelled { _exit(ExitCode.interrupted.rawValue) }
            work.cancel()
        }
        defer { watch.end() }
        return await work.value
    }

    // MARK: Steps

    /// Profile and start file, before anything else.
    private func start(_ session: Session) async throws {
        let start = invocation.configuration + "/vecshrc"
        if line.readsStartFile, invocation.isInteractive, access(start, R_OK) == 0 {
            try await run(Loader.parse(try Loader.source(.file(start))), session)
        }
        if let name = line.profile {
            let profile = try Profile.load(name, invocation)
            let source = Source(name: "profile \(name)", text: profile.connections.joined(separator: "\n"))
            try await run(Parser.parse(source, nil, .vecsh), session)
        }
    }

    private func run(_ script: Script, _ session: Session) async throws {
        try await session.vet(Check(script, defined: session.definedNames, environment: invocation.environment))
        try await session.run(script.statements)
    }

    private func list(_ check: Check, _ session: Session) async throws -> Int32 {
        for problem in check.problems { session.messages.report(problem) }
        for (call, isConfirmed) in check.destructive {
            let place = call.span.source.position(of: call.span.range.lowerBound)
            let note = isConfirmed ? "" : "  (not confirmed)"
            _ = print(
                "destroys: \(call.span.source.name):\(place.line): \(session.secrets.redacted(call.span.text))\(note)\n"
            )
        }
        return check.problems.isEmpty ? ExitCode.success.rawValue : ExitCode.usage.rawValue
    }

    /// The same code as Tab; the start file's connections are known to it.
    private func complete(_ text: String, at place: Int, _ session: Session) async -> Int32 {
        try? await start(session)
        await session.offerVariables()
        let candidates = await offPool { Completion(.vecsh, session.names).candidates(text, at: place) }
        let items = candidates.items.map { item -> JSONValue in
            ["text": .string(item.text), "kind": .string(item.kind), "note": .string(item.note)]
        }
        return print(JSONValue.array(items).text + "\n")
    }

    private func complain(_ message: String) -> Int32 {
        writeText("vecsh: \(message)\n", to: 2)
        return ExitCode.usage.rawValue
    }

    private func print(_ text: String) -> Int32 {
        writeText(text, to: 1)
        return ExitCode.success.rawValue
    }
}

extension Session {
    /// Says what went wrong, if it has not been said, and gives the exit code.
    nonisolated func ending(of error: any Error) -> Int32 {
        if let quit = error as? Quit { return quit.code }
        if isStandardOutputClosed(error) { return ExitCode.success.rawValue }
        if let reported = error as? ReportedFailure { return reported.failure.exit.rawValue }
        var failure = Failure(error, at: nil)
        if failure.exit == .interrupted, let over = invocation.timeBox?.failure { failure = over }
        messages.report(failure.diagnostic)
        return failure.exit.rawValue
    }
}
