import Glibc
import JSON
import Language

extension Command {
    static let print = Command(
        Signature(
            "print", .script, "Print a value", [value.form],
            examples: [
                Example("print count(db:notes)", "A number."),
                Example(#"print "${name} is done""#, "Text with a variable."),
            ])
    ) { call, session in
        let value = try await session.value(of: call[value])
        let text = session.secrets.redacted(value.description)
        let json = session.secrets.isIn(value.description) ? .string(text) : value.json
        try await session.answer(call) { try await $0.print(json, plain: text) }
    }

    static let include = Command(
        Signature(
            "include", .script, "Run another script", [path.form],
            details: "A path is taken from where the including file lies.",
            examples: [Example("include ./common.vsh", "Connections that several scripts share.")])
    ) { call, session in try await session.include(call[path]) }

    static let confirm = Command(
        Signature(
            "confirm", .script, "Ask a person before going on", [question.form],
            details: "`yes` is the only yes. Without a terminal it needs --yes, else the script ends with exit code 5.",
            examples: [Example(#"confirm "Switch the alias now?" yes"#, "With `yes` it does not ask.")]), effect: .acts
    ) { call, session in
        if call.has("yes") || session.invocation.assumesYes { return }
        let question = session.secrets.redacted(try call[question].value)
        guard let answer = await offPool({ Question.answer("\(question) Type yes to go on: ") }) else {
            throw Failure(
                "E0802", "nobody is there to confirm", at: call.verb, exit: .unconfirmed,
                help: ["call vecsh with --yes, or from a terminal"])
        }
        guard answer == "yes" else { throw Failure("E0801", "not confirmed", at: call.verb, exit: .unconfirmed) }
    }

    static let run = Command(
        Signature(
            "run", .script, "Run a shell command", [shell.form],
            details: "Variables in it are quoted for the shell. An exit code other than 0 fails the statement.",
            examples: [Example("run 'echo hello'", "Its output is yours.")]), effect: .acts
    ) { call, session in
        let command = try call[shell]
        try session.refuseSecrets(in: command)
        try await session.run(command, output: nil)
    }
}

private let value = Parameter<Expression>.expression("value", "What to print")
private let path = Parameter<Located<String>>.path("path", "A script or runbook")
private let question = Parameter<Located<String>>.text("question", "What is asked")
private let shell = Parameter<Located<String>>.text("command", kind: .shell, "What the shell gets")

extension Session {
    /// Runs a shell command to its end; its output is ours unless a descriptor is given.
    func run(_ command: Located<String>, output: Int32?) async throws {
        let process: ShellProcess
        do throws(OutputError) { process = try ShellProcess(command.value, input: 0, output: output) } catch {
            throw Failure("E0605", "the command could not be started: \(error)", at: command.span)
        }
        let ending = await withTaskCancellationHandler {
            await offPool { process.wait() }
        } onCancel: {
            process.terminate()
        }
        try Task.checkCancellation()
        switch ending {
        case .exit(0): return
        case .signal(SIGINT): throw Failure.interrupted
        case .exit(let code): throw Failure("E0605", "the command ended with exit code \(code)", at: command.span)
        case .signal(let number):
            throw Failure("E0605", "the command was ended by signal \(number)", at: command.span)
        }
    }

    /// What a shell command prints first: a password.
    func firstLine(of command: Located<String>) async throws -> String {
        guard let pipe = PipeEnds() else { throw Failure("E0605", "no pipe could be made", at: command.span) }
        let (reader, writer) = (pipe.reading, pipe.writing)
        async let bytes = offPool { readAll(reader) }
        do {
            try await run(command, output: writer)
            Glibc.close(writer)
        } catch {
            Glibc.close(writer)
            _ = await bytes
            throw error
        }
        return String(decoding: await bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
            ?? ""
    }
}

private func readAll(_ descriptor: Int32) -> [UInt8] {
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
    return bytes
}
