import Files
import JSON
import Model
import Wire

/// Where keys come from: the environment, a profile, or the container that this runs in, in this order.
actor AWSCredentialSource {
    private let isNamed: Bool
    private let profile: String?
    private let environment: [String: String]
    private var known: AWSCredentials?

    /// A profile that is `isNamed` in a statement goes before the environment.
    init(isNamed: Bool, profile: String?, _ environment: [String: String]) {
        (self.isNamed, self.profile, self.environment) = (isNamed, profile, environment)
    }

    init(_ credentials: AWSCredentials) {
        (isNamed, profile, environment, known) = (false, nil, [:], credentials)
    }

    func credentials(_ now: Int64) async throws(StoreError) -> AWSCredentials {
        if let known, known.lasts(now) { return known }
        let found = try await look()
        known = found
        return found
    }

    /// They were refused as too old: others may be there now.
    func forget() { if known?.sessionToken != nil { known = nil } }

    private func look() async throws(StoreError) -> AWSCredentials {
        if !isNamed, let key = environment.filled("AWS_ACCESS_KEY_ID") {
            guard let secret = environment.filled("AWS_SECRET_ACCESS_KEY") else {
                throw StoreError(.unauthorized, "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
            }
            let token = environment.filled("AWS_SESSION_TOKEN")
            return AWSCredentials(accessKey: key, secretKey: secret, sessionToken: token)
        }
        let (name, variables) = (profile, environment)
        let file = try await DiskThreads.run { () throws(StoreError) in try AWSProfile(name, variables) }
        if let key = file["aws_access_key_id"], let secret = file["aws_secret_access_key"] {
            return AWSCredentials(accessKey: key, secretKey: secret, sessionToken: file["aws_session_token"])
        }
        try file.refuseForeign()
        if let container = AWSContainer(environment) { return try await container.credentials() }
        throw StoreError(
            .unauthorized, "there are no AWS credentials",
            help: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile into ~/.aws/credentials")
    }
}

extension AWSProfile {
    /// Ways to a key that only AWS' own programs know.
    fileprivate func refuseForeign() throws(StoreError) {
        let foreign = ["credential_process", "sso_session", "sso_start_url", "role_arn", "web_identity_token_file"]
        guard let way = foreign.first(where: { self[$0] != nil }) else { return }
        throw StoreError(
            .unsupported, "the profile \"\(name)\" gets its keys by \(way), which vecsh does not know",
            help: "let the AWS CLI do it: eval \"$(aws configure export-credentials --format env)\"")
    }
}

/// The endpoint that lends keys to what runs in a container.
private struct AWSContainer {
    private let base: String
    private let path: String
    private let environment: [String: String]

    /// Nil outside of one.
    init?(_ environment: [String: String]) {
        self.environment = environment
        if let relative = environment.filled("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            (base, path) = ("http://169.254.170.2", relative)
        } else if let whole = environment.filled("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            let behind = whole.firstRange(of: "://")?.upperBound ?? whole.startIndex
            let slash = whole[behind...].firstIndex(of: "/") ?? whole.endIndex
            (base, path) = (String(whole[..<slash]), String(whole[slash...]))
        } else {
            return nil
        }
    }

    func credentials() async throws(StoreError) -> AWSCredentials {
        try checkPlace()
        let token = try await token()
        let http = HTTP(base, headers: token.map { ["authorization: \($0)"] } ?? [])
        defer { http.close() }
        let response: Response
        do throws(WireError) { response = try await http.send("GET", path, timeout: .seconds(5)) } catch {
            throw StoreError(.unavailable, "the container's credentials at \(base): \(error)")
        }
        guard response.status == 200, let json = try? JSONValue(response.body),
            let key = json["AccessKeyId"]?.string, let secret = json["SecretAccessKey"]?.string
        else { throw StoreError(.unauthorized, "\(base) lends no credentials: status \(response.status)") }
        return AWSCredentials(
            accessKey: key, secretKey: secret, sessionToken: json["Token"]?.string,
            expires: json["Expiration"]?.string.flatMap(Timestamp.microseconds))
    }

    /// What lends keys is on this machine, or proves who it is.
    private func checkPlace() throws(StoreError) {
        let near = ["127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
        let host = Endpoint(base)?.host ?? ""
        guard base.hasPrefix("https://") || near.contains(host) else {
            throw StoreError(
                .unauthorized, "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(host), which is neither https nor near")
        }
    }

    private func token() async throws(StoreError) -> String? {
        guard let path = environment.filled("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return environment.filled("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        let bytes = try await DiskThreads.run { () throws(StoreError) in try Disk.contents(path) }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
    }
}
