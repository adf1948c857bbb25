import Foundation
import JSON
import Shell
import Testing

/// What the documentation shows is run, and gives what the documentation says.
@Suite struct DocumentationTests {
    @Test(arguments: Document.all)
    func everyBlockRuns(_ document: Document) throws {
        let folder = try TemporaryFolder()
        try folder.write(document.script, to: "document.vsh")
        let run = try ProgramRun(Document.data + ["document.vsh"], in: folder)
        #expect(run.exit == 0, "\(document.path): \(run.errors)")
        let outputs = document.outputs(in: run.output)
        for block in document.blocks where block.kind == .run {
            guard let expected = block.shown else { continue }
            #expect(outputs[block.line] == expected, "\(document.path):\(block.line)")
        }
    }

    @Test(arguments: Document.all.flatMap { document in document.failing.map { (document, $0) } })
    func whatIsSaidToFailFails(_ document: Document, _ block: Document.Block) throws {
        guard case .fails(let code) = block.kind else { return }
        func run(_ arguments: [String]) throws -> ProgramRun {
            let folder = try TemporaryFolder()
            try folder.write(document.script(before: block), to: "document.vsh")
            return try ProgramRun(Document.data + arguments + ["document.vsh"], in: folder)
        }
        let result = try run(["--errors", "json"])
        #expect(result.exit != 0)
        let codes = result.errors.split(separator: "\n").compactMap { try? JSONValue(Array($0.utf8))["code"]?.string }
        #expect(codes == [code], "\(document.path):\(block.line): \(result.errors)")
        if let shown = block.shown {
            #expect(try run([]).errors.hasSuffix(shown + "\n"), "\(document.path):\(block.line)")
        }
    }

    @Test(arguments: Document.all.flatMap { document in document.parsed.map { (document, $0) } })
    func whatIsNotRunCanBeRead(_ document: Document, _ block: Document.Block) throws {
        let run = try ProgramRun(["--check", "-c", block.text], in: TemporaryFolder())
        #expect(run.exit == 0, "\(document.path):\(block.line): \(run.errors)")
    }

    @Test func theTourTellsItsOwnFolders() throws {
        let folder = try TemporaryFolder()
        let notebook = folder.url.appending(path: "elsewhere.db").path
        let tour = project.appending(path: "docs/tour.md").path
        let run = try ProgramRun(Document.data + ["-v", "notebook=\(notebook)", tour], in: folder)
        #expect(run.exit == 0, "\(run.errors)")
        #expect(FileManager.default.fileExists(atPath: notebook))
        #expect(run.errors.contains("✓ Clean up"))
    }

    @Test func linksLeadSomewhere() throws {
        for document in Document.all {
            for match in document.text.matches(of: #/\]\((?!https?:)([^)#\s]+)[^)]*\)/#) {
                let target = document.url.deletingLastPathComponent().appending(path: String(match.1))
                #expect(
                    FileManager.default.fileExists(atPath: target.path), "\(document.path): \(match.1) is not there")
            }
        }
    }

    // MARK: Generated files

    /// Bash calls our function as it does behind Tab; the last word is what is being typed.
    @Test(arguments: [
        ("vecsh --fo", "--format"), ("vecsh --format j", "json jsonl"), ("vecsh --format = v", "vertical"),
        ("vecsh --color ne", "never"), ("vecsh -f s", "sub script.vsh"), ("vecsh s", "script.vsh sub"),
    ])
    func bashCompletes(_ line: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "script.vsh")
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "sub"), withIntermediateDirectories: true)
        let script = """
            . '\(project.path)/completions/vecsh.bash'
            COMP_WORDS=(\(line)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _vecsh; echo "${COMPREPLY[*]}"
            """
        let found = try #require(try shell("/bin/bash", ["--norc", "-c", script], in: folder))
        #expect(found.split(separator: " ").sorted() == expected.split(separator: " ").sorted())
    }

    /// Those of them that are installed; `man` says nothing about a page that is in order.
    @Test(arguments: [
        ["/usr/bin/zsh", "-n", "completions/_vecsh"], ["/usr/bin/fish", "-n", "completions/vecsh.fish"],
        ["/usr/bin/man", "--warnings", "-l", "docs/vecsh.1"],
    ])
    func programsReadOurFiles(_ words: [String]) throws {
        let file = project.appending(path: words[words.count - 1]).path
        _ = try shell(words[0], words[1..<(words.count - 1)] + [file], in: TemporaryFolder())
    }

    /// What a program prints; nil where it is not installed. It must not complain.
    private func shell(_ program: String, _ arguments: [String], in folder: TemporaryFolder) throws -> String? {
        guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
        let run = try ProgramRun(program: URL(filePath: program), arguments, in: folder)
        #expect(run.exit == 0 && run.errors.isEmpty, "\(program): \(run.errors)")
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: ReferenceFiles.all.map(\.path))
    func generatedFilesAreUpToDate(_ path: String) throws {
        let expected = try #require(ReferenceFiles.all.first { $0.path == path }?.text)
        let found = try String(contentsOf: project.appending(path: path), encoding: .utf8)
        #expect(found == expected, "run scripts/generate")
    }

    @Test func noPageIsLeftOfACommandThatIsGone() throws {
        let known = Set(ReferenceFiles.all.map(\.path))
        let pages = try FileManager.default.contentsOfDirectory(atPath: project.appending(path: "docs/commands").path)
        #expect(pages.filter { !known.contains("docs/commands/\($0)") } == [])
    }
}

