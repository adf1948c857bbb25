import Foundation
import TestSupport
import Testing

/// The runbook that moves collections from one Milvus to another, between two real servers.
@Suite struct MilvusRunbookTests {
    private static let runbook = project.appending(path: "scripts/runbooks/milvus-to-milvus.md").path

    @Test func canBeRead() throws {
        let run = try ProgramRun(["--check", "--yes", Self.runbook], in: TemporaryFolder())
        #expect(run.exit == 0, "\(run.errors)")
    }

    @Test(.needs(.lite)) func movesAndIsFoundDone() async throws {
        let (source, target) = (try MilvusService(.lite, number: 1), try MilvusService(.lite, number: 2))
        let folder = try TemporaryFolder()
        try folder.write(Self.dense.joined(separator: "\n"), to: "dense.jsonl")
        try folder.write(Self.sparse.joined(separator: "\n"), to: "sparse.jsonl")
        try folder.write(Self.fill(source.address), to: "fill.vsh")
        let filled = try ProgramRun(["fill.vsh"], in: folder)
        #expect(filled.exit == 0, "\(filled.errors)")
        let arguments = [
            "--yes", "-v", "source=\(source.address)", "-v", "target=\(target.address)", "-v",
            "status=\(folder.url.path)/status", Self.runbook,
        ]
        for _ in 0..<2 {
            let run = try ProgramRun(arguments, in: folder)
            #expect(run.exit == 0, "\(run.errors)")
        }
        let alone = try ProgramRun(["--step", "Verify"] + arguments, in: folder)
        #expect(alone.exit == 0, "\(alone.errors)")
        let there = try ProgramRun(
            [
                "--quiet", "-c", "connect dst to \(target.address)", "-c", "describe dst:colpali_kanna_128", "--format",
                "json",
            ],
            in: folder)
        #expect(there.output.contains("hnsw") && there.output.contains("efConstruction"), "\(there.output)")
        #expect(there.output.contains("colqwenthesis"), "\(there.output)")
    }

    private static let dense = (1...30).map { number in
        let vector = (0..<8).map { "\((number * 7 + $0) % 11)" }.joined(separator: ",")
        return #"{"key":\#(number),"vectors":{"vector":[\#(vector)]},"fields":{"image_id":"i\#(number)","#
            + #""page_number":\#(number),"file_id":"f","filename":"g.pdf","more":{"of":[1,null]}}}"#
    }
    private static let sparse = (1...30).map { number in
        #"{"key":"p\#(number)","vectors":{"sparse_vector":{"indices":[\#(number),900],"values":[0.5,1]}},"#
            + #""fields":{"file_id":"f","page_number":\#(number),"text_preview":"Größe"}}"#
    }
    private static func fill(_ address: String) -> String {
        """
        connect src to \(address)
        create src:colpali_kanna_128 fields (pk int64 key, vector vector(8) metric ip, image_id text(64), page_number int64, file_id text(64), filename text(64)) open
        drop index src:colpali_kanna_128 vector yes
        index src:colpali_kanna_128 on vector using hnsw metric ip with M=32, efConstruction=500 as vector
        index src:colpali_kanna_128 on file_id using inverted as file_id
        create src:colpali_kanna_128_pages_sparse fields (page_id text(64) key, sparse_vector sparsevector metric ip, file_id text(64), page_number int64, text_preview text(999))
        put src:colpali_kanna_128 from ./dense.jsonl
        put src:colpali_kanna_128_pages_sparse from ./sparse.jsonl
        """
    }
}
