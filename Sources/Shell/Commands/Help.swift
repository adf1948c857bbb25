import Language
import Model
import Stores

extension Command {
    static let help = Command(
        Signature(
            "help", .session, "Explain a command, a store, or all of them", [.optional([topic.form])],
            examples: [
                Example("help", "All commands."), Example("help peek", "One of them."),
                Example("help sqlite", "A store and its options."),
            ])
    ) { call, session in
        let wanted = try call.optional(topic)
        let text = try wanted.map { try HelpTexts.text($0) } ?? Help(.vecsh).overview
        try await session.answer(call) { try await $0.print(text: text + "\n") }
    }

    static let quit = Command(
        Signature(
            "quit", aliases: ["exit"], .session, "Leave", [.optional([code.form])],
            examples: [Example("quit", "Leave with exit code 0."), Example("quit 3", "Leave with another.")])
    ) { call, _ in throw Quit(code: Int32(clamping: try call.optional(code) ?? 0)) }
}

private let topic = Parameter<Located<String>>.named("topic", kind: .topic, "What to explain")
private let code = Parameter<Int>.number("code", "The exit code")

private enum HelpTexts {
    static func text(_ topic: Located<String>) throws -> String {
        let help = Help(.vecsh)
        if topic.value.lowercased() == "stores" { return stores }
        if let text = help.topic(topic.value) { return text }
        let name = topic.value.split(separator: ":").first.map(String.init) ?? topic.value
        if let kind = storeKinds.first(where: { $0.scheme == name }) { return store(kind) }
        let suggestion = Suggestion.nearest(to: topic.value, in: help.topicNames + storeKinds.map(\.scheme))
        throw Failure(
            "E0319", "no help for '\(topic.value)'", at: topic.span,
            help: [suggestion.map { "did you mean '\($0)'?" } ?? "`help` lists what there is"])
    }

    private static var stores: String {
        storeKinds.map { "\($0.address)\n    \($0.summary)" }.joined(separator: "\n")
            + "\n\n`help STORE` says more of one."
    }

    private static func store(_ kind: StoreKind) -> String {
        let lines = kind.options.map { option in
            "  \(option.name)=…  \(option.summary)" + (option.fallback.isEmpty ? "" : " (\(option.fallback))")
        }
        let options = lines.isEmpty ? "It has no options." : (["Options:"] + lines).joined(separator: "\n")
        return "\(kind.summary).\n\n  connect NAME to \(kind.address)\n\n\(options)"
    }
}
