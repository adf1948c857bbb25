import Glibc
import Language

extension Session {
    /// What the person makes of a text in their own editor.
    func edited(_ text: String, at span: Span) async throws -> String {
        let environment = invocation.environment
        let chosen = environment["VISUAL"] ?? environment["EDITOR"]
        guard chosen != nil || isatty(0) == 1 && isatty(invocation.standardOutput) == 1 else {
            throw Failure("E0610", "there is no terminal to edit on", at: span, help: ["or set EDITOR"])
        }
        let folder = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(folder)/vecsh-XXXXXX.vsh".utf8CString)
        let descriptor = mkstemps(&template, 4)
        guard descriptor >= 0 else {
            throw Failure("E0601", "cannot write to \(folder): \(FileProblem.last.reason)", at: span)
        }
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        defer { unlink(path) }
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        Glibc.close(descriptor)
        let editor = chosen ?? "vi"
        try await run(Located("\(editor) '\(path)'", at: span), output: nil)
        return try await fileText(Located(path, at: span))
    }
}
