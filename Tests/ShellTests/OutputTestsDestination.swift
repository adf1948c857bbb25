import Foundation
import JSON
import Testing

@testable import Shell

private struct Broken: Error {}

/// A new folder, removed with the test.
final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "vecsh-output-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) -> String? { try? String(contentsOfFile: path + "/" + name, encoding: .utf8) }
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

@Suite(.timeLimit(.minutes(5))) struct OutputTestsDestination {
    @Test func aFileIsThereWhenItIsComplete() async throws {
        let folder = try Folder()
        let path = folder.path + "/out.json"
        try "old".write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o640)
        let value = try await Output.to(.path(path), format: .json) { output in
            for number in 0..<20_000 { try await output.print(.integer(Int64(number))) }
            #expect(folder.text("out.json") == "old")
            return 7
        }
        #expect(value == 7)
        #expect(folder.text("out.json") == (0..<20_000).map { "\($0)\n" }.joined())
        #expect(folder.names == ["out.json"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o640)
    }

    @Test func afterAFailureTheOldFileStays() async throws {
        let folder = try Folder()
        try "old".write(toFile: folder.path + "/out", atomically: false, encoding: .utf8)
        for name in ["out", "new"] {
            await #expect(throws: Broken.self) {
                try await Output.to(.file(folder.path + "/" + name)) { output in
                    try await output.print(text: String(repeating: "x", count: 200_000))
                    throw Broken()
                }
            }
        }
        #expect(folder.text("out") == "old")
        #expect(folder.names == ["out"])
    }

    @Test func aLinkStaysALinkAndADeviceADevice() async throws {
        let folder = try Folder()
        try "old".write(toFile: folder.path + "/real", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: folder.path + "/real")
        try await Output.to(.file(folder.path + "/link")) { try await $0.print(text: "new") }
        #expect(folder.text("real") == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link").hasSuffix("/real"))
        try await Output.to(.file("/dev/null")) { try await $0.print(text: "gone") }
        #expect(
            try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType != .typeRegular)
    }

    @Test func whatCannotBeWrittenIsKnownBeforeAnythingIsDone() async throws {
        let folder = try Folder()
        for (path, reason) in [
            (folder.path + "/no/such/file", "No such file or directory"), (folder.path, "Is a directory"),
        ] {
            do {
                try await Output.to(.file(path)) { _ in Issue.record("the body ran") }
                Issue.record("\(path) was written")
            } catch OutputError.failed(let message, let help) {
                #expect(message == "cannot write \(path): \(reason)")
                #expect(help != nil)
            }
        }
    }

    @Test func aFullDiskIsAnError() async throws {
        await #expect(throws: OutputError.self) {
            try await Output.to(.file("/dev/full")) { try await $0.print(text: "x") }
        }
    }

    @Test func theCommandOfAPipeReadsTheTextAndItsOutputCanGoToAFile() async throws {
        let folder = try Folder()
        let place = Destination.Place.command("jq -c .name", into: folder.path + "/out")
        try await Output.to(place, format: .jsonl) { try await $0.print([["name": "a"], ["name": "日本"]]) }
        #expect(folder.text("out") == "\"a\"\n\"日本\"\n")
        #expect(folder.names == ["out"])
    }

    @Test(arguments: [
        ("cat >/dev/null; exit 3", "failed with exit code 3"),
        ("no-such-program-here", "was not found (exit code 127)"),
        ("kill -TERM $$", "was ended by signal 15"),
    ])
    func aCommandThatFailsIsAnError(_ command: String, _ reason: String) async throws {
        let folder = try Folder()
        do {
            try await Output.to(.command(command + " 2>/dev/null", into: folder.path + "/out")) { output in
                try await output.print(text: "text")
            }
            Issue.record("no error")
        } catch OutputError.failed(let message, _) {
            #expect(message == "`\(command) 2>/dev/null` \(reason)")
        }
        #expect(folder.names == [])
    }

    @Test func aCommandThatHasReadEnoughIsNoError() async throws {
        let folder = try Folder()
        let place = Destination.Place.command("head -1", into: folder.path + "/out")
        let value: Void? = try await Output.to(place) { output in
            for number in 0... { try await output.print(text: "line \(number)\n") }
        }
        #expect(value == nil)
        #expect(folder.text("out") == "line 0\n")
    }

    @Test func aCommandIsEndedWhenTheStatementFails() async throws {
        let folder = try Folder()
        let place = Destination.Place.command("cat; echo complete > \(folder.path)/done", into: folder.path + "/out")
        await #expect(throws: Broken.self) {
            try await Output.to(place) { output in
                try await output.print(text: String(repeating: "x", count: 100_000))
                throw Broken()
            }
        }
        #expect(folder.names == [])
    }

    @Test func childrenGetDefaultSignals() async throws {
        let folder = try Folder()
        let command = "cat >/dev/null; grep -E 'SigIgn|SigBlk' /proc/self/status"
        try await Output.to(.command(command, into: folder.path + "/out")) { try await $0.print(text: "x") }
        let masks = (folder.text("out") ?? "").split(whereSeparator: \.isWhitespace).compactMap {
            UInt64($0, radix: 16)
        }
        // Those above 31 are the C library's own.
        #expect(masks.map { $0 & 0x7FFF_FFFF } == [0, 0])
    }
}