/// A page with blocks that are run.
struct Document: CustomTestStringConvertible, Sendable {
    struct Block: CustomTestStringConvertible, Sendable {
        enum Kind: Hashable, Sendable {
            case run, parse
            case fails(String)
        }
        var kind: Kind
        var line: Int
        var text: String
        /// What the page shows right behind the block.
        var shown: String?

        var testDescription: String { "line \(line)" }
    }

    let path: String
    let text: String
    let blocks: [Block]

    var url: URL { project.appending(path: path) }
    var testDescription: String { path }
    var failing: [Block] { blocks.filter { if case .fails = $0.kind { true } else { false } } }
    var parsed: [Block] { blocks.filter { $0.kind == .parse } }

    /// The tour's data, wherever the script runs.
    static let data = ["-v", "data=\(project.path)/docs/tour"]

    static let all: [Document] = {
        let docs = FileManager.default.subpaths(atPath: project.appending(path: "docs").path) ?? []
        let top = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
        return (top + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }).map(Document.init)
    }()

    init(_ path: String) {
        self.path = path
        text = (try? String(contentsOf: project.appending(path: path), encoding: .utf8)) ?? ""
        blocks = Document.blocks(of: text.components(separatedBy: "\n"))
    }

    /// All that is run, in order; a mark behind each block tells its output from the next one's.
    var script: String {
        blocks.filter { $0.kind == .run }.map { "\($0.text)\nrun 'echo \(Document.mark)\($0.line)'\n" }.joined()
    }

    func script(before block: Block) -> String {
        let earlier = blocks.filter { $0.kind == .run && $0.line < block.line }
        return (earlier + [block]).map(\.text).joined(separator: "\n")
    }

    private static let mark = "---end of block "

    /// What each block has printed, by its line.
    func outputs(in text: String) -> [Int: String] {
        var outputs: [Int: String] = [:]
        var lines: [String] = []
        for line in text.replacing("\r\n", with: "\n").components(separatedBy: "\n") {
            if line.hasPrefix(Document.mark), let number = Int(line.dropFirst(Document.mark.count)) {
                outputs[number] = Document.trimmed(lines)
                lines = []
            } else {
                lines.append(line)
            }
        }
        return outputs
    }

    private static func trimmed(_ lines: [String]) -> String {
        lines.map { $0.replacing(#/\s+$/#, with: "") }.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }

    private static func blocks(of lines: [String]) -> [Block] {
        var blocks: [Block] = []
        var number = 0
        while number < lines.count {
            let info = lines[number]
            number += 1
            guard info.hasPrefix("```"), info != "```" else { continue }
            let start = number
            while number < lines.count, lines[number] != "```" { number += 1 }
            let body = Array(lines[start..<number])
            number += 1
            if info == "```text", let last = blocks.indices.last, isRightBehind(blocks[last], start - 1, lines) {
                blocks[last].shown = trimmed(body)
            } else if let kind = kind(of: info) {
                blocks.append(Block(kind: kind, line: start + 1, text: body.joined(separator: "\n")))
            }
        }
        return blocks
    }

    /// Only empty lines between the end of a block and the next fence.
    private static func isRightBehind(_ block: Block, _ fence: Int, _ lines: [String]) -> Bool {
        let end = block.line - 1 + block.text.components(separatedBy: "\n").count
        return end < fence && lines[(end + 1)..<fence].allSatisfy(\.isEmpty)
    }

    private static func kind(of info: String) -> Block.Kind? {
        let words = info.dropFirst(3).split(separator: " ").map(String.init)
        guard words.first == "vecsh" else { return nil }
        if words.contains("no-run") { return .parse }
        if let code = words.first(where: { $0.hasPrefix("fails=") }) { return .fails(String(code.dropFirst(6))) }
        return .run
    }
}
