import Foundation
import Model
import Stores
import TestSupport
import Testing

/// The real packages: what they write is read here, and what is written here they open and search.
@Suite struct LightRAGPythonTests {
    @Test func nanoVectorDBsFileIsReadAsItIs() async throws {
        let folder = try made()
        guard
            let said = try PackageScript(
                """
                from nano_vectordb import NanoVectorDB
                import numpy as np, sys
                rng = np.random.default_rng(7)
                db = NanoVectorDB(5, storage_file=sys.argv[1] + "/vdb_nano.json")
                db.upsert([{"__id__": f"é{i}", "n": i, "__vector__": rng.normal(size=5)} for i in range(7)])
                db.delete(["é3"])
                db.upsert([{"__id__": "é2", "n": 200, "__vector__": np.ones(5)}])
                db.store_additional_data(model="m")
                db.save()
                back = NanoVectorDB(5, storage_file=sys.argv[1] + "/vdb_nano.json")
                storage = back._NanoVectorDB__storage
                for row, vector in zip(storage["data"], storage["matrix"]):
                    print(row["__id__"], row["n"], *(float(x).hex() for x in vector))
                """, needs: ["nano_vectordb"]
            ).run(folder.root)
        else { return }
        let all = try await folder.store().everything(in: "vdb_nano")
        let ours = all.keys.indices.map { row in
            "\(all.keys[row]) \(all.fields[0].values.integers[row]) "
                + all.vectors[0].values.floats(5)[row].map(\.description).joined(separator: " ")
        }
        #expect(ours.count == 6)
        for (line, row) in zip(said.split(separator: "\n"), ours) {
            let (theirs, mine) = (line.split(separator: " "), row.split(separator: " "))
            #expect(theirs[0] == mine[0] && theirs[1] == mine[1])
            for (a, b) in zip(theirs.dropFirst(2), mine.dropFirst(2)) {
                // It brings vectors to length one once more when it opens its own file.
                #expect(abs((Double(a) ?? 9) - (Double(b) ?? 0)) < 1e-6)
            }
        }
    }

    @Test func nanoVectorDBSearchesWhatIsWrittenHere() async throws {
        let folder = LightRAGFolder()
        let store = folder.store()
        try await store.create(Sample.plain("vdb_a", dimension: 7))
        for start in stride(from: 0, to: 1_000, by: 90) {
            try await store.write(
                Sample.records(start..<min(1_000, start + 90), dimension: 7), to: "vdb_a", .first)
        }
        try await store.settle("vdb_a")
        #expect(try await store.delete([.integer(500)], from: "vdb_a") == 1)
        await store.close()
        let said = try PackageScript(
            """
            from nano_vectordb import NanoVectorDB
            import numpy as np, sys
            db = NanoVectorDB(7, storage_file=sys.argv[1] + "/vdb_a.json")
            print(len(db), db.get(["42"])[0]["page"], [hit["__id__"] for hit in db.query(np.array([3.0, 1, 0, 0, 0, 0, 0]), top_k=3)])
            db.upsert([{"__id__": "new", "page": 1, "__vector__": np.ones(7)}])
            db.save()
            """, needs: ["nano_vectordb"]
        ).run(folder.root)
        guard let said else { return }
        #expect(said == "999 4 ['3', '4', '5']\n")
        // Their ids are text: the file holds one now that is no number any more.
        let again = try await folder.store().describe("vdb_a").collection
        #expect(again.key.type == .text(maxLength: nil) && again.vectors[0].dimension == 7)
    }

    /// LightRAG's storage classes, with an embedding that is made of the text.
    private static let lightRAG = """
        import asyncio, sys, numpy as np, os
        from lightrag.kg.shared_storage import initialize_share_data
        from lightrag.kg.nano_vector_db_impl import NanoVectorDBStorage
        from lightrag.kg.json_kv_impl import JsonKVStorage
        from lightrag.kg.networkx_impl import NetworkXStorage
        from lightrag.utils import EmbeddingFunc
        async def embed(texts, **rest):
            return np.array([[len(t), t.count("a") + 0.25, 1.0] for t in texts], dtype=np.float32)
        function = EmbeddingFunc(embedding_dim=3, max_token_size=100, func=embed)
        config = dict(working_dir=sys.argv[1], embedding_batch_num=8, max_graph_nodes=100,
            vector_db_storage_cls_kwargs=dict(cosine_better_than_threshold=-2.0))
        def parts():
            common = dict(workspace=sys.argv[2], global_config=config, embedding_func=function)
            return (NanoVectorDBStorage(namespace="entities", meta_fields={"entity_name", "content", "source_id", "file_path"}, **common),
                JsonKVStorage(namespace="full_docs", **common),
                NetworkXStorage(namespace="chunk_entity_relation", **common))
        async def opened():
            initialize_share_data()
            all = parts()
            for part in all: await part.initialize()
            return all

        """

