import Files
import Model
import Wire

/// What environment and configuration files say: where AWS' services are, and who asks.
package struct AWSSettings: Sendable {
    package var region: String
    /// Where a service is in place of AWS' own address.
    package var endpoint: String?
    package var trust: Trust
    /// Whether a bucket's name stands in the path also where it could stand in the host's name.
    package var usesPaths: Bool
    package var tries: Int
    let source: AWSCredentialSource

    /// `service` as its variables have it: `S3`, `DYNAMODB`.
    package init(
        service: String, profile: String? = nil, _ environment: [String: String]
    ) async throws(StoreError) {
        let named = profile ?? environment.filled("AWS_PROFILE")
        let file = try await DiskThreads.run { () throws(StoreError) in try AWSProfile(named, environment) }
        func said(_ names: [String], _ key: String) -> String? {
            names.lazy.compactMap { environment.filled($0) }.first ?? file[key]
        }
        region = said(["AWS_REGION", "AWS_DEFAULT_REGION"], "region") ?? "us-east-1"
        endpoint = said(["AWS_ENDPOINT_URL_\(service)", "AWS_ENDPOINT_URL"], "endpoint_url")
        trust = said(["AWS_CA_BUNDLE"], "ca_bundle").map { .authorities(path: $0) } ?? .system
        usesPaths = file["s3.addressing_style"] == "path"
        tries = said(["AWS_MAX_ATTEMPTS"], "max_attempts").flatMap { Int($0) }.map { max(1, $0) } ?? 6
        source = AWSCredentialSource(isNamed: profile != nil, profile: named, environment)
        if let endpoint { try use(endpoint: endpoint) }
    }

    /// Puts an address in the place of AWS' own.
    package mutating func use(endpoint: String) throws(StoreError) {
        guard let parts = Endpoint(endpoint), ["http", "https"].contains(parts.scheme), !parts.host.isEmpty else {
            throw StoreError(
                .rejected, "\"\(endpoint)\" is no address of a service", help: "it is like https://s3.example.com:9000")
        }
        self.endpoint = endpoint
    }

    /// Settings that are known, and not looked up.
    package init(endpoint: String?, region: String, _ credentials: AWSCredentials) {
        (self.endpoint, self.region) = (endpoint, region)
        (trust, usesPaths, tries) = (.system, false, 6)
        source = AWSCredentialSource(credentials)
    }
}
