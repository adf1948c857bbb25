import Files
import Model
import Synchronization

/// A part of a file, which the body of an answer is to be.
package final class FilePart: BodySink {
    private let file: DiskFile
    private let range: Range<Int>
    private let counted: @Sendable (Int) -> Void
    private let state = Mutex(State())

    private struct State {
        var done = 0
        var failure: StoreError?
    }

    /// `counted` hears how many bytes have come; what has to come once more is taken off again.
    package init(_ file: DiskFile, _ range: Range<Int>, counted: @escaping @Sendable (Int) -> Void = { _ in }) {
        (self.file, self.range, self.counted) = (file, range, counted)
    }

    package var failure: StoreError? { state.withLock(\.failure) }

    package func begin() {
        let before = state.withLock { state in
            defer { state = State() }
            return state.done
        }
        if before > 0 { counted(-before) }
    }

    package func take(status: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let isTaken = state.withLock { state in
            do throws(StoreError) {
                try check(status, state.done + bytes.count)
                try file.write(bytes, at: range.lowerBound + state.done)
                state.done += bytes.count
                return true
            } catch {
                state.failure = error
                return false
            }
        }
        if isTaken { counted(bytes.count) }
        return isTaken
    }

    private func check(_ status: Int, _ count: Int) throws(StoreError) {
        guard status == 206 || range.lowerBound == 0, count <= range.count else {
            throw StoreError(.malformed, "the server answers with more than the part that was asked for")
        }
    }

    /// Throws unless all of the part has come.
    package func finish() throws(StoreError) {
        let done = state.withLock(\.done)
        guard done == range.count else {
            throw StoreError(.unavailable, "an answer ended after \(done) of \(range.count) bytes")
        }
    }
}
