import Language

/// The program's own arguments.
package struct CommandLine: Sendable {
    package enum Input: Hashable, Sendable {
        case text(String)
        /// `-` is standard input.
        case file(String)
    }

    package enum Mode: Hashable, Sendable {
        case run, check, help, version
        case complete(String, at: Int?)
        case hint(String)
        /// Reference files, for `scripts/generate`.
        case generate(folder: String)
    }

    package var mode = Mode.run
    package var inputs: [Input] = []
    package var variables: [(name: String, value: String)] = []
    package var profile: String?
    package var isDryRun = false
    package var assumesYes = false
    package var format: Format?
    package var isQuiet = false
    package var readsStartFile = true
    package var keepsHistory = true
    package var coloring = Coloring.automatic
    package var progress = ProgressStyle.automatic
    package var log: String?
    package var writesErrorsAsJSON = false
    package var steps = StepSelection.all
    package var longest: Duration?

    /// What is wrong with the arguments.
    package struct Problem: Error { package var message: String }

    package init(_ arguments: [String]) throws(Problem) {
        var rest = Arguments(arguments)
        while let argument = rest.next() {
            guard argument.hasPrefix("-"), argument != "-" else {
                inputs.append(.file(argument))
                continue
            }
            if argument == "--" {
                while let file = rest.next() { inputs.append(.file(file)) }
                break
            }
            try take(argument, &rest)
        }
        if case .complete(let line, nil) = mode { mode = .complete(line, at: line.utf8.count) }
    }

    private mutating func take(_ argument: String, _ rest: inout Arguments) throws(Problem) {
        let (name, attached) = CommandLine.split(argument)
        rest.attached = attached
        switch name {
        case "-c", "--command": inputs.append(.text(try rest.value(of: name)))
        case "-f", "--file": inputs.append(.file(try rest.value(of: name)))
        case "-v", "--set": variables.append(try CommandLine.variable(try rest.value(of: name)))
        case "--profile": profile = try rest.value(of: name)
        case "-n", "--dry-run": isDryRun = true
        case "-y", "--yes": assumesYes = true
        case "--check": mode = .check
        case "--format": format = try rest.choice(of: name, Format.allCases.map(\.rawValue)).flatMap(Format.init)
        case "-q", "--quiet": isQuiet = true
        case "--no-rc": readsStartFile = false
        case "--no-history": keepsHistory = false
        case "--color":
            coloring = try rest.choice(of: name, Coloring.allCases.map(\.rawValue)).flatMap(Coloring.init) ?? .automatic
        case "--progress":
            progress =
                try rest.choice(of: name, ProgressStyle.allCases.map(\.rawValue)).flatMap(ProgressStyle.init)
                ?? .automatic
        case "--log": log = try rest.value(of: name)
        case "--errors": writesErrorsAsJSON = try rest.choice(of: name, ["text", "json"]) == "json"
        case "--agent": beForAgents()
        case "--step": steps = .only(try rest.value(of: name))
        case "--from-step": steps = .from(try rest.value(of: name))
        case "--max-duration": longest = try CommandLine.duration(try rest.value(of: name))
        case "--complete": mode = .complete(try rest.value(of: name), at: nil)
        case "--at": try place(try rest.value(of: name))
        case "--hint": mode = .hint(try rest.value(of: name))
        case "--generate": mode = .generate(folder: try rest.value(of: name))
        case "-h", "--help": mode = .help
        case "-V", "--version": mode = .version
        default: throw CommandLine.unknown(name)
        }
        guard rest.attached == nil else { throw Problem(message: "\(name) takes no value") }
    }

    /// Compact, without colour, pager or progress: for programs that read the screen.
    private mutating func beForAgents() {
        format = format ?? .jsonl
        coloring = .never
        progress = .off
        isQuiet = true
    }

    private mutating func place(_ text: String) throws(Problem) {
        guard case .complete(let line, _) = mode, let place = Int(text), place >= 0 else {
            throw Problem(message: "--at takes a place in the line of --complete, in bytes")
        }
        mode = .complete(line, at: place)
    }

    private static func split(_ argument: String) -> (String, String?) {
        guard argument.hasPrefix("--"), let mark = argument.firstIndex(of: "=") else { return (argument, nil) }
        return (String(argument[..<mark]), String(argument[argument.index(after: mark)...]))
    }

    private static func variable(_ text: String) throws(Problem) -> (name: String, value: String) {
        guard let mark = text.firstIndex(of: "="), mark != text.startIndex else {
            throw Problem(message: "-v takes name=value, not '\(text)'")
        }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }

    private static func duration(_ text: String) throws(Problem) -> Duration {
        guard let quantity = Quantity(text), quantity.kind == .duration, quantity.amount > 0 else {
            throw Problem(message: "--max-duration takes a time like 14m, not '\(text)'")
        }
        return .seconds(quantity.amount)
    }

    private static func unknown(_ name: String) -> Problem {
        let suggestion = Suggestion.nearest(to: name, in: flags.flatMap(\.names)).map { ", did you mean \($0)?" }
        return Problem(message: "unknown option \(name)\(suggestion ?? "; `vecsh --help` lists them")")
    }
}

/// Arguments, taken one by one.
private struct Arguments {
    private var rest: ArraySlice<String>
    /// The value behind `=`, until it is taken.
    var attached: String?

    init(_ arguments: [String]) { rest = arguments[...] }

    mutating func next() -> String? { rest.popFirst() }

    mutating func value(of name: String) throws(CommandLine.Problem) -> String {
        if let value = attached {
            attached = nil
            return value
        }
        guard let value = rest.popFirst() else { throw CommandLine.Problem(message: "\(name) needs a value") }
        return value
    }

    mutating func choice(of name: String, _ choices: [String]) throws(CommandLine.Problem) -> String? {
        let value = try value(of: name)
        guard choices.contains(value) else {
            throw CommandLine.Problem(message: "\(name) takes \(choices.joined(separator: "|")), not '\(value)'")
        }
        return value
    }
}
