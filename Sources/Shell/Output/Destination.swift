import Model

/// Where the text of one statement goes; it takes bytes in order and may wait for whoever reads them.
package actor Destination {
    package enum Place: Hashable, Sendable {
        case standardOutput
        /// Complete or not there at all: an old file stays until the new one is whole.
        case file(String)
        /// The input of a shell command, whose own output goes to a file or stays ours.
        case command(String, into: String? = nil)

        /// A file; `-` is standard output.
        package static func path(_ path: String) -> Place { path == "-" ? .standardOutput : .file(path) }
    }

    private var sink: any Sink
    private var isOpen = true
    private let copy: (@Sendable ([UInt8]) -> Void)?
    private let queue = BlockingQueue("output")

    /// Waiting for a reader must not keep other tasks from running.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// Opens the place, so that what is wrong with it is known before there is anything to write.
    package init(_ place: Place, options: OutputOptions = OutputOptions()) throws(OutputError) {
        copy = options.copy
        switch place {
        case .standardOutput: sink = options.standardSink()
        case .file(let path): sink = try FileSink(path)
        case .command(let command, let path):
            sink = try CommandSink(command, into: path, sharing: options.standardOutput)
        }
    }

    init(_ sink: any Sink) {
        self.sink = sink
        copy = nil
    }

    deinit { if isOpen { sink.abandon() } }

    package func write(_ bytes: [UInt8]) throws(OutputError) {
        copy?(bytes)
        try sink.write(bytes)
    }

    /// Everything is written: hands on what is left, waits for the reader to end, puts the file in its place.
    package func finish() throws(OutputError) {
        guard isOpen else { return }
        isOpen = false
        try sink.finish()
    }

    /// The statement has failed: removes the file that is not complete, ends the command.
    package func abandon() {
        guard isOpen else { return }
        isOpen = false
        sink.abandon()
    }
}
