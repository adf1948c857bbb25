import Foundation
import Model
import TestSupport
import Testing
import Wire

@testable import Depot

@Suite struct AWSSettingsTests {
    private let home = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    private func credentials(_ variables: [String: String], profile: String? = nil) async throws -> AWSCredentials {
        let settings = try await AWSSettings(service: "S3", profile: profile, variables)
        return try await settings.source.credentials(0)
    }

    private func write(_ text: String, _ name: String) throws -> String {
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        let path = home.appending(path: name).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func files() throws -> [String: String] {
        let config = """
            [default]
            region = eu-central-1
            # a comment
            s3 =
              addressing_style = path
            [profile other]
            region=us-west-2
            endpoint_url = https://s3.example.com:9000
            ca_bundle=/etc/own.pem
            [profile lent]
            credential_process = /bin/thing
            """
        let secret = """
            [default]
            aws_access_key_id = A
            aws_secret_access_key = s/+=
            [other]
            aws_access_key_id=B
            aws_secret_access_key=t
            aws_session_token=u
            """
        return [
            "AWS_CONFIG_FILE": try write(config, "config"), "HOME": home.path,
            "AWS_SHARED_CREDENTIALS_FILE": try write(secret, "credentials"),
        ]
    }

    @Test func theEnvironmentGoesBeforeFilesAndANamedProfileBeforeBoth() async throws {
        var variables = try files()
        #expect(try await credentials(variables) == AWSCredentials(accessKey: "A", secretKey: "s/+="))
        let other = AWSCredentials(accessKey: "B", secretKey: "t", sessionToken: "u")
        #expect(try await credentials(variables.merging(["AWS_PROFILE": "other"]) { $1 }) == other)
        variables.merge(["AWS_ACCESS_KEY_ID": "C", "AWS_SECRET_ACCESS_KEY": "v", "AWS_SESSION_TOKEN": ""]) { $1 }
        #expect(try await credentials(variables) == AWSCredentials(accessKey: "C", secretKey: "v"))
        #expect(try await credentials(variables, profile: "other") == other)
    }

    @Test func placesAndTheirAuthorities() async throws {
        let variables = try files()
        let usual = try await AWSSettings(service: "S3", variables)
        #expect(usual.region == "eu-central-1" && usual.endpoint == nil && usual.usesPaths && usual.trust == .system)
        let other = try await AWSSettings(service: "S3", profile: "other", variables)
        #expect(other.region == "us-west-2" && other.endpoint == "https://s3.example.com:9000")
        #expect(other.trust == .authorities(path: "/etc/own.pem"))
        let both = ["AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_S3": "http://b:2", "AWS_REGION": "x-1"]
        let named = try await AWSSettings(service: "S3", variables.merging(both) { $1 })
        #expect(named.endpoint == "http://b:2" && named.region == "x-1")
        #expect(try await AWSSettings(service: "DYNAMODB", variables.merging(both) { $1 }).endpoint == "http://a:1")
    }

    @Test func whatIsMissingHasAName() async throws {
        let variables = try files()
        await refuses(.notFound) { _ = try await credentials(variables, profile: "nobody") }
        await refuses(.unsupported) { _ = try await credentials(variables, profile: "lent") }
        await refuses(.unauthorized) { _ = try await credentials(["HOME": "/nowhere"]) }
        await refuses(.unauthorized) { _ = try await credentials(["AWS_ACCESS_KEY_ID": "A", "HOME": "/nowhere"]) }
        await refuses(.rejected) { _ = try await AWSSettings(service: "S3", ["AWS_ENDPOINT_URL": "s3.example.com"]) }
        await refuses(.unauthorized) {
            let far = "http://example.com/x"
            _ = try await credentials(["AWS_CONTAINER_CREDENTIALS_FULL_URI": far, "HOME": "/nowhere"])
        }
    }

    @Test func aContainerLendsKeys() async throws {
        let body = #"{"AccessKeyId":"L","SecretAccessKey":"m","Token":"n","Expiration":"2030-01-01T00:00:00Z"}"#
        let server = try ScriptedServer([ScriptedServer.Answer(body: body)])
        let token = try write("Bearer x\n", "token")
        let lent = try await credentials([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/v1/keys", "HOME": "/nowhere",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
        ])
        #expect(lent.accessKey == "L" && lent.sessionToken == "n")
        #expect(lent.expires == Timestamp.microseconds("2030-01-01T00:00:00Z"))
        let asked = server.asked()
        #expect(asked.contains("GET /v1/keys") && asked.contains("Bearer x"))
    }

    @Test func addresses() throws {
        let key = AWSCredentials(accessKey: "A", secretKey: "b")
        let own = AWSSettings(endpoint: nil, region: "eu-west-1", key)
        #expect(AWSLine(service: "dynamodb", own).address == "dynamodb.eu-west-1.amazonaws.com")
        let line = AWSLine("https://host:443/base/", service: "s3", own)
        #expect(line.address == "host")
        #expect(AWSLine("http://host:443", service: "s3", own).address == "host:443")
    }
}
