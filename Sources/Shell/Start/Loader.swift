import Glibc
import Language

/// Scripts and runbooks on their way from files to statements.
enum Loader {
    /// Reads one input as a whole; standard input is read to its end.
    static func source(_ input: CommandLine.Input) throws -> Source {
        switch input {
        case .text(let text): return Source(name: "-c", text: text)
        case .file(let path):
            let bytes: [UInt8]
            do throws(FileProblem) { bytes = try readWhole(path) } catch {
                throw Failure("E0602", "cannot read \(path): \(error.reason)", at: nil, exit: .usage)
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure("E0603", "\(path) is not UTF-8 text", at: nil, exit: .usage)
            }
            return Source(name: path == "-" ? "stdin" : path, text: text)
        }
    }

    static func parse(_ source: Source) -> Script {
        let isRunbook = source.name.lowercased().hasSuffix(".md") || source.name.lowercased().hasSuffix(".markdown")
        return isRunbook ? Markdown.parse(source, .vecsh) : Parser.parse(source, nil, .vecsh)
    }

    /// All inputs of one call are one script.
    static func script(_ inputs: [CommandLine.Input], _ secrets: Secrets) throws -> Script {
        var whole = Script()
        for input in inputs {
            let source = try source(input)
            secrets.notice(in: source)
            let script = parse(source)
            whole.statements += script.statements
            whole.problems += script.problems + included(script.statements, by: [source.name])
        }
        return whole
    }

    /// What is wrong with the scripts that these statements include, as far as their paths are known.
    private static func included(_ statements: [Statement], by files: [String]) -> [Diagnostic] {
        statements.flatMap { statement -> [Diagnostic] in
            guard case .command(let call) = statement.kind, let path = call.includedPath else {
                return included(statement.body, by: files)
            }
            let file = relative(path.value, to: path.span.source.name)
            guard !files.contains(file) else {
                return [Diagnostic("E0606", "\(file) includes itself", at: path.span)]
            }
            do {
                let script = parse(try source(.file(file)))
                return script.problems + included(script.statements, by: files + [file])
            } catch {
                let problem = Failure(error, at: path.span).diagnostic
                return [Diagnostic(problem.code, problem.message, at: path.span)]
            }
        }
    }

    /// A path is taken from where the including file lies.
    static func relative(_ path: String, to file: String) -> String {
        let path = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        guard !path.hasPrefix("/"), !path.hasPrefix("~"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}

extension ParsedCall {
    /// The literal path of an `include`.
    fileprivate var includedPath: Located<String>? {
        guard signature.name == "include", case .expression(let path)? = arguments["path"],
            case .literal(let value) = path.kind, !value.description.hasPrefix("~")
        else { return nil }
        return Located(value.description, at: path.span)
    }
}

extension Statement {
    /// The statements inside.
    fileprivate var body: [Statement] {
        switch kind {
        case .branch(let branches, let otherwise): branches.flatMap(\.body) + (otherwise ?? [])
        case .loop(_, _, let body), .step(_, let body, _), .lock(_, _, let body), .always(let body),
            .onError(.handle(let body)):
            body
        case .command, .assign, .check, .onError(.stop), .onError(.resume): []
        }
    }
}

extension Session {
    /// Runs another script, once it has been checked whole.
    func include(_ path: Located<String>) async throws {
        let file = Loader.relative(expanded(path.value), to: path.span.source.name)
        let identity = realPath(file)
        guard !including.contains(identity), identity != realPath(path.span.source.name) else {
            throw Failure("E0606", "\(file) includes itself", at: path.span)
        }
        let source: Source
        do { source = try Loader.source(.file(file)) } catch let failure as Failure {
            throw Failure(failure.diagnostic.code, failure.diagnostic.message, at: path.span)
        }
        let script = Loader.parse(source)
        try vet(Check(script, defined: definedNames, environment: invocation.environment))
        including.append(identity)
        defer { including.removeLast() }
        try await run(script.statements)
    }

    /// Throws for what is wrong with a script, or not confirmed; of several problems it throws the last, when the others
    /// have been shown.
    package func vet(_ check: Check) throws {
        if let problem = check.problems.last {
            for other in check.problems.dropLast() { messages.report(other) }
            throw Failure(problem, .usage)
        }
        guard !invocation.isInteractive, !invocation.assumesYes, !invocation.isDryRun,
            let call = check.destructive.first(where: { !$0.isConfirmed && !$0.call.isPlanned })?.call
        else { return }
        throw Failure.unconfirmed(call)
    }

    /// Throws if the step that was asked for is not in the script.
    nonisolated func vetSteps(_ check: Check) throws {
        switch invocation.steps {
        case .all: return
        case .only(let title), .from(let title):
            guard !check.mayHave(step: title) else { return }
            let suggestion = Suggestion.nearest(to: title, in: check.steps).map { "did you mean '\($0)'?" }
            let known = check.steps.isEmpty ? "the script has none" : "there are \(check.steps.joined(separator: ", "))"
            throw Failure("E0608", "no step is called '\(title)'", at: nil, exit: .usage, help: [suggestion ?? known])
        }
    }

    /// One name for a file, however it is reached; the path itself where there is none.
    private func realPath(_ path: String) -> String {
        guard let name = realpath(path, nil) else { return path }
        defer { free(name) }
        return String(cString: name)
    }
}

extension ParsedCall {
    var isPlanned: Bool {
        prefixes.contains { if case .plan = $0 { true } else { false } }
    }
}
