import Model
import Wire

/// A line to one of AWS' services, or to what speaks like it: requests are signed, and what passes is waited out.
package final class AWSLine: Sendable {
    /// How it is named in messages.
    package let address: String
    package let region: String
    package let clock: AWSClock
    private let service: String
    private let path: String
    private let http: HTTP
    private let source: AWSCredentialSource
    private let tries: Int

    /// `base` is like `https://dynamodb.eu-west-1.amazonaws.com`; `service` as signatures name it.
    package init(_ base: String, service: String, _ settings: AWSSettings, clock: AWSClock = AWSClock()) {
        let behind = base.firstRange(of: "://")?.upperBound ?? base.startIndex
        let slash = base[behind...].firstIndex(of: "/") ?? base.endIndex
        address = AWSLine.host(base[behind..<slash], isSecure: base.hasPrefix("https:"))
        path = base[slash...].split(separator: "/").map { "/" + $0 }.joined()
        (self.service, self.clock, region) = (service, clock, settings.region)
        http = HTTP(String(base[..<slash]), trust: settings.trust)
        (source, tries) = (settings.source, settings.tries)
    }

    /// A service at its own address, unless the settings name another.
    package convenience init(service: String, _ settings: AWSSettings, clock: AWSClock = AWSClock()) {
        let base = "https://\(service).\(settings.region).\(AWSLine.domain(of: settings.region))"
        self.init(settings.endpoint ?? base, service: service, settings, clock: clock)
    }

    static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }

    /// As it goes over the line: without the port that everybody expects.
    private static func host(_ authority: Substring, isSecure: Bool) -> String {
        let usual = isSecure ? ":443" : ":80"
        return String(authority.hasSuffix(usual) ? authority.dropLast(usual.count) : authority)
    }

    package func close() { http.close() }

    /// The last answer to a request, which is made again while it fails in a way that may pass.
    ///
    /// An error means that there is no answer: no server, no credentials, no room for the body.
    package func answer(to request: AWSRequest) async throws(StoreError) -> AWSAnswer {
        var (number, isRepeated) = (1, false)
        while true {
            do throws(StoreError) {
                var answer = try await send(request)
                answer.isRepeated = isRepeated
                guard let refusal = answer.refusal, number < tries, await mayPass(refusal, answer, number) else {
                    return answer
                }
                isRepeated = isRepeated || refusal.status >= 500
                try await pause(number, atLeast: answer["retry-after"].flatMap { Int($0) } ?? 0)
            } catch {
                var error = error
                error.mayHaveWritten = error.mayHaveWritten || isRepeated
                guard error.isWorthRetrying, number < (error.mayHaveWritten ? tries : min(tries, 3)) else {
                    throw error
                }
                isRepeated = error.mayHaveWritten
                try await pause(number, atLeast: 0)
            }
            number += 1
        }
    }

    private func mayPass(_ refusal: AWSRefusal, _ answer: AWSAnswer, _ number: Int) async -> Bool {
        if refusal.isAboutTime, let date = answer["date"] { return clock.follow(date) }
        if refusal.isExpired, number == 1 {
            await source.forget()
            return true
        }
        return refusal.isPassing
    }

    /// Longer each time, and never the same for two that failed together.
    private func pause(_ number: Int, atLeast seconds: Int) async throws(StoreError) {
        let pause = Duration.milliseconds(200) * (1 << min(number - 1, 6)) * Int.random(in: 50...100) / 100
        do { try await Task.sleep(for: max(pause, .seconds(min(seconds, 60)))) } catch {
            throw StoreError(.cancelled, "interrupted")
        }
    }

    private func send(_ request: AWSRequest) async throws(StoreError) -> AWSAnswer {
        let signature = AWSSignature(try await source.credentials(clock.now), region: region, service: service)
        var request = request
        request.path = path + request.path
        let headers = signature.headers(of: request, to: address, at: clock.now)
        let response = try await send(request, headers.compactMap(AWSLine.text))
        let refusal = AWSRefusal(response, mayBeLate: request.mayFailLate)
        return AWSAnswer(response: response, refusal: refusal, isRepeated: false)
    }

    private func send(_ request: AWSRequest, _ headers: [String]) async throws(StoreError) -> Response {
        let query = request.encodedQuery
        let hasBody = !request.body.isEmpty || ["PUT", "POST"].contains(request.method)
        let sink = request.sink
        sink?.begin()
        do throws(WireError) {
            return try await http.send(
                request.method, request.encodedPath + (query.isEmpty ? "" : "?" + query),
                headers: ["content-type:", "accept:"] + headers, body: hasBody ? request.body : nil,
                timeout: request.timeout, sink: sink.map(AWSLine.taking))
        } catch {
            throw sink?.failure ?? StoreError(error, address)
        }
    }

    private static func taking(_ sink: any BodySink) -> Sink {
        { status, bytes in sink.take(status: status, bytes) }
    }

    /// libcurl writes the host by itself; a header without a value ends with a semicolon for it.
    private static func text(_ header: (name: String, value: String)) -> String? {
        header.name == "host" ? nil : header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
    }
}

/// Where the body of a good answer goes as it comes in.
package protocol BodySink: AnyObject, Sendable {
    /// A try begins, and with it the body.
    func begin()
    /// Answers whether more is wanted.
    func take(status: Int, _ bytes: UnsafeRawBufferPointer) -> Bool
    /// Why no more was wanted.
    var failure: StoreError? { get }
}

extension StoreError {
    init(_ error: WireError, _ address: String) {
        let said = "\(address): \(error)"
        switch error.code {
        case .unreachable:
            self.init(.unavailable, "no answer from \(said)", help: "check AWS_ENDPOINT_URL and the network")
        case .untrusted:
            self.init(.unauthorized, said, help: "name its authority's file in AWS_CA_BUNDLE")
        case .timedOut, .broken: self.init(.unavailable, said, mayHaveWritten: true)
        case .cancelled: self.init(.cancelled, said, mayHaveWritten: true)
        case .malformed, .tooLarge: self.init(.malformed, said, mayHaveWritten: true)
        case .unequipped: self.init(.unsupported, "\(error)")
        }
    }

    /// A refusal that says nothing about what was asked for, but about who asks, or when.
    package init(_ refusal: AWSRefusal, _ line: AWSLine) {
        let said = "\(line.address): \(refusal)"
        switch refusal.code {
        case _ where refusal.isAboutTime:
            self.init(.unauthorized, said, help: "set this machine's clock")
        case "SignatureDoesNotMatch", "InvalidSignatureException":
            self.init(.unauthorized, said, help: "the secret does not belong to the key: check AWS_SECRET_ACCESS_KEY")
        case "InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId":
            self.init(.unauthorized, said, help: "check AWS_ACCESS_KEY_ID, or the profile")
        case _ where refusal.isExpired:
            self.init(.unauthorized, said, help: "log in again: the session is over")
        case _ where refusal.status == 401 || refusal.status == 403 || refusal.code == "AccessDeniedException":
            self.init(.unauthorized, said, help: "these credentials may not do that")
        case _ where refusal.isThrottling:
            self.init(.throttled, said, mayHaveWritten: true, retryAfter: .seconds(2))
        case _ where refusal.status == 507 || refusal.code == "QuotaExceeded":
            self.init(.full, said)
        case "EntityTooLarge": self.init(.tooLarge, said)
        case _ where refusal.isPassing: self.init(.unavailable, said, mayHaveWritten: true)
        case _ where refusal.status == 404: self.init(.notFound, said)
        case _ where refusal.status == 409 || refusal.status == 412: self.init(.conflict, said)
        default: self.init(.rejected, said)
        }
    }
}
