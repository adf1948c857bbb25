import Foundation
import TestSupport
import Testing

/// The server's disk has no room left: a small one of our own, on which a database of the server's lies.
@Suite(
    .needs(.newest), .enabled("python3 has nano-vectordb") { PackageScript.isThere("nano_vectordb") },
    .enabled("disks can be mounted") { SmallDisk.canBeMade })
struct PostgresFullDiskTests {
    @Test func aCopyStopsInMidCopyAndGoesOnOnceThereIsRoom() async throws {
        let place = try await MigrationPlace()
        try place.make(["--chunks", "4000", "--dimension", "256"])
        let disk = try SmallDisk("3m", as: place.server)
        defer { disk.remove(after: ["DROP DATABASE \(place.database) WITH (FORCE)", "DROP TABLESPACE \(disk.name)"]) }
        try place.server.sql("CREATE TABLESPACE \(disk.name) LOCATION '\(disk.path)'")
        try place.server.sql("ALTER DATABASE \(place.database) SET default_tablespace = \(disk.name)")
        let connections = """
            connect rag to "lightrag://${folder}" readonly quiet
            connect pg to $target quiet

            """
        let copy = connections + "copy rag:vdb_chunks to pg:chunks with batch=200"
        let first = try place.child(copy)
        #expect(first.end(seconds: 300) == 1, "\(first.errors)")
        #expect(first.errors.contains("E0507") && first.errors.contains("No space left"), "\(first.errors)")
        #expect(first.errors.contains("continue with: resume"), "\(first.errors)")
        #expect(!first.errors.contains(place.server.password))
        let there = try #require(Int(place.sql("SELECT count(*) FROM chunks")))
        #expect(there < 4000 && there % 200 == 0, "\(there)")
        try disk.grow(to: "64m")
        let second = try place.child(copy)
        #expect(second.end(seconds: 300) == 0, "\(second.errors)")
        let proof = try place.child(connections + "verify pg:chunks against rag:vdb_chunks")
        #expect(proof.end(seconds: 300) == 0, "\(proof.output) \(proof.errors)")
        #expect(try place.sql("SELECT count(*) FROM chunks") == "4000")
    }
}

/// A file system in memory, for the user that a server runs as.
private struct SmallDisk {
    let name = "small_\(UUID().uuidString.prefix(8).lowercased())"
    private let server: PostgresServer
    var path: String { "/tmp/vecsh-\(name)" }

    static var canBeMade: Bool {
        let path = "/tmp/vecsh-mount-\(getpid())"
        defer { rmdir(path) }
        guard mkdir(path, 0o700) == 0, (try? mount(path, "size=1m")) != nil else { return false }
        return (try? ServerProgram.run("/usr/bin/env", ["umount", path])) != nil
    }

    init(_ size: String, as server: PostgresServer) throws {
        self.server = server
        var status = stat()
        stat("\(server.place)/data", &status)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.mount(path, "size=\(size),mode=700,uid=\(status.st_uid),gid=\(status.st_gid)")
    }

    private static func mount(_ path: String, _ options: String) throws {
        try ServerProgram.run("/usr/bin/env", ["mount", "-t", "tmpfs", "-o", options, "tmpfs", path])
    }

    func grow(to size: String) throws {
        try ServerProgram.run("/usr/bin/env", ["mount", "-o", "remount,size=\(size)", path])
    }

    func remove(after statements: [String]) {
        for statement in statements { _ = try? server.sql(statement) }
        _ = try? ServerProgram.run("/usr/bin/env", ["umount", path])
        rmdir(path)
    }
}
