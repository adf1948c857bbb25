import JSON
import Language
import Model

extension Command {
    static let history = Command(
        Signature(
            "history", .session, "Show the statements of this and earlier sessions", [.optional([number.form])],
            examples: [Example("history 20", "The last twenty.")])
    ) { call, session in
        let count = try call.optional(number) ?? .max
        let entries = session.history.entries.suffix(count)
        let rows = entries.map { entry -> JSONValue in
            [
                "time": .string(Timestamp.text(entry.time)), "statement": .string(entry.text),
                "ok": .bool(entry.succeeded),
            ]
        }
        try await session.answer(call) { try await $0.print(rows: rows, columns: ["time", "ok", "statement"]) }
    }

    static let save = Command(
        Signature(
            "save", .session, "Turn what was just done into a script",
            [.word("last"), howMany.form, .word("to"), path.form],
            details: "Only statements that succeeded are written; a password in them becomes `•••`.",
            examples: [Example("save last 6 to ./fix-alias.vsh", "A runbook of the last six statements.")])
    ) { call, session in
        let statements = session.succeeded.suffix(try call[howMany])
        guard !statements.isEmpty else {
            throw Failure("E0604", "no statement has succeeded yet, so there is nothing to save", at: call.verb)
        }
        let path = try call[path]
        let script = "#!/usr/bin/env vecsh\n" + statements.joined(separator: "\n") + "\n"
        try await session.write(script, to: path)
        session.say(call, "\(statements.count) statements are in \(path.value)")
    }

    static let edit = Command(
        Signature(
            "edit", .session, "Write a statement in $EDITOR, and run it",
            details: "It begins with the last statement. What the editor saves is run; an empty file runs nothing.",
            examples: [Example("edit", "Change the last statement and run it again.")])
    ) { call, session in try await session.editAndRun(call) }
}

private let number = Parameter<Int>.number("number", "How many, newest last")
private let howMany = Parameter<Int>.number("count", "How many statements")
private let path = Parameter<Located<String>>.path("path", "The script to write")

extension Session {
    func write(_ text: String, to path: Located<String>) async throws {
        let place = Destination.Place.path(expanded(path.value))
        do {
            _ = try await Output.to(place) { try await $0.print(text: text) }
        } catch OutputError.failed(let message, let help) {
            throw Failure("E0601", message, at: path.span, help: help.map { [$0] } ?? [])
        }
    }

    fileprivate func editAndRun(_ call: Call) async throws {
        let last = history.texts.last { $0.trimmed != "edit" } ?? ""
        let text = try await edited(last, at: call.verb)
        guard !text.trimmed.isEmpty else { return messages.say("nothing to run") }
        messages.say(text.trimmed)
        let script = Parser.parse(Source(name: "edit", text: text), nil, .vecsh)
        if let problem = script.problems.first { throw problem }
        try await run(script.statements)
        history.add(secrets.redacted(text.trimmed), succeeded: true, directory: Folders.current)
    }
}
