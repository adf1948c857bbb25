import Depot
import JSON
import Language
import Model
import Synchronization
import Transfer

/// Where others read how far something is while it runs: a file that is replaced in one step, or an object of a bucket.
final class StatusPlace: Sendable {
    private enum Place {
        case file(String)
        case object(S3Bucket, key: String)
    }

    private struct Sending {
        /// What is to be sent next; what was to be sent before that no longer matters.
        var text: String?
        var task: Task<Void, Never>?
        var rest = ContinuousClock.now
        var problem: StoreError?
    }

    private let place: Place
    private let sending = Mutex(Sending())
    /// An object is replaced once in so long.
    private static let pause = Duration.seconds(2)

    init(file path: String) { place = .file(path) }

    init(_ bucket: S3Bucket, key: String) { place = .object(bucket, key: key) }

    /// Throws if nothing can be written there.
    func begin() async throws(StoreError) {
        guard case .object(let bucket, let key) = place else { return }
        let document: JSONValue = ["state": "starting", "updated_at": .integer(Timestamp.now / 1_000_000)]
        try await bucket.put(key, Array((document.text + "\n").utf8), type: "application/json")
    }

    /// A file is there when this returns, an object a moment later. What fails once may succeed the next time.
    func write(_ document: JSONValue) {
        switch place {
        case .file(let path): try? ReplacedFile.write(document.text + "\n", to: path)
        case .object(let bucket, let key):
            sending.withLock { sending in
                sending.text = document.text + "\n"
                guard sending.task == nil, sending.rest <= .now else { return }
                sending.task = Task.detached { await self.send(to: bucket, key) }
            }
        }
    }

    private func send(to bucket: S3Bucket, _ key: String) async {
        let text = sending.withLock { sending in
            defer { sending.text = nil }
            return sending.text
        }
        guard let text else { return }
        var problem: StoreError?
        do throws(StoreError) { try await bucket.put(key, Array(text.utf8), type: "application/json") } catch {
            problem = error
        }
        sending.withLock { ($0.task, $0.rest, $0.problem) = (nil, .now + Self.pause, problem) }
    }

    /// Waits until what was written last is there; answers why it is not.
    func end() async -> StoreError? {
        guard case .object(let bucket, let key) = place else { return nil }
        await sending.withLock(\.task)?.value
        await send(to: bucket, key)
        bucket.close()
        return sending.withLock(\.problem)
    }
}

extension Session {
    /// Where the option `status` says; nil where nothing is said.
    func statusPlace(_ options: Options) async throws -> StatusPlace? {
        guard let given = options["status"] else { return nil }
        try JobFiles.check(options)
        let place = Located(given.value.description, at: given.span)
        guard DepotAddress.isBucket(place.value), case .bucket(let name, let key) = try address(place) else {
            return StatusPlace(file: place.value)
        }
        return try await blaming(place.span) {
            let status = StatusPlace(try await bucket(name, options), key: key)
            try await status.begin()
            return status
        }
    }
}
