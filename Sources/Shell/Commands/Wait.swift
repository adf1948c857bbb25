import Language

extension Command {
    static let wait = Command(
        Signature(
            "wait", .prove, "Wait until a condition holds", [.word("until"), condition.form],
            details: "It asks every half second. With `timeout` it gives up with exit code 7.",
            examples: [
                Example("wait until exists(db:notes) timeout 30s", "For a collection to appear."),
                Example("wait until count(db:notes) > 0", "For the first record."),
            ])
    ) { call, session in
        if session.plannedWrites > 0 { return session.say(call, "not checked: wait \(call.span(of: condition).text)") }
        let expression = try call[condition]
        let limit = try call.optional(Universal.timeout)
        let start = ContinuousClock.now
        while try await !session.truth(of: expression) {
            if let limit, ContinuousClock.now - start >= limit {
                throw Failure(
                    "E0703", "still not so after \(Elapsed.text(limit))", at: expression.span, exit: .timedOut)
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    static let sleep = Command(
        Signature(
            "sleep", .script, "Do nothing for a while", [time.form], examples: [Example("sleep 2s", "Two seconds.")]),
        effect: .acts
    ) { call, _ in try await Task.sleep(for: call[time]) }
}

private let condition = Parameter<Expression>.expression("condition", "What must hold")
private let time = Parameter<Duration>.duration("time", "How long")
