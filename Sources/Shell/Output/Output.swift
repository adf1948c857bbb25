import Glibc
import JSON
import Model

/// How one statement's results leave: as which text, and where to.
package struct Output: Sendable {
    package let format: Format
    package let look: Look
    let destination: Destination

    init(format: Format, look: Look, destination: Destination) {
        self.format = format
        self.look = look
        self.destination = destination
    }

    /// Runs `body` with an output that is finished when it returns and abandoned when it throws.
    ///
    /// Answers nil if the pager or the command was left before the end. Throws
    /// ``OutputError/standardOutputClosed`` if nobody reads standard output any more.
    @discardableResult
    package static func to<Value>(
        _ place: Destination.Place, format: Format = .table, options: OutputOptions = OutputOptions(),
        isolation: isolated (any Actor)? = #isolation, _ body: (Output) async throws -> Value
    ) async throws -> Value? {
        let destination = try Destination(place, options: options)
        let output = Output(format: format, look: options.look(of: place), destination: destination)
        var value: Value?
        do {
            value = try await body(output)
        } catch OutputError.readerLeft {
            value = nil
        } catch {
            await destination.abandon()
            throw error
        }
        try await destination.finish()
        return value
    }

    /// One document, or a list of documents where a pattern was asked for.
    ///
    /// `plain` stands for it in tables, where a bare word or number says all.
    package func print(_ document: JSONValue, plain: String? = nil) async throws(OutputError) {
        if let plain, format == .table || format == .vertical { return try await print(text: plain + "\n") }
        try await destination.write(AnswerText(format: format, look: look).document(document))
    }

    /// Objects as rows with these columns; JSON has all their members.
    package func print(rows: [JSONValue], columns: [String]) async throws(OutputError) {
        try await destination.write(AnswerText(format: format, look: look).rows(rows, columns: columns))
    }

    /// Text as it is, in every format.
    package func print(text: String) async throws(OutputError) { try await destination.write(Array(text.utf8)) }

    /// Begins a stream of records; `shape` is that of the batches, as a projection leaves it.
    package func records(of shape: Model.Collection, hasScores: Bool = false) -> RecordOutput {
        RecordOutput(format.records(of: shape, hasScores: hasScores, look: look), destination)
    }
}

/// Records on their way out, batch by batch.
package struct RecordOutput: Sendable {
    private var text: any RecordText
    private let destination: Destination
    private var writer = JSONWriter()

    private static let piece = 1 << 16

    init(_ text: any RecordText, _ destination: Destination) {
        self.text = text
        self.destination = destination
        self.text.begin(to: &writer)
    }

    /// Prints a batch; where there are scores, one for each record.
    package mutating func print(_ batch: Batch, scores: [Float] = []) async throws(OutputError) {
        for row in 0..<batch.count {
            text.write(batch, row: row, score: row < scores.count ? scores[row] : nil, to: &writer)
            if writer.bytes.count >= Self.piece { try await send() }
        }
    }

    /// Closes the array, draws what is held back: to be called once, behind the last batch.
    package mutating func finish() async throws(OutputError) {
        text.finish(to: &writer)
        try await send()
    }

    private mutating func send() async throws(OutputError) {
        try await destination.write(writer.bytes)
        writer.bytes.removeAll(keepingCapacity: true)
    }
}

/// What a person has chosen about output as such.
package struct OutputOptions: Sendable {
    package var coloring: Coloring
    package var isPaged: Bool
    package var environment: Environment
    package var standardOutput: Int32
    /// Gets what is written too: the transcript.
    package var copy: (@Sendable ([UInt8]) -> Void)?

    package init(
        coloring: Coloring = .automatic, isPaged: Bool = true, environment: Environment = .process,
        standardOutput: Int32 = 1, copy: (@Sendable ([UInt8]) -> Void)? = nil
    ) {
        self.coloring = coloring
        self.isPaged = isPaged
        self.environment = environment
        self.standardOutput = standardOutput
        self.copy = copy
    }

    func look(of place: Destination.Place) -> Look {
        guard place == .standardOutput else {
            return Look(screen: nil, coloring: coloring, environment: environment)
        }
        return Look(of: standardOutput, coloring: coloring, environment: environment)
    }

    func standardSink() -> any Sink {
        guard isPaged, isatty(standardOutput) == 1, let pager = Pager.command(environment) else {
            return DescriptorSink.standardOutput(standardOutput)
        }
        return PagerSink(pager, screen: Screen(standardOutput, environment), standardOutput: standardOutput)
    }
}