    @Test(arguments: ["", "space"])
    func lightRAGsFolderIsReadAndWrittenAgain(_ workspace: String) async throws {
        let folder = try made()
        let wrote = try PackageScript(
            Self.lightRAG + """
                async def main():
                    vdb, kv, graph = await opened()
                    await vdb.upsert({f"ent-{i}": {"entity_name": f"n{i}", "content": "a" * i + "é\\n", "source_id": "c1<SEP>c2"} for i in range(1, 9)})
                    await vdb.index_done_callback()
                    await kv.upsert({"doc-1": {"content": "text \\" é", "file_path": "x"}, "doc-2": {"content": ""}})
                    await kv.index_done_callback()
                    await graph.upsert_node("n1", {"entity_id": "n1", "entity_type": "<&>", "created_at": 1734640000})
                    await graph.upsert_node("n 2", {"entity_id": "n 2", "description": "a\\nb"})
                    await graph.upsert_edge("n1", "n 2", {"weight": 1.5, "keywords": "k", "created_at": 5})
                    await graph.index_done_callback()
                asyncio.run(main())
                """, needs: ["nano_vectordb", "lightrag", "networkx"]
        ).run(folder.root, workspace)
        guard wrote != nil else { return }
        let endpoint = try #require(Endpoint("lightrag://\(folder.root)"))
        let theirs = try await LightRAG.kind.open(endpoint, ["workspace": workspace])
        let names = try await theirs.collections()
        #expect(names == ["graph_edges", "graph_nodes", "kv_store_full_docs", "vdb_entities"])
        let ours = LightRAGFolder()
        let place = workspace.isEmpty ? ours.root : "\(ours.root)/\(workspace)"
        let copy = LightRAGStore(at: place)
        for name in names {
            let shape = try await theirs.describe(name).collection
            let fit = copy.fit(shape, into: nil)
            #expect(fit.collection == shape && fit.verdicts.allSatisfy { $0.grade <= .converted }, "\(fit)")
            try await copy.create(shape)
            let all = try await theirs.everything(in: name)
            try await copy.begin(name, for: "job")
            try await copy.write(all, to: name, .first)
            try await copy.finish(name, for: "job")
            #expect(try await copy.everything(in: name).lines(of: shape) == all.lines(of: shape))
        }
        await copy.close()
        let found = PackageScript(
            Self.lightRAG + """
                async def main():
                    vdb, kv, graph = await opened()
                    hits = await vdb.query("aaa\\u00e9\\n", top_k=2)
                    vectors = await vdb.get_vectors_by_ids(["ent-2"])
                    print(sorted(hit["entity_name"] for hit in hits), vectors)
                    print(await kv.get_by_id("doc-1"))
                    print(sorted(await graph.get_all_labels()), sorted((await graph.get_edge("n 2", "n1")).items()))
                asyncio.run(main())
                """, needs: []
        )
        let (mine, original) = (try found.run(ours.root, workspace), try found.run(folder.root, workspace))
        #expect(
            mine == original && mine?.contains("'ent-2': [4.0, 2.25, 1.0]") == true, "\(mine ?? "")")
        #expect(original == mine, "\(original ?? "")")
    }

    private func made() throws -> LightRAGFolder {
        let folder = LightRAGFolder()
        try FileManager.default.createDirectory(atPath: folder.root, withIntermediateDirectories: true)
        return folder
    }
}

extension Column.Values {
    fileprivate var integers: [Int64] { if case .integers(let values) = self { values } else { [] } }

    fileprivate func floats(_ dimension: Int) -> [[Float]] {
        guard case .dense(let bytes) = self else { return [] }
        return stride(from: 0, to: bytes.count, by: dimension * 4).map { start in
            bytes[start..<start + dimension * 4].withUnsafeBytes { Element.float32.floats($0, dimension: dimension) }
        }
    }
}
