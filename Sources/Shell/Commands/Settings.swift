import JSON
import Language

extension Command {
    static let set = Command(
        Signature(
            "set", .session, "Change how this session works", [setting.form, value.form],
            examples: [Example("set format json", "Every result is JSON from now on.")])
    ) { call, session in
        try session.settings.change(call[setting], to: call[value])
    }

    static let show = Command(
        Signature(
            "show", .session, "Show how this session works", [.optional([setting.form])],
            examples: [Example("show", "All settings and variables."), Example("show format", "One of them.")])
    ) { call, session in
        let wanted = try call.optional(setting)
        let rows = session.shown.filter { wanted == nil || $0.name == wanted?.value }
        if let wanted, rows.isEmpty { throw Settings.unknown(wanted) }
        try await session.answer(call) { output in
            let values = rows.map { ["name": .string($0.name), "value": .string($0.value)] as JSONValue }
            try await output.print(rows: values, columns: ["name", "value"])
        }
    }
}

private let setting = Parameter<Located<String>>.named("setting", kind: .setting, "What is meant")
private let value = Parameter<Located<String>>.named(
    "value", kind: .settingValue(of: "setting"), "What it is from now on")

extension Settings {
    /// The words that a setting may be.
    static func values(of name: String) -> [String] {
        switch name {
        case "format": Format.allCases.map(\.rawValue)
        case "pager", "timing": ["on", "off"]
        default: []
        }
    }

    fileprivate mutating func change(_ name: Located<String>, to value: Located<String>) throws {
        switch name.value {
        case "format":
            guard let format = Format(rawValue: value.value) else {
                throw Settings.wrong(value, Format.allCases.map(\.rawValue))
            }
            self.format = format
        case "pager": isPaged = try Settings.isOn(value)
        case "timing": isTimed = try Settings.isOn(value)
        default: throw Settings.unknown(name)
        }
    }

    private static func isOn(_ value: Located<String>) throws -> Bool {
        switch value.value.lowercased() {
        case "on", "yes", "true": return true
        case "off", "no", "false": return false
        default: throw wrong(value, ["on", "off"])
        }
    }

    private static func wrong(_ value: Located<String>, _ known: [String]) -> Failure {
        Failure(
            "E0317", "'\(value.value)' cannot stand here", at: value.span,
            help: ["known are \(known.joined(separator: ", "))"])
    }

    fileprivate static func unknown(_ name: Located<String>) -> Failure {
        let known = names.map(\.name)
        let suggestion = Suggestion.nearest(to: name.value, in: known).map { "did you mean '\($0)'?" }
        return Failure(
            "E0318", "no setting '\(name.value)'", at: name.span,
            help: [suggestion ?? "known are \(known.joined(separator: ", "))"])
    }
}

extension Session {
    /// Settings, and behind them the variables.
    fileprivate var shown: [(name: String, value: String)] {
        let settings = [
            ("format", self.settings.format?.rawValue ?? "table"), ("pager", self.settings.isPaged ? "on" : "off"),
            ("timing", self.settings.isTimed ? "on" : "off"),
        ]
        let values = variables.sorted { $0.key < $1.key }.map { ("$\($0.key)", secrets.redacted($0.value.description)) }
        return settings + values
    }
}
