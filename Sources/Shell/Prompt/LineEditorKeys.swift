import CEditLine
import Glibc

extension LineEditor {
    /// Binds what libedit does not, after `~/.editrc`, so that these keys mean the same for everyone.
    func bindKeys(of buffer: EditBuffer) {
        buffer.add(LineEditor.idleKeys)
        buffer.readOwnBindings()
        for binding in LineEditor.bindings { buffer.add(binding) }
        for (name, keys) in LineEditor.builtins { buffer.bind(keys, to: name) }
    }

    private static let builtins = [
        ("em-next-word", [#"\e[1;5C"#, #"\e[1;3C"#]),
        ("ed-prev-word", [#"\e[1;5D"#, #"\e[1;3D"#]),
        ("ed-next-char", [#"\e[C"#, #"\eOC"#]),
        ("ed-prev-char", [#"\e[D"#, #"\eOD"#]),
        ("ed-delete-prev-word", ["^W"]),
    ]

    /// Keys that a terminal sends and that mean nothing here: unbound, their last characters would be typed.
    private static let idleKeys = EditBuffer.Binding(
        name: "vecsh-nothing",
        keys: [#"\e[Z"#, #"\e[2~"#, #"\e[5~"#, #"\e[6~"#] + (11...24).map { #"\e["# + "\($0)~" }
            + ["P", "Q", "R", "S"].map { #"\eO"# + $0 }
    ) { _, _ in Effect.refused.code }

    private static let bindings = [
        EditBuffer.Binding(name: "vecsh-enter", keys: ["^M", "^J"], viKeys: ["^M", "^J"]) { handle, _ in
            with(handle) { $0.enter($1) }
        },
        EditBuffer.Binding(name: "vecsh-newline", keys: [#"\e^M"#, #"\e^J"#]) { handle, _ in
            with(handle) { $0.insert(["\n"], into: $1) }
        },
        EditBuffer.Binding(name: "vecsh-complete", keys: ["^I"]) { handle, _ in
            with(handle) { $0.complete($1) }
        },
        EditBuffer.Binding(name: "vecsh-paste", keys: [#"\e[200~"#], viKeys: [#"\e[200~"#]) { handle, _ in
            with(handle) { $0.paste(into: $1) }
        },
        EditBuffer.Binding(name: "vecsh-search", keys: ["^R"], viKeys: ["/"]) { handle, _ in
            with(handle) { $0.searchBackwards(from: $1) }
        },
        EditBuffer.Binding(name: "vecsh-up", keys: [#"\e[A"#, #"\eOA"#, "^P"], viKeys: ["k", #"\e[A"#]) { handle, _ in
            with(handle) { $0.moveUp($1) }
        },
        EditBuffer.Binding(name: "vecsh-down", keys: [#"\e[B"#, #"\eOB"#, "^N"], viKeys: ["j", #"\e[B"#]) { handle, _ in
            with(handle) { $0.moveDown($1) }
        },
        EditBuffer.Binding(name: "vecsh-line-start", keys: ["^A", #"\e[H"#, #"\eOH"#, #"\e[1~"#]) { handle, _ in
            with(handle) { $0.moveToLineStart($1) }
        },
        EditBuffer.Binding(name: "vecsh-line-end", keys: ["^E", #"\e[F"#, #"\eOF"#, #"\e[4~"#]) { handle, _ in
            with(handle) { $0.moveToLineEnd($1) }
        },
        EditBuffer.Binding(name: "vecsh-delete", keys: [#"\e[3~"#]) { handle, _ in
            with(handle) { $0.delete(from: $1) }
        },
        EditBuffer.Binding(name: "vecsh-end", keys: ["^D"], viKeys: ["^D"]) { handle, _ in
            with(handle) { $0.endOrDelete($1) }
        },
        EditBuffer.Binding(name: "vecsh-clear", keys: ["^L"], viKeys: ["^L"]) { handle, _ in
            with(handle) { $0.clearScreen($1) }
        },
    ]

    private static func with(_ handle: OpaquePointer?, _ command: (LineEditor, EditBuffer) -> Effect) -> UInt8 {
        guard let editor = EditBuffer.owner(of: handle, as: LineEditor.self), let buffer = editor.buffer else {
            return Effect.over.code
        }
        let effect = command(editor, buffer)
        let isOver = editor.reading.outcome == .interrupted || editor.reading.outcome == .end
        return (isOver ? .over : effect).code
    }

    /// What libedit does after a command.
    enum Effect {
        case changed, refused, accepted, over

        fileprivate var code: UInt8 {
            switch self {
            case .changed: UInt8(CC_REFRESH)
            case .refused: UInt8(CC_NORM)
            case .accepted: UInt8(CC_NEWLINE)
            case .over: UInt8(CC_EOF)
            }
        }
    }
}

// MARK: Small commands

extension LineEditor {
    /// Ends a whole statement; goes on to the next line of another.
    private func enter(_ buffer: EditBuffer) -> Effect {
        let text = buffer.text
        if !text.isEmpty, assistant.unfinished(String(text)) != nil { return insert(["\n"], into: buffer) }
        return accept(text)
    }

    func accept(_ text: [Unicode.Scalar]) -> Effect {
        reading.accepted = text
        reading.outcome = .text(String(text))
        return .accepted
    }

    func insert(_ text: [Unicode.Scalar], into buffer: EditBuffer) -> Effect {
        let cursor = buffer.cursor
        buffer.replace(cursor..<cursor, with: text)
        return .changed
    }

    private func endOrDelete(_ buffer: EditBuffer) -> Effect {
        guard buffer.text.isEmpty else { return delete(from: buffer) }
        reading.outcome = .end
        return .over
    }

    private func delete(from buffer: EditBuffer) -> Effect {
        let cursor = buffer.cursor
        guard cursor < buffer.text.count else { return refuse() }
        buffer.replace(cursor..<(cursor + 1), with: [])
        return .changed
    }

    private func moveToLineStart(_ buffer: EditBuffer) -> Effect {
        buffer.cursor = buffer.text.lineStart(before: buffer.cursor)
        return .changed
    }

    private func moveToLineEnd(_ buffer: EditBuffer) -> Effect {
        buffer.cursor = buffer.text.lineEnd(after: buffer.cursor)
        return .changed
    }

    private func clearScreen(_ buffer: EditBuffer) -> Effect {
        screen.clear()
        return .changed
    }

    func refuse() -> Effect {
        screen.beep()
        return .refused
    }
}

extension [Unicode.Scalar] {
    func lineStart(before cursor: Int) -> Int { self[..<cursor].lastIndex(of: "\n").map { $0 + 1 } ?? 0 }
    func lineEnd(after cursor: Int) -> Int { self[cursor...].firstIndex(of: "\n") ?? count }
}
