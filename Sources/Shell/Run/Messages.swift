import JSON
import Language
import Model
import Synchronization

/// What the program says beside its results: to standard error, and to the transcript if one is kept.
package final class Messages: Sendable {
    private let descriptor: Int32
    private let style: Style
    private let isJSON: Bool
    private let isQuiet: Bool
    private let secrets: Secrets
    package let transcript: Transcript?

    package init(_ invocation: Invocation, secrets: Secrets, transcript: Transcript?) {
        descriptor = invocation.standardError
        style = Look(of: invocation.standardError, coloring: invocation.coloring).style
        isJSON = invocation.writesErrorsAsJSON
        isQuiet = invocation.isQuiet
        self.secrets = secrets
        self.transcript = transcript
    }

    /// Something that is good to know.
    package func say(_ text: String) {
        guard !isQuiet else { return }
        put(text, dim: true)
    }

    /// Something that must be read, also where little is wanted.
    package func warn(_ text: String) { put(text, dim: false) }

    package func report(_ diagnostic: Diagnostic) {
        let hidden = diagnostic.redacted(by: secrets)
        transcript?.add(message: hidden.rendered())
        write(isJSON ? hidden.json.text : hidden.rendered(paint: paint))
    }

    /// Something that comes and goes, as it is: a progress line.
    func draw(_ text: String) { writeText(text, to: descriptor) }

    private func put(_ text: String, dim: Bool) {
        let hidden = secrets.redacted(text)
        transcript?.add(message: hidden)
        write(dim ? style.dim(hidden) : hidden)
    }

    private func write(_ text: String) { writeText(text + "\n", to: descriptor) }

    private func paint(_ part: Diagnostic.Part, _ text: String) -> String {
        switch part {
        case .title, .caret: style.bold(style.red(text))
        case .message: style.bold(text)
        case .gutter, .origin: style.blue(text)
        case .help: style.cyan(text)
        }
    }
}

extension Diagnostic {
    func redacted(by secrets: Secrets) -> Diagnostic {
        var hidden = self
        hidden.message = secrets.redacted(message)
        hidden.label = secrets.redacted(label)
        hidden.help = help.map(secrets.redacted)
        // The line itself may hold one: then it is shown with its secrets masked, at the cost of the caret's place.
        if let span, secrets.redacted(span.source.text) != span.source.text { hidden.hideSource(by: secrets) }
        return hidden
    }

    private mutating func hideSource(by secrets: Secrets) {
        guard let span else { return }
        let source = span.source
        let before = secrets.redacted(source.text(0..<span.range.lowerBound))
        let inside = secrets.redacted(span.text)
        let after = secrets.redacted(source.text(span.range.upperBound..<source.utf8.count))
        let hidden = Source(name: source.name, text: secrets.redacted(before + inside + after))
        let start = min(before.utf8.count, hidden.utf8.count)
        self.span = Span(hidden, start..<min(start + inside.utf8.count, hidden.utf8.count))
        origin = nil
    }

    /// One object, for programs that call this one.
    package var json: JSONValue {
        let start = span.map { $0.source.position(of: $0.range.lowerBound) }
        let end = span.map { $0.source.position(of: $0.range.upperBound) }
        return [
            "code": .string(code), "message": .string(label.isEmpty ? message : "\(message): \(label)"),
            "file": .optional(span?.source.name), "line": .optional(start?.line), "column": .optional(start?.column),
            "end": .optional(end?.column), "help": .optional(help.first),
        ]
    }
}
