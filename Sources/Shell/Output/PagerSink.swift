import Glibc
import Language

/// A terminal that shows what fits on it, and a pager that shows what does not.
struct PagerSink: Sink {
    private let command: String
    private let screen: Screen
    private var terminal: DescriptorSink
    private var pager: CommandSink?
    private var held: [UInt8] = []

    init(_ command: String, screen: Screen, standardOutput: Int32 = 1) {
        self.command = command
        self.screen = screen
        terminal = .standardOutput(standardOutput)
    }

    mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        if pager != nil { return try send(bytes) }
        held += bytes
        guard !screen.shows(held) else { return }
        // Chops long lines, keeps the text on the screen, shows colours: for who set PAGER but not LESS.
        let variables = Environment.process["LESS"] == nil ? ["LESS=FRSX"] : []
        pager = try CommandSink(command, sharing: terminal.descriptor, adding: variables)
        defer { held = [] }
        try send(held)
    }

    mutating func finish() throws(OutputError) {
        guard pager != nil else {
            try terminal.write(held)
            return try terminal.finish()
        }
        // Any other way to leave a pager is a way of having read enough.
        guard pager?.end() != .exit(127) else {
            throw .failed(
                message: "the pager `\(command)` was not found", help: "set PAGER to one that is installed, or to cat")
        }
    }

    mutating func abandon() {
        if pager != nil { _ = pager?.end() } else { try? finish() }
    }

    private mutating func send(_ bytes: [UInt8]) throws(OutputError) { try pager?.write(bytes) }
}

extension Screen {
    /// Whether the text fits, with a line left for the prompt; a long line takes several.
    fileprivate func shows(_ text: [UInt8]) -> Bool {
        let all = text.split(separator: 0x0A, omittingEmptySubsequences: false)
        return all.count <= lines && all.reduce(0) { $0 + rows(of: $1) } <= lines
    }

    private func rows(of line: ArraySlice<UInt8>) -> Int {
        line.count <= columns ? 1 : max(1, (width(of: line) + columns - 1) / columns)
    }

    private func width(of line: ArraySlice<UInt8>) -> Int {
        let parts = String(decoding: line, as: UTF8.self).split(separator: "\u{1b}", omittingEmptySubsequences: false)
        // Behind an escape stands a style up to its "m".
        let styled = parts.dropFirst().map { $0.drop { $0 != "m" }.dropFirst() }
        return styled.reduce(displayWidth(parts.first ?? "")) { $0 + displayWidth($1) }
    }
}

/// Whether long text is shown page by page, and by which program.
enum Pager {
    /// `PAGER`, where an empty one or `cat` means none; `less` where it is installed; else nil.
    static func command(_ environment: Environment) -> String? {
        switch environment.given("PAGER") {
        case "", "cat": nil
        case let command?: command
        case nil: isInstalled("less", environment) ? "less -FRSX" : nil
        }
    }

    private static func isInstalled(_ name: String, _ environment: Environment) -> Bool {
        (environment["PATH"] ?? "").split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }
}
