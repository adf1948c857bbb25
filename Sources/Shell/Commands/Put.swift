import Language
import Model

extension Command {
    static let put = Command(
        Signature(
            "put", .change, "Insert records, or replace those with the same key",
            [collection.form, .choice([[.word("from"), path.form], [record.form]])],
            details: """
                A record is written as `peek … format jsonl` prints it: {"key":…,"vectors":{…},"fields":{…}}. A file holds
                one a line; all of it is read and checked before anything is written.
                """,
            examples: [
                Example(
                    #"put db:notes '{"key":"a1","vectors":{"v":[1,2,3]},"fields":{"page":1}}'"#, "One record."),
                Example("put db:notes from ./some.jsonl", "A file of them; - is the standard input."),
            ]), effect: .commits
    ) { call, session in
        let place = try await session.place(call[collection])
        let shape = try await place.use { try await $0.describe($1).collection }
        let source = try await session.records(call)
        try Batches.check(source, shape)
        let batches = Batches(source, shape, place.store.facts.write)
        let intent = try await session.intent(putting: source, shape, into: place)
        try await session.commit(intent, call) {
            var written = 0
            while let batch = try batches.next() {
                try Task.checkCancellation()
                _ = try await blaming(source.span) { try await place.store.write(batch, to: place.name, .again) }
                written += batch.count
            }
            try await place.use { try await $0.settle($1) }
            session.say(call, "\(Counted.records(written)) in \(place.description)")
        }
    }
}

private let collection = Parameter<Located<Reference>>.collection("collection", "The collection to write to")
private let record = Parameter<Located<String>>.text("record", "A record as JSON")
private let path = Parameter<Located<String>>.path("file", "A file of records, one JSON object a line")

/// Text that holds records, one a line.
private struct RecordSource {
    var bytes: [UInt8]
    /// Nil for a record in the statement itself.
    var file: String?
    var span: Span
}

extension Session {
    fileprivate func records(_ call: Call) async throws -> RecordSource {
        if let path = try call.optional(path) {
            return RecordSource(bytes: try await fileBytes(path), file: path.value, span: path.span)
        }
        let record = try call[record]
        return RecordSource(bytes: Array(record.value.utf8), span: record.span)
    }

    /// For a plan, also how many of them are there already.
    fileprivate func intent(
        putting source: RecordSource, _ shape: Model.Collection, into place: Place
    ) async throws -> Intent {
        guard isPlanning else { return Intent("put into \(place.description)", of: place) }
        let batches = Batches(source, shape, place.store.facts.write)
        let (count, there) = try await place.reading { reading in
            var (count, there) = (0, 0)
            while let batch = try batches.next() {
                count += batch.count
                there += try await reading.fetch(batch.keys, .keys).count
            }
            return (count, there)
        }
        return Intent(
            "put into \(place.description)", of: place, records: count,
            notes: ["\(count - there) new", "\(there) replaced"])
    }
}

/// Batches of records, cut by what the store takes at once.
private final class Batches {
    private let source: RecordSource
    private let budget: Budget
    private var reader: RecordReader
    private var lines: [ArraySlice<UInt8>]
    private var position = 0

    init(_ source: RecordSource, _ shape: Model.Collection, _ budget: Budget) {
        self.source = source
        self.budget = budget
        reader = RecordReader(shape)
        lines = Batches.split(source)
    }

    /// Throws for the first record that the collection cannot take; nothing has been written then.
    static func check(_ source: RecordSource, _ shape: Model.Collection) throws {
        var reader = RecordReader(shape)
        for (number, line) in split(source).enumerated() {
            try append(line, number, source, to: &reader)
            if reader.count == 1_000 { try blame(source) { () throws(StoreError) in try shape.check(reader.take()) } }
        }
        try blame(source) { () throws(StoreError) in try shape.check(reader.take()) }
    }

    /// Nil when there are no more.
    func next() throws -> Batch? {
        var bytes = 0
        while position < lines.count, reader.count < budget.records {
            let line = lines[position]
            if reader.count > 0, bytes + line.count > budget.bytes { break }
            try Batches.append(line, position, source, to: &reader)
            bytes += line.count
            position += 1
        }
        return reader.count == 0 ? nil : reader.take()
    }

    /// In a file each line is a record; in a statement the whole text is one, however it is laid out.
    private static func split(_ source: RecordSource) -> [ArraySlice<UInt8>] {
        guard source.file != nil else { return [source.bytes[...]] }
        return source.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    private static func append(
        _ line: ArraySlice<UInt8>, _ number: Int, _ source: RecordSource, to reader: inout RecordReader
    ) throws {
        guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
        do throws(StoreError) { try reader.append(line) } catch {
            let place = source.file.map { "\($0), line \(number + 1): " } ?? ""
            throw Failure("E0509", place + error.message, at: source.span, help: ["nothing has been written"])
        }
    }

    private static func blame(_ source: RecordSource, _ body: () throws(StoreError) -> Void) throws {
        do throws(StoreError) { try body() } catch { throw Failure(error, at: source.span) }
    }
}
