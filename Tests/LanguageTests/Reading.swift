import Language
import Shell

/// The tokens of a text, as kind and text.
func tokens(_ text: String) throws -> [Token] {
    var lexer = Lexer(Source(name: "t", text: text))
    var tokens: [Token] = []
    while true {
        let token = try lexer.next()
        if token.kind == .end { return tokens }
        tokens.append(token)
    }
}

func parsed(_ text: String) -> Script { Parser.parse(Source(name: "t.vsh", text: text), nil, .vecsh) }

/// What is wrong with a text, as people read it.
func rendered(_ text: String) -> String {
    parsed(text).problems.map { $0.rendered() }.joined(separator: "\n")
}

func codes(_ text: String) -> [String] { parsed(text).problems.map(\.code) }

/// The expression that `print` gets.
func expression(_ text: String) -> Expression? {
    let script = parsed("print \(text)")
    guard script.problems.isEmpty, case .command(let call)? = script.statements.first?.kind,
        case .expression(let expression)? = call.arguments["value"]
    else { return nil }
    return expression
}

extension Expression {
    /// With a pair of parentheses around each operation.
    var outline: String {
        switch kind {
        case .literal(.text(let text)): "'\(text)'"
        case .literal(let value): value.description
        case .template(let parts):
            "\""
                + parts.map {
                    if case .text(let text) = $0 {
                        text
                    } else if case .variable(let name, _) = $0 {
                        "{\(name)}"
                    } else {
                        ""
                    }
                }
                .joined() + "\""
        case .reference(let connection, let parts): "\(connection):\(parts.count)"
        case .variable(let name): "$\(name)"
        case .list(let elements): "[" + elements.map(\.outline).joined(separator: " ") + "]"
        case .call(let name, let arguments): "\(name)(" + arguments.map(\.outline).joined(separator: " ") + ")"
        case .not(let inner): "(not \(inner.outline))"
        case .binary(let operation, let a, let b): "(\(a.outline) \(operation.rawValue) \(b.outline))"
        }
    }
}

/// Names that are always the same.
struct FixedNames: NameSource {
    func connections() -> [Candidate] { named("connection", ["db", "src", "dst", "old", "new", "m", "a"]) }
    func collections(of connection: String?) -> [Candidate] {
        named("collection", ["notes", "docs", "n", "copy", "live", "my docs", "größe"])
    }
    func fields(of reference: Reference) -> [Candidate] {
        named("field", ["id", "page", "title", "file_id", "project_id", "migrated_at"]) + named("vector", ["v"])
    }
    func indexes(of reference: Reference) -> [Candidate] { named("index", ["page_index"]) }
    func indexTypes(of reference: Reference) -> [Candidate] { named("index type", ["btree", "hnsw"]) }
    func indexParameters(of reference: Reference, type: String) -> [Candidate] { named("parameter", ["M"]) }
    func schemes(of purpose: Slot.URIPurpose) -> [Candidate] {
        switch purpose {
        case .store: named("store", ["sqlite://", "mem://", "archive://"])
        case .lock: named("lock", ["file://", "dynamodb://"])
        case .pointer, .folder, .anything: named("place", ["file://", "s3://"])
        }
    }
    func options(ofURI uri: String) -> [Candidate] { named("option", ["create"]) }
    func files(_ prefix: String) -> [Candidate] { [] }
    func variables() -> [Candidate] { named("variable", ["$name", "$n"]) }
    func settings() -> [Candidate] { named("setting", ["format", "pager", "timing"]) }
    func values(ofSetting name: String) -> [Candidate] { named("value", ["json", "on", "off"]) }
    func topics() -> [Candidate] { named("topic", ["peek", "count", "sqlite"]) }

    private func named(_ kind: String, _ names: [String]) -> [Candidate] { names.map { Candidate($0, kind: kind) } }
}
