import Foundation
import JSON
import TestSupport
import Testing

/// The loop for AWS Lambda, against a stand-in of what Lambda has there for a container.
@Suite(.timeLimit(.minutes(5))) struct LambdaRunbookTests {
    private let place: KillPlace

    init() throws { place = try KillPlace() }

    private func path(_ name: String) -> String { "\(place.folder)/\(name)" }

    private func write(_ text: String, to name: String) throws {
        let folder = URL(filePath: path(name)).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    /// What is answered to the events, in their order; each run may take so long.
    private func answers(to events: [String], seconds: Double = 60) throws -> [JSONValue] {
        try write("[\(events.joined(separator: ","))]", to: "events")
        try write("", to: "answers")
        let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        for name in ["runtime", "function"] { try write("", to: "\(name)/made") }
        let runtime = try ChildProgram(
            "/usr/bin/python3",
            [project + "/Tests/Fixtures/lambda_runtime.py"] + ["events", "answers", "port"].map(path) + ["\(seconds)"],
            in: path("runtime"))
        func text(_ name: String) -> String { (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "" }
        #expect(runtime.waits { _ in !text("port").isEmpty }, "\(runtime.errors)")
        let bin = URL(filePath: place.program).deletingLastPathComponent().path
        let function = try ChildProgram(
            "/usr/bin/env",
            [
                "AWS_LAMBDA_RUNTIME_API=127.0.0.1:\(text("port"))", "VECSH_RUNBOOKS=\(path("runbooks"))",
                "VECSH_RESERVE=1", "PATH=\(bin):/usr/bin:/bin", "bash", project + "/scripts/lambda/bootstrap",
            ], in: path("function"))
        #expect(
            function.waits(seconds: 120, pause: 20_000) { _ in
                text("answers").split(separator: "\n").count == events.count
            }, "\(function.errors) \(runtime.errors)")
        function.send(SIGTERM)
        runtime.send(SIGKILL)
        _ = (function.end(), runtime.end())
        return try text("answers").split(separator: "\n").map { try JSONValue(String($0)) }
    }

    @Test func saysHowEachRunEnded() throws {
        try write("```vecsh\nprint \"hello ${name}\"\n```\n", to: "runbooks/hello.md")
        try write("```vecsh\nassert 1 == 2\n```\n", to: "runbooks/wrong.md")
        try write("```vecsh\nlock file://\(path("x.lock")) { print 1 }\n```\n", to: "runbooks/busy.md")
        let holder = try place.start("lock file://\(path("x.lock")) { sleep 60s }")
        #expect(holder.waits { _ in FileManager.default.fileExists(atPath: path("x.lock")) })
        let answers = try answers(to: [
            #"{"runbook": "hello", "set": {"name": "you 'and' me"}}"#, #"{"runbook": "wrong"}"#,
            #"{"runbook": "busy"}"#,
            #"{"runbook": "../hello"}"#, "7",
        ])
        #expect(answers.map { $0["kind"]?.string } == ["response", "error", "response", "error", "error"])
        #expect(answers.map { $0["request"]?.string } == (0..<5).map { "request-\($0)" })
        #expect(answers[0]["state"]?.string == "done")
        #expect(answers[0]["said"]?.string?.contains("hello you 'and' me") == true)
        #expect(answers[1]["errorType"]?.string == "vecsh.exit.4")
        #expect(answers[2]["state"]?.string == "busy")
        #expect(answers[3]["errorMessage"]?.string?.contains("busy hello wrong") == true)
        holder.send(SIGTERM)
    }

    /// The same event again and again, until it is done.
    @Test func goesOnInPieces() async throws {
        try await place.fill(0..<3000)
        let copy =
            KillPlace.connections.replacing("./", with: place.folder + "/")
            + "copy old:n to new:n with rate=1000, batch=100"
        try write("```vecsh\n\(copy)\n```\n", to: "runbooks/copy.md")
        let answers = try answers(to: Array(repeating: #"{"runbook": "copy"}"#, count: 6), seconds: 2)
        let states = answers.map { $0["state"]?.string }
        #expect(states.first == "again" && states.last == "done", "\(answers)")
        #expect(try await place.areEqual())
    }
}
