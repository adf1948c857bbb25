import Foundation
import TestSupport
import Testing

/// Copies between a Qdrant and every other store, by the program, and proved by `verify`.
@Suite(.needsQdrant) struct QdrantCopyTests {
    /// Vectors of three kinds, payload of every JSON kind, keys of both kinds.
    private static let lines = (0..<40).map { number in
        let key = number.isMultiple(of: 3) ? #""00000000-0000-4000-8000-0000000000\#(10 + number)""# : "\(number)"
        let sparse = number.isMultiple(of: 4) ? "" : #","s":{"indices":[\#(number),900],"values":[0.5,2]}"#
        let more = [#""a":null"#, #""b":[1,"x",{"c":2.5}]"#, #""big":18446744073709551615"#, #""empty":"""#][number % 4]
        return #"{"key":\#(key),"vectors":{"v":[\#(number),1,0.25,-2]\#(sparse)},"#
            + #""fields":{"title":"Größe \#(number)","page":\#(number % 7),\#(more)}}"#
    }

    private func run(_ text: String, _ folder: TemporaryFolder) throws -> ProgramRun {
        try folder.write(text, to: "run.vsh")
        let run = try ProgramRun(["--yes", "run.vsh"], in: folder)
        #expect(run.exit == 0, "\(run.errors)\(run.output)")
        return run
    }

    private func filled(_ name: String) async throws -> (folder: TemporaryFolder, text: String) {
        let folder = try TemporaryFolder()
        try folder.write(Self.lines.joined(separator: "\n"), to: "lines.jsonl")
        return (
            folder,
            """
            connect q to \(try await QdrantService.running().address)
            create q:\(name) fields (id id key, v vector(4) metric l2, s sparsevector, title text null, page int64 null) open
            put q:\(name) from ./lines.jsonl

            """
        )
    }

    @Test(arguments: ["sqlite://./x.db", "archive://./x", "mem://x"])
    func goesAndComesBack(_ address: String) async throws {
        let name = "go_\(UUID().uuidString.prefix(8))"
        let (folder, fill) = try await filled(name)
        let text = """
            \(fill)
            connect other to \(address)\(address.hasPrefix("archive") ? " with create=true" : "")
            copy q:\(name) to other:docs accepting losses
            verify other:docs against q:\(name)
            copy other:docs to q:\(name)_back accepting losses
            verify q:\(name)_back against other:docs
            verify q:\(name)_back against q:\(name)
            count q:\(name)_back
            """
        #expect(try run(text, folder).output.contains("40"))
    }

    @Test(.needs(.newest)) func goesToPostgreSQLAndBack() async throws {
        let name = "pg_\(UUID().uuidString.prefix(8).lowercased())"
        let (folder, fill) = try await filled(name)
        let server = try await PostgresServer.running()
        let postgres = server.address(try server.freshDatabase())
        _ = try run(
            """
            \(fill)
            connect other to \(postgres)
            copy q:\(name) to other:docs accepting losses
            verify other:docs against q:\(name)
            copy other:docs to q:\(name)_back accepting losses
            verify q:\(name)_back against other:docs
            """, folder)
    }

    @Test(.needs(.lite)) func goesToMilvusAndBack() async throws {
        let name = "mi_\(UUID().uuidString.prefix(8).lowercased())"
        let (folder, fill) = try await filled(name)
        let milvus = try await MilvusService.running(.lite).address
        _ = try run(
            """
            \(fill)
            connect other to \(milvus)
            copy q:\(name) to other:\(name) where exists(s) accepting losses
            verify other:\(name) against q:\(name) where exists(s)
            copy other:\(name) to q:\(name)_back accepting losses
            verify q:\(name)_back against other:\(name)
            """, folder)
    }

    @Test func goesToLightRAGAndBack() async throws {
        let name = "rag_\(UUID().uuidString.prefix(8))"
        let folder = try TemporaryFolder()
        let lines = (0..<40).map {
            #"{"key":"ent-\#($0)","vectors":{"embedding":[\#($0),1,0.25]},"fields":{"entity_name":"Größe \#($0)","n":\#($0)}}"#
        }
        try folder.write(lines.joined(separator: "\n"), to: "lines.jsonl")
        let run = try run(
            """
            connect q to \(try await QdrantService.running().address)
            connect rag to lightrag://./rag
            create rag:vdb_entities fields (id text key, embedding vector(3) metric cosine, entity_name text, n int64)
            put rag:vdb_entities from ./lines.jsonl
            copy rag:vdb_entities to q:\(name) with ids=uuid5, keep_id_as=old_id
            verify q:\(name) against rag:vdb_entities
            copy q:\(name) to rag:vdb_back accepting losses
            verify rag:vdb_back against q:\(name)
            count rag:vdb_back where old_id == 'ent-7' and entity_name == 'Größe 7'
            """, folder)
        #expect(run.output.hasSuffix("1\n"), "\(run.output)")
    }

    @Test func takesTextKeysAsUUIDsAndKeepsThem() async throws {
        let name = "tx_\(UUID().uuidString.prefix(8))"
        let folder = try TemporaryFolder()
        let text = """
            connect q to \(try await QdrantService.running().address)
            connect m to mem://
            create m:notes fields (id text key, v vector(2) metric cosine, page int64 null)
            put m:notes '{"key":"doc/1","vectors":{"v":[3,4]},"fields":{"page":1}}'
            put m:notes '{"key":"doc/2","vectors":{"v":[0,2]},"fields":{"page":2}}'
            copy m:notes to q:\(name) with ids=uuid5, keep_id_as=old
            verify q:\(name) against m:notes
            peek q:\(name) where old == 'doc/1' format json
            """
        let run = try run(text, folder)
        #expect(run.output.contains("doc/1") && run.output.contains("0.6"), "\(run.output)")
        try folder.write(
            "connect q to \(try await QdrantService.running().address)\nconnect m to mem://\n"
                + "create m:notes fields (id text key, v vector(2) metric l2)\ncopy m:notes to q:\(name)_2",
            to: "no.vsh")
        let refused = try ProgramRun(["--yes", "no.vsh"], in: folder)
        #expect(refused.exit != 0 && refused.errors.contains("ids=uuid5"), "\(refused.errors)")
    }

    /// A refusal of a single record as too large is no passing failure.
    @Test(arguments: QdrantService.Faults.Kind.allCases.filter { $0 != .tooLarge })
    func nothingIsLostOverAServerThatFails(_ kind: QdrantService.Faults.Kind) async throws {
        let server = try await QdrantService.start(.init(faults: .init(every: 3, kind, path: "/points")))
        let folder = try TemporaryFolder()
        try folder.write(Self.lines.joined(separator: "\n"), to: "lines.jsonl")
        let text = """
            connect q to \(server.address)
            connect m to mem://
            create m:docs fields (id id key, v vector(4) metric l2, s sparsevector null, title text null, page int64 null) open
            put m:docs from ./lines.jsonl
            copy m:docs to q:docs accepting losses with batch=3, flush_every=1
            verify q:docs against m:docs
            """
        _ = try run(text, folder)
        try await server.stop()
    }

    @Test func isPromotedByAliasInOneStepAndRolledBack() async throws {
        let name = "al_\(UUID().uuidString.prefix(8))"
        let (folder, fill) = try await filled(name)
        let text = """
            \(fill)
            copy q:\(name) to q:\(name)_live staged
            verify q:\(name)_live against q:\(name) staged
            promote q:\(name)_live
            count q:\(name)_live
            put q:\(name) '{"key":1000,"vectors":{},"fields":{}}'
            copy q:\(name) to q:\(name)_live staged fresh
            promote q:\(name)_live
            count q:\(name)_live
            list aliases q format jsonl
            rollback q:\(name)_live
            count q:\(name)_live
            """
        let run = try run(text, folder)
        let counts = run.output.split(separator: "\n").filter { Int($0) != nil }
        #expect(counts == ["40", "41", "40"], "\(run.output)")
        #expect(run.output.contains("\(name)_live_previous"))
        try folder.write(
            "connect q to \(try await QdrantService.running().address)\ncopy q:\(name)_live to q:\(name) staged",
            to: "no.vsh")
        let refused = try ProgramRun(["--yes", "no.vsh"], in: folder)
        #expect(refused.exit != 0 && refused.errors.contains("renames none"), "\(refused.errors)")
    }
}
