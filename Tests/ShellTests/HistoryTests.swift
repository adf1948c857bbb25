import Foundation
import Shell
import Testing

@Suite struct HistoryTests {
    private let folder: URL
    private var path: String { folder.appending(path: "history").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func lines() throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func permissions() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func statementsAreKeptWithTheirCircumstances() throws {
        let text = "copy {\n\t'größe 日本' \"x\" \\\n}"
        History(path: path).add(text, succeeded: false, directory: "/tmp/a b")
        let entry = try #require(History(path: path).entries.first)
        #expect(entry.text == text && !entry.succeeded && entry.directory == "/tmp/a b")
        #expect(abs(Double(entry.time) / 1e6 - Date.now.timeIntervalSince1970) < 60)
        #expect(try lines().count == 1)
    }

    @Test func onlyTheOwnerMayReadIt() throws {
        History(path: path).add("a", succeeded: true, directory: "/")
        #expect(try permissions() == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        History(path: path).add("b", succeeded: true, directory: "/")
        #expect(try permissions() == 0o600)
    }

    @Test func spacesAndRepetitionsAreNotKept() throws {
        let history = History(path: path)
        for text in ["a", "a", " secret", "", "b", "a"] { history.add(text, succeeded: true, directory: "/") }
        #expect(history.texts == ["a", "b", "a"])
        #expect(History(path: path).texts == ["a", "b", "a"])
    }

    @Test func tornAndForeignLinesAreSkipped() throws {
        let lines = ["_HiStOrY_V2_", #"{"text":"a"}"#, "null", #"{"text":7}"#, "", #"{"text":"b","succ"#]
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let history = History(path: path)
        #expect(history.texts == ["a"])
        history.add("c", succeeded: true, directory: "/")
        #expect(History(path: path).texts == ["a", "c"])
        #expect(history.problem == nil)
    }

    @Test func aLongFileIsCutToTheNewest() throws {
        let history = History(path: path, limit: 100)
        for number in 1...111 { history.add("s\(number)", succeeded: true, directory: "/") }
        #expect(history.texts.count == 100)
        #expect(try lines().count == 111)
        let other = History(path: path, limit: 100)
        #expect(other.texts == (12...111).map { "s\($0)" })
        #expect(try lines().count == 100)
        #expect(try permissions() == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["history"])
    }

    @Test func shellsThatWriteAndCutAtOnceLoseNothing() async throws {
        let path = path
        await withTaskGroup(of: Void.self) { group in
            for shell in 0..<8 {
                group.addTask {
                    for number in 0..<50 {
                        History(path: path, limit: 300).add("\(shell) \(number)", succeeded: true, directory: "/")
                    }
                }
            }
        }
        let kept = History(path: path, limit: 10_000).texts
        #expect((300...400).contains(kept.count))
        #expect(Set(kept).count == kept.count)
        for shell in 0..<8 {
            let own = kept.filter { $0.hasPrefix("\(shell) ") }
            #expect(own.last == "\(shell) 49" || own.isEmpty)
        }
    }

    @Test func troubleWithTheFileIsToldAndSurvived() throws {
        let history = History(path: folder.appending(path: "missing/history").path)
        history.add("a", succeeded: true, directory: "/")
        #expect(history.texts == ["a"])
        #expect(history.problem?.contains("cannot be opened: No such file or directory") == true)
    }

    @Test func withoutAPathItLastsForTheSession() {
        let history = History(path: nil, limit: 2)
        for text in ["a", "b", "c"] { history.add(text, succeeded: true, directory: "/") }
        #expect(history.texts == ["b", "c"] && history.problem == nil)
    }
}
