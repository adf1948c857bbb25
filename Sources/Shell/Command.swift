import Language

/// A command: its text and what it does.
package struct Command: Sendable {
    /// What a dry run makes of it.
    package enum Effect: Sendable {
        /// Runs as always.
        case none
        /// Writes to a store: shown, not done.
        case writes
        /// Writes to a store behind ``Session/commit(_:_:_:)``, before which a dry run stops: all but that is done.
        case commits
        /// Reaches outside, or waits for a person: shown, not done.
        case acts
    }

    package let signature: Signature
    package let effect: Effect
    package let run: @Sendable (Call, isolated Session) async throws -> Void
    /// What `plan` shows; nil shows the statement itself.
    package let plan: (@Sendable (Call, isolated Session) async throws -> Void)?

    init(
        _ signature: Signature, effect: Effect = .none,
        plan: (@Sendable (Call, isolated Session) async throws -> Void)? = nil,
        run: @escaping @Sendable (Call, isolated Session) async throws -> Void
    ) {
        self.signature = signature
        self.effect = effect
        self.run = run
        self.plan = plan
    }
}

extension Grammar {
    /// The whole language.
    package static let vecsh = Grammar(
        Command.all.map(\.signature), universal: Universal.clauses, functions: BuiltIn.all.map(\.function))
}
