import JSON
import Model

/// A pointer that is an object: its content is the value, its metadata say how it came to that.
///
/// It is replaced under the condition that it still is the object that was read.
struct S3Pointer: Pointing {
    let bucket: S3Bucket
    let key: String

    private static let note = "vecsh-pointer"

    func state() async throws(StoreError) -> PointerState? { try await read()?.state }

    func earlier() async throws(StoreError) -> [String] { try await state()?.previous.map { [$0] } ?? [] }

    func swap(_ old: PointerState?, for new: PointerState) async throws(StoreError) -> PointerSwap {
        let there = try await read()
        guard there?.state.value == old?.value, there?.state.newerFence(than: new.fences) == nil else {
            return .changed(there?.state)
        }
        let condition = there.map { S3Condition.matches($0.tag) } ?? .absent
        let notes = [Self.note: new.json.text.percentEncoded()]
        let value = Array(new.value.utf8) + (there?.endsInNewline == true ? [UInt8(ascii: "\n")] : [])
        if try await bucket.putIf(key, value, condition, notes: notes, type: "text/plain") { return .done }
        let now = try await state()
        // An answer that was lost may have been a good one.
        return now == new.published ? .done : .changed(now)
    }

    private func read() async throws(StoreError) -> (state: PointerState, tag: String, endsInNewline: Bool)? {
        guard let (object, bytes) = try await bucket.getIfThere(key) else { return nil }
        guard bytes.count <= 4096, var value = String(validating: bytes, as: UTF8.self) else {
            throw StoreError(
                .conflict, "s3://\(bucket.name)/\(key) is no pointer", help: "a pointer is an object of one line")
        }
        let endsInNewline = value.hasSuffix("\n")
        if endsInNewline { value.removeLast() }
        let note = object.notes[Self.note].flatMap { try? JSONValue($0.percentDecoded) }
        // Whoever wrote the value alone has left the old notes behind.
        let noted = note.flatMap { PointerState($0) }.flatMap { $0.value == value ? $0 : nil }
        return (noted ?? PointerState(value: value), object.tag, endsInNewline)
    }
}

extension PointerState {
    /// As others read it: nobody can tell from it whether its author still runs.
    fileprivate var published: PointerState? { PointerState(json) }
}
