import Model
import Synchronization

/// A bucket of S3, or of what speaks like it.
package final class S3Bucket: Sendable {
    package let name: String
    private let settings: AWSSettings
    private let clock: AWSClock
    private let current: Mutex<Place>

    private struct Place {
        var line: AWSLine
        /// What stands before keys in paths.
        var root: String
    }

    package init(_ name: String, _ settings: AWSSettings, clock: AWSClock = AWSClock()) {
        (self.name, self.settings, self.clock) = (name, settings, clock)
        current = Mutex(S3Bucket.place(name, settings, clock))
    }

    package func close() { current.withLock(\.line).close() }

    /// How far the server's clock is ahead, in seconds.
    package var clockLead: Int { clock.lead }

    private static func place(_ name: String, _ settings: AWSSettings, _ clock: AWSClock) -> Place {
        let domain = "\(settings.region).\(AWSLine.domain(of: settings.region))"
        // A certificate for *.s3.… fits no name with a dot in it.
        let isInPath = settings.endpoint != nil || settings.usesPaths || name.contains(".")
        let base = settings.endpoint ?? (isInPath ? "https://s3.\(domain)" : "https://\(name).s3.\(domain)")
        let line = AWSLine(base, service: "s3", settings, clock: clock)
        return Place(line: line, root: isInPath ? "/\(name)/" : "/")
    }

    // MARK: Asking

    /// The answer of the region in which the bucket is.
    func answer(to request: AWSRequest, key: String = "") async throws(StoreError) -> AWSAnswer {
        for _ in 0..<2 {
            let place = current.withLock(\.self)
            let answer = try await place.line.answer(to: request.at(place.root + key))
            guard let moved = moved(answer.refusal, from: place.line) else { return answer }
            current.withLock { $0 = moved }
            place.line.close()
        }
        let place = current.withLock(\.self)
        return try await place.line.answer(to: request.at(place.root + key))
    }

    /// Where a refusal says that the bucket is.
    private func moved(_ refusal: AWSRefusal?, from line: AWSLine) -> Place? {
        guard let refusal, let region = refusal.region, region != line.region else { return nil }
        var settings = settings
        settings.region = region
        return S3Bucket.place(name, settings, clock)
    }

    /// Throws what a refusal means.
    func check(_ answer: AWSAnswer, _ key: String = "") throws(StoreError) {
        guard let refusal = answer.refusal else { return }
        throw error(refusal, key, mayHaveWritten: answer.isRepeated)
    }

    private func error(_ refusal: AWSRefusal, _ key: String, mayHaveWritten: Bool) -> StoreError {
        let line = current.withLock(\.line)
        var error = StoreError(refusal, line)
        error.mayHaveWritten = error.mayHaveWritten || mayHaveWritten
        let what = "s3://\(name)/\(key)"
        switch refusal.code {
        case "NoSuchBucket":
            error.message = "there is no bucket \"\(name)\" at \(line.address)"
            error.help = "check its name, AWS_REGION and AWS_ENDPOINT_URL"
        case "NoSuchKey", "NoSuchVersion": error.message = "there is no \(what)"
        default:
            error.message = "\(what): \(error.message)"
            guard refusal.status == 301 || refusal.status == 307 else { break }
            error.help = "the bucket is in another region: say which in AWS_REGION"
        }
        return error
    }

    /// Makes the bucket; one that is there and is ours is left as it is.
    package func create() async throws(StoreError) {
        let answer = try await answer(to: AWSRequest("PUT"))
        guard answer.refusal?.code != "BucketAlreadyOwnedByYou" else { return }
        try check(answer)
    }
}

extension AWSRequest {
    fileprivate func at(_ path: String) -> AWSRequest {
        var request = self
        request.path = path
        return request
    }
}
