import Glibc

/// Whether to use colour; `automatic` is on terminals, unless `NO_COLOR` is set.
package enum Coloring: String, CaseIterable, Sendable {
    case automatic = "auto"
    case always, never
}

extension Look {
    /// The look of an open file or terminal.
    package init(of descriptor: Int32, coloring: Coloring = .automatic, environment: Environment = .process) {
        self.init(
            screen: isatty(descriptor) == 1 ? Screen(descriptor, environment) : nil, coloring: coloring,
            environment: environment)
    }

    /// The look of a screen, or of a file or pipe where there is none.
    package init(screen: Screen?, coloring: Coloring = .automatic, environment: Environment = .process) {
        let isColored =
            switch coloring {
            case .always: true
            case .never: false
            case .automatic: screen != nil && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
            }
        self.init(
            width: screen?.columns ?? environment.number("COLUMNS"), isTerminal: screen != nil,
            signs: environment.signs(isTerminal: screen != nil), style: Style(isOn: isColored))
    }
}

/// The size of a terminal.
package struct Screen: Hashable, Sendable {
    package var columns: Int
    package var lines: Int

    package init(columns: Int, lines: Int) {
        self.columns = columns
        self.lines = lines
    }

    /// As the terminal says, else as the environment says, else what terminals have always had.
    package init(_ descriptor: Int32, _ environment: Environment = .process) {
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        func given(_ number: UInt16) -> Int? { isKnown && number > 0 ? Int(number) : nil }
        columns = given(size.ws_col) ?? environment.number("COLUMNS") ?? 80
        lines = given(size.ws_row) ?? environment.number("LINES") ?? 24
    }
}

/// Where variables of the environment are looked up; empty ones count as unset.
package struct Environment: Sendable {
    private let value: @Sendable (String) -> String?

    package init(_ value: @escaping @Sendable (String) -> String?) { self.value = value }

    package static let process = Environment { name in getenv(name).map { String(cString: $0) } }

    /// Everything that the process was given, as `NAME=value`.
    static var assignments: [String] {
        var found: [String] = []
        var next = environ
        while let assignment = next.pointee {
            found.append(String(cString: assignment))
            next += 1
        }
        return found
    }

    /// Everything that the process was given, by name.
    package static var all: [String: String] {
        let pairs = assignments.compactMap { assignment in
            assignment.firstIndex(of: "=").map {
                (String(assignment[..<$0]), String(assignment[assignment.index(after: $0)...]))
            }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    package subscript(name: String) -> String? { value(name).flatMap { $0.isEmpty ? nil : $0 } }

    /// The value even if it is empty.
    package func given(_ name: String) -> String? { value(name) }

    package func number(_ name: String) -> Int? { self[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }

    /// Off a terminal a locale that is not set at all (containers) says nothing about who reads the text.
    fileprivate func signs(isTerminal: Bool) -> Signs {
        guard let locale = self["LC_ALL"] ?? self["LC_CTYPE"] ?? self["LANG"] else {
            return isTerminal ? .ascii : .text
        }
        let name = locale.lowercased()
        guard name.contains("utf-8") || name.contains("utf8") else { return .ascii }
        return isTerminal ? .boxes : .text
    }
}
