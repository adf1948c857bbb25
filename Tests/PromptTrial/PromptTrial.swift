import Glibc
import Language
import Shell
import Synchronization

/// A shell of a few words, to try the prompt with.
struct PromptTrial {
    private let history: History
    private let prompt: PromptReader

    init(historyPath: String?) {
        history = History(path: historyPath)
        prompt = PromptReader(assistant: .trial, history: history)
    }

    func run() async {
        let sign = Look(of: 1).style.green("trial") + "> "
        while true {
            switch await prompt.read(prompt: sign, continuation: { $0 + " ... " }) {
            case .end: return print("bye")
            case .interrupted: continue
            case .text(let text):
                await execute(text)
                history.add(text, succeeded: true, directory: "/")
            }
        }
    }

    private func execute(_ text: String) async {
        let words = text.split(separator: " ", maxSplits: 1)
        switch words.first {
        case "sleep": await sleep(seconds: words.dropFirst().first.flatMap { Double($0) } ?? 1)
        case "count": print(text.split(separator: "\n").count, "lines", text.utf8.count, "bytes")
        case "half": say("no end of line", terminator: "")
        case "secret": print("heard \(Question.password("Password: ")?.count ?? -1) characters")
        case "confirm": print(Question.isConfirmed("Type docs: ", byTyping: "docs") ? "confirmed" : "refused")
        case nil: break
        default: print("<\(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "|"))>")
        }
        fflush(nil)
    }

    /// Says how often Ctrl-C is pressed; the second press ends it.
    private func sleep(seconds: Double) async {
        let rest = Task { try await Task.sleep(for: .seconds(seconds)) }
        let watch = Interrupt.shared.onInterrupt { presses in
            say("press \(presses)")
            if presses == 2 { rest.cancel() }
        }
        say("sleeping")
        let result = await rest.result
        watch.end()
        say((try? result.get()) == nil ? "stopped" : "slept")
    }
}

private func say(_ text: String, terminator: String = "\n") {
    print(text, terminator: terminator)
    fflush(nil)
}

extension Assistant {
    /// Knows a few verbs and collections, and that a brace, a bracket and a backslash at the end want more.
    fileprivate static let trial = Assistant(
        completions: { text, cursor in
            let left = Array(text.utf8.prefix(cursor))
            let start = left.lastIndex(of: UInt8(ascii: " ")).map { $0 + 1 } ?? 0
            let word = String(decoding: left[start...], as: UTF8.self)
            let known = start == 0 ? verbs : collections
            return Candidates(replacing: start..<cursor, items: known.filter { $0.text.hasPrefix(word) })
        },
        hint: { text, _ in text == "echo " ? "<text> [more]" : text == "copy " ? "<source> to <target>" : "" },
        unfinished: { text in
            if text.hasSuffix("\\") { return "\\" }
            if text.count(where: { $0 == "{" }) > text.count(where: { $0 == "}" }) { return "{" }
            return text.count(where: { $0 == "(" }) > text.count(where: { $0 == ")" }) ? "(" : nil
        })

    private static let verbs = [
        Candidate("copy", kind: "verb", note: "Copy a collection into another store"),
        Candidate("count", kind: "verb", note: "Count the records"),
        Candidate("connect", kind: "verb"),
        Candidate("echo", kind: "verb"),
    ]
    private static let collections =
        [
            Candidate("colpali_kanna_128", kind: "collection", note: "1.2 M rows"),
            Candidate("colpali_größe", kind: "collection", note: "40 rows"),
            Candidate("docs", kind: "collection", follow: ":"),
        ] + (1...60).map { Candidate("many_\($0)", kind: "field") }
}
