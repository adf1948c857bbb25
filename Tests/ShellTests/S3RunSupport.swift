import Foundation
import TestSupport

extension TemporaryFolder {
    /// Lets the program find the server of the tests, by files as a person has them.
    func useS3(secret: String? = nil, key: String? = nil, endpoint: String? = nil) async throws {
        let service = try await S3Service.running()
        try FileManager.default.createDirectory(at: url.appending(path: ".aws"), withIntermediateDirectories: true)
        let keys =
            "aws_access_key_id=\(key ?? service.accessKey)\naws_secret_access_key=\(secret ?? service.secretKey)\n"
        try write("[default]\n\(keys)", to: ".aws/credentials")
        try write("[default]\nregion=us-east-1\nendpoint_url=\(endpoint ?? service.endpoint)\n", to: ".aws/config")
    }
}

extension ProgramRun {
    /// A run that can be killed; it has the state of all runs in the folder, and what it says is in one of this name.
    static func started(
        _ arguments: [String], _ name: String, in folder: TemporaryFolder
    ) throws -> ChildProgram {
        let place = folder.url.path + "/" + name
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        return try ChildProgram(
            "/usr/bin/env", ["-C", folder.url.path, ProgramRun.program.path] + arguments, in: place, folder.environment)
    }
}
