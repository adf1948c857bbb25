import Glibc

/// The standard input of a shell command.
struct CommandSink: Sink {
    private let command: String
    private let process: ShellProcess
    private var input: DescriptorSink
    /// Where its standard output goes; nil if it shares ours.
    private var output: (any Sink)?

    init(
        _ command: String, into path: String? = nil, sharing standardOutput: Int32? = nil,
        adding variables: [String] = []
    ) throws(OutputError) {
        self.command = command
        var file: FileSink?
        if let path { file = try FileSink(path) }
        guard let pipe = PipeEnds() else {
            let reason = errno
            file?.abandon()
            throw .system("run", command, reason)
        }
        defer { close(pipe.reading) }
        input = DescriptorSink(pipe.writing, name: "`\(command)`", whenClosed: .readerLeft)
        do {
            process = try ShellProcess(
                command, input: pipe.reading, output: file?.descriptor ?? standardOutput, adding: variables)
        } catch {
            close(pipe.writing)
            file?.abandon()
            throw error
        }
        output = file
    }

    mutating func write(_ bytes: [UInt8]) throws(OutputError) { try input.write(bytes) }

    mutating func finish() throws(OutputError) {
        let ending = end()
        guard ending == .exit(0) else {
            output?.abandon()
            throw failure(ending)
        }
        try output?.finish()
    }

    /// Ends it before it can take half of the text for the whole.
    mutating func abandon() {
        process.terminate()
        close(input.descriptor)
        _ = process.wait()
        output?.abandon()
    }

    /// Waits for it to read the rest and to end; that it does not want the rest is its own affair.
    mutating func end() -> ShellProcess.Ending {
        try? input.finish()
        close(input.descriptor)
        return process.wait()
    }

    private func failure(_ ending: ShellProcess.Ending) -> OutputError {
        switch ending {
        case .exit(127):
            .failed(message: "`\(command)` was not found (exit code 127)", help: "check its name, or install it")
        case .exit(let code): .failed(message: "`\(command)` failed with exit code \(code)", help: nil)
        case .signal(let number):
            .failed(message: "`\(command)` was ended by signal \(number)", help: nil)
        }
    }
}
