import JSON
import Language
import Model

/// What a statement is about to do, when everything that can be looked at beforehand has been.
struct Intent {
    /// What follows "would": `drop db:n`.
    var deed: String
    /// The collection that it changes; nil where it changes none.
    var place: Place?
    /// How many records it touches; nil where that is not known, or not the point.
    var records: Int?
    /// What else is good to know before.
    var notes: [String]
    /// What a person types before it is done; nil where nothing is lost.
    var confirmation: String?

    init(
        _ deed: String, of place: Place? = nil, records: Int? = nil, notes: [String] = [], byTyping name: String? = nil
    ) {
        (self.deed, self.place, self.records, self.notes, confirmation) = (deed, place, records, notes, name)
    }

    /// `drop db:n (3 records)`.
    var sentence: String { deed + (records.map { " (\(Counted.records($0)))" } ?? "") }
}

/// What a plan has found out about one step of a statement.
enum PlannedStep {
    case would(Intent)
    /// All is as the statement wants it.
    case nothing(String)

    var plain: String {
        switch self {
        case .would(let intent):
            "would \(intent.sentence)" + (intent.notes.isEmpty ? "" : ": " + intent.notes.joined(separator: ", "))
        case .nothing(let why): "nothing to do: \(why)"
        }
    }

    var json: JSONValue {
        switch self {
        case .would(let intent):
            [
                "would": .string(intent.deed), "collection": .optional(intent.place?.description),
                "records": .optional(intent.records), "notes": .array(intent.notes.map(JSONValue.string)),
            ]
        case .nothing(let why): ["would": .null, "collection": .null, "records": 0, "notes": [.string(why)]]
        }
    }
}

extension Session {
    /// Whether a command is only asked what it would do.
    var isPlanning: Bool { planned != nil }

    /// The one way to a change: asks where something is lost, and does it; where it is only planned, notes it down.
    ///
    /// Whatever a command finds wrong it throws before, so that a plan fails as the statement itself would.
    func commit(_ intent: Intent, _ call: Call, _ body: () async throws -> Void) async throws {
        if let place = intent.place { try refuseReadOnly(place) }
        guard planned == nil else {
            planned?.append(.would(intent))
            return
        }
        if let name = intent.confirmation { try await confirm(call, intent.sentence, byTyping: name) }
        try await confirmLocks(at: call.verb)
        try await body()
    }

    /// Says that all is as it should be.
    func commitNothing(_ why: String, _ call: Call) {
        guard planned == nil else {
            planned?.append(.nothing(why))
            return
        }
        say(call, why)
    }

    /// What a store behind a readonly connection would say, said before anything is done.
    func refuseReadOnly(_ place: Place) throws {
        guard connection(place.connection)?.isReadOnly == true else { return }
        throw Failure(StoreError.readOnly(place.connection), at: place.span)
    }

    /// Lets a command come as far as its first change, and shows what that would be.
    func showIntents(of command: Command, _ call: Call) async throws {
        try await showIntents(call) { try await command.run(call, self) }
    }

    func showIntents(_ call: Call, _ body: () async throws -> Void) async throws {
        planned = []
        defer { planned = nil }
        try await body()
        let steps = planned ?? []
        let documents = steps.map(\.json)
        try await answer(call) { output in
            try await output.print(
                documents.count == 1 ? documents[0] : .array(documents),
                plain: secrets.redacted(steps.map(\.plain).joined(separator: "\n")))
        }
    }
}
