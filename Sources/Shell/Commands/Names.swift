import Language
import Model

extension Command {
    static let alias = Command(
        Signature(
            "alias", .shape, "Make a name stand for a collection, or for another one than before",
            [second.form, .word("for"), target.form],
            details: "An alias that exists is moved in one step: nobody finds it pointing nowhere.",
            examples: [Example("alias db:live for notes", "`db:live` now means `db:notes`.")]), effect: .commits
    ) { call, session in
        let place = try await session.place(call[second])
        let target = try call[target]
        guard let aliasing = place.store.aliasing else {
            throw Failure("E0510", "this store has no aliases", at: place.span)
        }
        let before = try await place.use { _, alias in try await aliasing.aliases()[alias] }
        if before == target.value {
            return session.commitNothing("\(place.name) stands for \(target.value) already", call)
        }
        try await session.refuseCollection(place)
        let name = try await blaming(target.span) { try await place.store.describe(target.value).collection.name }
        let intent = Intent(
            "make \(place.description) stand for \(name)", of: place,
            notes: before.map { ["it stands for \($0) now"] } ?? [])
        try await session.commit(intent, call) {
            try await blaming(target.span) { try await aliasing.point(place.name, to: target.value) }
            let old = before.map { ", no longer for \($0)" } ?? ""
            session.say(call, "\(place.name) stands for \(target.value)\(old)")
        }
    }

    static let rename = Command(
        Signature(
            "rename", .shape, "Give a collection another name", [collection.form, .word("to"), name.form],
            examples: [Example("rename db:notes to archive_2024", "Aliases follow it.")]), effect: .commits
    ) { call, session in
        let (place, new) = (try await session.place(call[collection]), try call[name])
        guard let renaming = place.store.renaming else {
            throw Failure("E0510", "this store cannot rename collections", at: place.span)
        }
        let intent = try await session.renaming(place, to: new)
        try await session.commit(intent, call) {
            do throws(StoreError) { try await renaming.rename(place.name, to: new.value) } catch {
                throw Failure(error, at: error.code == .notFound ? place.span : new.span)
            }
            session.say(call, "\(place.description) is now \(place.connection):\(new.value)")
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection that is meant")
private let name = Parameter<Located<String>>.named("name", "The new name")
private let second = Parameter<Located<Reference>>.collection("alias", "The alias, with its connection")
private let target = Parameter<Located<String>>.named(
    "target", kind: .sibling(of: "alias"), "The collection that it stands for, on the same connection")

extension Session {
    /// Throws if the collection is not there, is an alias, or the new name is taken.
    fileprivate func renaming(_ place: Place, to new: Located<String>) async throws -> Intent {
        let description = try await place.use { try await $0.describe($1) }
        guard description.collection.name == place.name else {
            throw Failure(StoreError.isAlias(place.name), at: place.span)
        }
        try await blaming(new.span) {
            if try await place.store.collections().contains(new.value) { throw StoreError.isCollection(new.value) }
            if try await place.store.aliasing?.aliases()[new.value] != nil { throw StoreError.isAlias(new.value) }
        }
        let count = try await place.countForChange()
        return Intent(
            "rename \(place.description) to \(new.value)", of: place, records: count,
            notes: description.aliases.map { "its alias \($0) follows" })
    }

    /// An alias may not have the name of a collection.
    fileprivate func refuseCollection(_ place: Place) async throws {
        guard try await place.use({ try await $0.collections().contains($1) }) else { return }
        throw Failure(
            "E0502", "\(place.description) is a collection", at: place.span,
            help: ["write the alias first: alias \(place.connection):ALIAS for \(place.name)"])
    }
}
