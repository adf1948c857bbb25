import JSON
import Language

extension Session {
    /// Brings a command's result to where it should go.
    func answer(_ call: Call, _ body: (Output) async throws -> Void) async throws {
        do {
            let place = try destination(of: call)
            _ = try await Output.to(place, format: format(of: call), options: outputOptions(for: place), body)
        } catch OutputError.failed(let message, let help) {
            let span = call.has("pipe") ? call.span(of: Universal.pipe) : call.span(of: Universal.output)
            throw Failure("E0601", message, at: span, help: help.map { [$0] } ?? [])
        }
    }

    private func destination(of call: Call) throws -> Destination.Place {
        let file = try call.optional(Universal.output)?.value
        guard let command = try call.optional(Universal.pipe) else {
            return file.map(Destination.Place.path) ?? .standardOutput
        }
        try refuseSecrets(in: command)
        return .command(command.value, into: file == "-" ? nil : file)
    }

    /// A secret in a command line would be seen by everyone on the machine.
    func refuseSecrets(in command: Located<String>) throws {
        guard secrets.isIn(command.value) else { return }
        throw Failure(
            "E0405", "a secret may not stand in a shell command", at: command.span,
            help: ["let the command read it from its environment"])
    }

    private func format(of call: Call) throws -> Format {
        let wanted = try call.optional(Universal.format)
        return wanted.flatMap { Format(rawValue: $0.value) } ?? settings.format ?? .table
    }

    /// The transcript shows what the screen shows; what goes to a file is in that file.
    private func outputOptions(for place: Destination.Place) -> OutputOptions {
        var options = OutputOptions()
        options.coloring = invocation.coloring
        options.isPaged = invocation.isInteractive && settings.isPaged
        options.standardOutput = invocation.standardOutput
        if let transcript = messages.transcript, !place.isFile { options.copy = { transcript.add(output: $0) } }
        return options
    }

    /// A message, unless little is wanted.
    func say(_ call: Call, _ text: String) {
        if !call.has("quiet") { messages.say(text) }
    }
}

extension Destination.Place {
    fileprivate var isFile: Bool {
        switch self {
        case .file: true
        case .command(_, let file): file != nil
        case .standardOutput: false
        }
    }
}
