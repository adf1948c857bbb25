import Language
import Model

extension Command {
    static let load = Command(
        Signature(
            "load", .shape, "Bring a collection into memory, where a store can", [collection.form],
            examples: [Example("load db:notes", "Before many searches.")]), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        let residency = try place.residency()
        try await session.commit("load", place, call) {
            try await place.use { try await residency.load($1) }
            session.say(call, "\(place.description) is loaded")
        }
    }

    static let release = Command(
        Signature(
            "release", .shape, "Let a collection go from memory, where a store can", [collection.form],
            examples: [Example("release db:notes", "After them.")]), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        let residency = try place.residency()
        try await session.commit("release", place, call) {
            try await place.use { try await residency.release($1) }
            session.say(call, "\(place.description) is released")
        }
    }

    static let flush = Command(
        Signature(
            "flush", .shape, "Make sure that what was written survives a crash of the store", [collection.form],
            examples: [Example("flush db:notes", "Before the machine is switched off.")]), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        try session.refuseReadOnly(place)
        try await session.commit("flush", place, call) {
            try await place.use { store, name in
                try await store.settle(name)
                try await store.flushing?.flush(name)
            }
            session.say(call, "\(place.description) is on disk")
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection that is meant")

extension Session {
    /// Also on a readonly connection: what is loaded is not changed.
    fileprivate func commit(
        _ verb: String, _ place: Place, _ call: Call, _ body: () async throws -> Void
    ) async throws {
        _ = try await place.use { try await $0.describe($1) }
        let count = isPlanning ? try await place.countForChange() : nil
        try await commit(Intent("\(verb) \(place.description)", records: count), call, body)
    }
}

extension Place {
    fileprivate func residency() throws -> any Residency {
        guard let residency = store.residency else {
            throw Failure("E0510", "this store reads collections where they lie; there is nothing to load", at: span)
        }
        return residency
    }
}
