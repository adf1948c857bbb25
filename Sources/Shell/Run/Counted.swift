import Model

/// A number of records, in words.
enum Counted {
    static func records(_ count: Int) -> String { "\(count) \(count == 1 ? "record" : "records")" }
}

extension Place {
    /// How many records there are; a store that would have to bring them into memory says what its statistics say.
    func tally() async throws -> Tally {
        try await use { store, name in
            if let counting = store.counting { return try await counting.tally(name) }
            return Tally(try await reading { try await $0.count(nil) }, isExact: true)
        }
    }

    /// How many records a change would meet. Only what is certain to be empty is: statistics may not know of new ones.
    func countForChange() async throws -> Int {
        let tally = try await tally()
        if tally.isExact || tally.records > 0 { return tally.records }
        return try await reading { try await $0.count(nil) }
    }
}

extension Session {
    /// Says which counts are not certain.
    func tellOfStatistics(_ inexact: [Place]) {
        guard let first = inexact.first else { return }
        let which = inexact.count == 1 ? first.description : "\(first.description) and \(inexact.count - 1) more"
        messages.say("\(which) is not in memory: counted by the server's statistics; `count` looks itself")
    }
}
