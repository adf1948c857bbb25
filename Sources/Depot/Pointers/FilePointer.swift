import Files
import Glibc
import JSON
import Model

/// A pointer that is a file whose text is the value, or a symbolic link to it.
///
/// What it said before stands in the file `NAME.history` beside it, a line for each change, written before the change. Who
/// changes it holds a lock on that file.
package struct FilePointer: Pointing {
    package enum Kind: String, Sendable { case file, symlink }

    private let path: String
    /// What it is made as where it is not there yet.
    private let kind: Kind

    package init(_ path: String, as kind: Kind = .file) { (self.path, self.kind) = (path, kind) }

    private var historyPath: String { path + ".history" }

    package func state() async throws(StoreError) -> PointerState? {
        try await DiskThreads.run { () throws(StoreError) in try current() }
    }

    package func earlier() async throws(StoreError) -> [String] {
        try await DiskThreads.run { () throws(StoreError) in
            let lines = try lines()
            return lines.compactMap(\.previous).prefix(1) + lines.map(\.value)
        }
    }

    package func swap(_ old: PointerState?, for new: PointerState) async throws(StoreError) -> PointerSwap {
        try await DiskThreads.run { () throws(StoreError) in
            let history = try DiskFile(historyPath, O_RDWR | O_CREAT)
            guard history.lock(patience: 5) else {
                throw StoreError(.unavailable, "another program is changing \(path), and does not finish")
            }
            let there = try current()
            guard there?.value == old?.value, there?.newerFence(than: new.fences) == nil else { return .changed(there) }
            try append(new.json.text, to: history)
            try put(new.value)
            return .done
        }
    }

    /// A line of its own also behind half a one, as a crash leaves it.
    private func append(_ line: String, to history: DiskFile) throws(StoreError) {
        let size = try history.size()
        let last = try history.read(1, at: max(0, size - 1))
        let gap = last.isEmpty || last == [UInt8(ascii: "\n")] ? "" : "\n"
        try history.write(Array((gap + line + "\n").utf8), at: size)
        try history.sync()
    }

    // MARK: The value

    private func current() throws(StoreError) -> PointerState? {
        guard let value = try value() else { return nil }
        // A line whose change never came is passed over.
        return try lines().last { $0.value == value } ?? PointerState(value: value)
    }

    private func lines() throws(StoreError) -> [PointerState] {
        guard Disk.exists(historyPath) else { return [] }
        let lines = try Disk.contents(historyPath).split(separator: UInt8(ascii: "\n"))
        return lines.compactMap { line in (try? JSONValue(Array(line))).flatMap { PointerState($0) } }
    }

    private func value() throws(StoreError) -> String? {
        if let target = Disk.linkTarget(path) { return target }
        guard Disk.exists(path) else { return nil }
        guard !Disk.isFolder(path) else {
            throw StoreError(
                .conflict, "\(path) is a folder, and no pointer", help: "a pointer is a file, or a symbolic link")
        }
        let bytes = try Disk.contents(path)
        guard bytes.count <= 4096, let text = String(validating: bytes, as: UTF8.self) else {
            throw StoreError(
                .conflict, "\(path) is no pointer", help: "a pointer is a file of one line, or a symbolic link")
        }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Readers see the old value or this one, also after a loss of power.
    private func put(_ value: String) throws(StoreError) {
        guard Disk.linkTarget(path) != nil || kind == .symlink && !Disk.exists(path) else {
            return try Disk.replace(path, with: Array(value.utf8) + (try endsInNewline() ? [UInt8(ascii: "\n")] : []))
        }
        let draft = path + ".new"
        Disk.remove(draft)
        try Disk.makeLink(draft, to: value)
        try Disk.move(draft, to: path)
        try Disk.syncFolder(of: path)
    }

    /// As the file has it now, for readers that count on it.
    private func endsInNewline() throws(StoreError) -> Bool {
        guard Disk.exists(path) else { return false }
        return try Disk.contents(path).last == UInt8(ascii: "\n")
    }
}
