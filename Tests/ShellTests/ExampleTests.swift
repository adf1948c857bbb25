import Foundation
import Language
import Shell
import TestSupport
import Testing

/// Every example of every command, as help, manual and command pages show it.
@Suite struct ExampleTests {
    @Test(arguments: DocumentedExample.all)
    func everyExampleIsRead(_ example: DocumentedExample) {
        let script = Parser.parse(Source(name: "example", text: example.line), nil, .vecsh)
        #expect(script.problems.map(\.message) == [])
        #expect(script.statements.count == 1)
    }

    @Test(arguments: DocumentedExample.all.filter { !$0.isForPeople && !$0.namesJob })
    func everyExampleRuns(_ example: DocumentedExample) throws {
        let folder = try TemporaryFolder()
        try example.prepare(folder)
        let run = try ProgramRun(
            ["--yes", "-c", DocumentedExample.start, "-c", example.preparation, "-c", example.line(in: folder)],
            in: folder)
        #expect(run.exit == example.exit, "\(run.errors)")
    }

    @Test func everyCommandHasAnExample() {
        #expect(Grammar.vecsh.signatures.filter { $0.examples.isEmpty }.map(\.name) == [])
    }

    /// What saves needs something that was typed.
    @Test(arguments: DocumentedExample.all.filter(\.isForPeople))
    func examplesForThePromptRunThere(_ example: DocumentedExample) throws {
        let folder = try TemporaryFolder()
        let pty = try Pty(
            ProgramRun.program.path, ["--no-rc"],
            environment: folder.environment.filter { $0.key != "COLUMNS" })
        try #require(pty.waits { $0.text.contains("vecsh>") })
        pty.send("print 42\r")
        pty.expect("the number") { $0.lines.contains("42") }
        let place = folder.url.appending(path: "fix-alias.vsh").path
        pty.send(example.line.replacing("./", with: folder.url.path + "/") + "\r")
        pty.expect("the script") { _ in FileManager.default.fileExists(atPath: place) }
        #expect(try String(contentsOfFile: place, encoding: .utf8) == "#!/usr/bin/env vecsh\nprint 42\n")
    }
}

/// An example with what must be there before it runs.
struct DocumentedExample: CustomTestStringConvertible, Sendable {
    let verb: String
    let line: String

    var testDescription: String { line }

    static let all = Grammar.vecsh.signatures.flatMap { signature in
        signature.examples.map { DocumentedExample(verb: signature.name, line: $0.line) }
    }

    /// `save` is about statements that were typed.
    var isForPeople: Bool { verb == "save" }

    /// The id of a job is made up when it begins: `Tests/TransferTests` goes on with jobs.
    var namesJob: Bool { ["resume", "cancel"].contains(verb) }

    var exit: Int32 { line == "quit 3" ? 3 : 0 }

    /// The session that examples speak of.
    static let start = """
        let name = 'notes'
        connect db to sqlite://./session.db
        create db:notes fields (id text(64) key, v vector(3) metric cosine, page int64 null, title text null) open
        put db:notes from ./some.jsonl
        index db:notes on page using btree as page_index
        alias db:live for notes
        create db:old fields (id text(64) key, v vector(3) metric l2)
        connect old to archive://./export
        create old:notes like db:notes
        put old:notes from ./some.jsonl
        connect new to mem://new
        create new:notes like db:notes
        """

    /// What one example needs beyond that.
    var preparation: String {
        switch (verb, line) {
        case ("create", let line) where line.contains("db:notes"): "drop db:notes including aliases yes"
        case ("index", let line) where line.contains("db:copy"):
            "create db:copy fields (id text(64) key, v vector(3) metric cosine, page int64 null) open"
        case ("index", _): "drop index db:notes page_index yes"
        case ("probe", let line) where line.contains("current"), ("prune", let line) where line.contains("current"):
            "point file://./current to 'one'"
        case ("restore", _), ("prune", _): "backup db:notes to ./backups"
        case ("list", let line) where line.contains("backups"): "backup db:notes to ./backups"
        // Only an archive has something to load.
        case ("load", _), ("release", _):
            "connect db to archive://./loaded\ncreate db:notes fields (id text(64) key, v vector(3) metric cosine)"
        case ("copy", "copy db:notes to new:notes"): "drop new:notes yes"
        case ("apply", _): "drop new:notes yes\nplan copy db:notes to new:notes output ./plan.json"
        case ("verify", let line) where line.contains("*"): "create old:old like db:old"
        case ("merge", _): "create db:alpha_docs like db:notes\nput db:alpha_docs from ./some.jsonl"
        case ("rollback", let line) where line.contains("://"):
            "point file://./current to 'one'\npoint file://./current to 'two'"
        case ("point", let line) where line.contains("expecting"): "point file://./current to 'snapshot_1'"
        case ("download", _): "upload ./export to file://./srv/snapshot\nupload ./export to file://./srv/export"
        case ("promote", _), ("rollback", _), ("prune", _): "copy old:notes to db:notes staged"
        case ("verify", let line) where line.contains("staged"): "copy old:notes to db:notes staged"
        case ("verify", let line) where line.contains("<project>"):
            """
            create db:alpha_docs like db:notes
            put db:alpha_docs from ./some.jsonl
            create db:beta_docs like db:notes
            put db:beta_docs from ./some.jsonl
            merge db:<project>_docs into new:docs set project=$project with ids=uuid5
            """
        default: ""
        }
    }

    func prepare(_ folder: TemporaryFolder) throws {
        let records = (1...12).map {
            #"{"key":"a\#($0)","vectors":{"v":[\#($0),1,0]},"fields":{"page":\#($0),"title":"Page \#($0)"}}"#
        }
        try folder.write(records.joined(separator: "\n") + "\n", to: "some.jsonl")
        try folder.write("print 'common'\n", to: "common.vsh")
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "srv/export"), withIntermediateDirectories: true)
    }

    /// A path from the root is one of ours.
    func line(in folder: TemporaryFolder) -> String {
        line.replacing("///srv/", with: "://\(folder.url.path)/srv/".dropFirst(1))
    }
}