/// Runs what blocks on a thread of its own: the few threads that tasks share would all wait.
private func onThread(_ body: @escaping @Sendable () -> Data) -> Task<Data, Never> {
    let (stream, continuation) = AsyncStream.makeStream(of: Data.self)
    Thread.detachNewThread {
        continuation.yield(body())
        continuation.finish()
    }
    return Task { await stream.first { _ in true } ?? Data() }
}

@Suite(.timeLimit(.minutes(5))) struct OutputTestsStandardOutput {
    @Test func aReaderThatLeavesEndsUsQuietly() async throws {
        let pipe = try #require(PipeEnds())
        let descriptor = pipe.writing
        defer { close(descriptor) }
        let reader = onThread {
            let reading = FileHandle(fileDescriptor: pipe.reading, closeOnDealloc: false)
            defer { close(pipe.reading) }
            return reading.availableData
        }
        await #expect(throws: OutputError.standardOutputClosed) {
            try await Output.to(.standardOutput, options: OutputOptions(standardOutput: descriptor)) { output in
                for number in 0... { try await output.print(text: "line \(number)\n") }
            }
        }
        #expect(await reader.value.starts(with: "line 0\n".utf8))
    }

    @Test func aReaderThatLeftBeforeTheEndIsNoticedAtTheEnd() async throws {
        let pipe = try #require(PipeEnds())
        defer { close(pipe.writing) }
        close(pipe.reading)
        await #expect(throws: OutputError.standardOutputClosed) {
            let options = OutputOptions(standardOutput: pipe.writing)
            try await Output.to(.path("-"), options: options) { try await $0.print(text: "short") }
        }
    }

    @Test func everythingArrivesThroughASlowPipeThatDoesNotBlock() async throws {
        let pipe = try #require(PipeEnds())
        let descriptor = pipe.writing
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let reader = onThread {
            var all = Data()
            let reading = FileHandle(fileDescriptor: pipe.reading, closeOnDealloc: true)
            while true {
                usleep(100)
                let piece = reading.availableData
                guard !piece.isEmpty else { return all }
                all += piece
            }
        }
        try await Output.to(.standardOutput, options: OutputOptions(standardOutput: descriptor)) { output in
            for number in 0..<20_000 { try await output.print(text: "\(number)\n") }
        }
        close(descriptor)
        #expect(await reader.value == Data((0..<20_000).map { "\($0)\n" }.joined().utf8))
    }
}
