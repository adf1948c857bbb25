import JSON
import Model
import TestSupport
import Testing

@testable import Stores

/// What is special about Qdrant.
@Suite(.needsQdrant) struct QdrantFeatureTests {
    private let name = QdrantPlaces.name("feature")

    private func kind(_ name: String, _ layout: VectorField.Layout, _ element: Element, _ metric: Metric) -> VectorField
    {
        VectorField(
            name: name, layout: layout, element: element, dimension: layout == .sparse ? nil : 4, metric: metric,
            isNullable: true)
    }

    private func open(_ vectors: [VectorField], _ fields: [Field] = []) -> Collection {
        Collection(name: name, key: KeyField(type: .id), vectors: vectors, fields: fields, isOpen: true)
    }

    // MARK: Shapes

    @Test func everyKindOfVectorKeepsItsMetricAndType() async throws {
        let store = try await QdrantPlaces.store()
        var vectors: [VectorField] = [kind("sparse", .sparse, .float32, .ip)]
        for metric: Metric in [.cosine, .l2, .ip, .l1] {
            for element: Element in [.float32, .float16, .uint8] {
                vectors.append(kind("\(metric.rawValue)_\(element.rawValue)", .dense, element, metric))
            }
            vectors.append(kind("\(metric.rawValue)_multi", .multi, .float32, metric))
        }
        let fit = store.fit(open(vectors), into: nil)
        #expect(fit.verdicts.allSatisfy { $0.grade <= .converted })
        try await store.create(fit.collection)
        #expect(try await store.describe(name).collection.vectors == vectors)
        await store.close()
    }

    @Test func aVectorWithoutANameHasOneHere() async throws {
        let store: any Store = try await QdrantPlaces.store()
        let server = try #require((store as? QdrantStore)?.server)
        let path = QdrantServer.path(name)
        _ = try await server.line.result(
            "PUT", path,
            ["vectors": ["size": 3, "distance": "Euclid"], "sparse_vectors": ["vector": [:]]])
        let shape = try await store.describe(name).collection
        #expect(shape.vectors.map(\.name) == ["vector_", "vector"])
        let lines = [
            #"{"key":1,"vectors":{"vector_":[1,2,3]},"fields":{}}"#,
            #"{"key":2,"vectors":{"vector_":[4,5,6],"vector":{"indices":[1],"values":[2]}},"fields":{"a":1}}"#,
            #"{"key":3,"vectors":{"vector":{"indices":[9],"values":[0.5]}},"fields":{}}"#,
        ]
        try await store.write(Sample.batch(lines, of: shape), to: name, .first)
        #expect(try await store.everything(in: name).lines(of: shape) == lines)
        let alone = try await store.everything(
            in: name, wanted: Projection(vectors: ["vector_"], fields: [], rest: false))
        #expect(alone.vectors.count == 1 && alone.vectors[0].mark(1) == .value && alone.vectors[0].mark(2) == .absent)
        let copy = store.fit(shape.named(name + "_2"), into: nil).collection
        try await store.create(copy)
        let made = try await server.line.result("GET", QdrantServer.path(copy.name))
        #expect(made["config"]?["params"]?["vectors"]?["size"]?.integer == 3)
        await store.close()
    }

    @Test func cosineVectorsAreBroughtToLengthOneAndThatIsSaid() async throws {
        let store = try await QdrantPlaces.store()
        let shape = open([kind("c", .dense, .float32, .cosine), kind("u", .dense, .uint8, .cosine)])
        #expect(store.fit(shape, into: nil).changes.contains(.normalised(vector: "c")))
        #expect(!store.fit(shape, into: nil).changes.contains(.normalised(vector: "u")))
        try await store.create(shape)
        let lines = [
            #"{"key":1,"vectors":{"c":[3,0,4,0],"u":[3,0,4,0]},"fields":{}}"#,
            #"{"key":2,"vectors":{"c":[1,0,0,0]},"fields":{}}"#, #"{"key":3,"vectors":{"c":[0,0,0,0]},"fields":{}}"#,
        ]
        try await store.write(Sample.batch(lines, of: shape), to: name, .first)
        let back = try await store.everything(in: name).lines(of: shape)
        #expect(back[0].contains("[0.6,0,0.8,0]") && back[0].contains(#""u":[3,0,4,0]"#))
        #expect(back.suffix(2) == lines.suffix(2))
        await store.close()
    }

    @Test func whatOnlyQdrantHasGoesFromQdrantToQdrantWhole() async throws {
        let store: any Store = try await QdrantPlaces.store()
        let server = try #require((store as? QdrantStore)?.server)
        let body: JSONValue = [
            "vectors": [
                "a": [
                    "size": 4, "distance": "Dot", "on_disk": true, "hnsw_config": ["m": 32, "ef_construct": 77],
                    "quantization_config": ["scalar": ["type": "int8", "quantile": 0.99, "always_ram": true]],
                ],
                "b": ["size": 2, "distance": "Cosine", "hnsw_config": ["m": 0]],
            ],
            "sparse_vectors": ["s": ["index": ["on_disk": true], "modifier": "idf"]],
            "hnsw_config": ["m": 24, "full_scan_threshold": 500],
            "optimizers_config": ["indexing_threshold": 5000], "wal_config": ["wal_capacity_mb": 8],
            "quantization_config": ["binary": ["always_ram": true]], "shard_number": 1, "replication_factor": 1,
            "on_disk_payload": false, "metadata": ["owner": "me"],
        ]
        _ = try await server.line.result("PUT", QdrantServer.path(name), body)
        let shape = try await store.describe(name).collection
        #expect(shape.indexes.map(\.name) == ["a_hnsw"] && shape.indexes[0].params == ["m": 32, "ef_construct": 77])
        let fit = store.fit(shape.named(name + "_2"), into: nil)
        #expect(fit.verdicts.allSatisfy { $0.grade <= .converted })
        try await store.create(fit.collection)
        let (old, new) = try await (config(server, name), config(server, name + "_2"))
        for (old, new) in zip(old.members ?? [], new.members ?? []) { #expect(old.value.sorted == new.value.sorted) }
        #expect(new["quantization_config"]?["binary"]?["always_ram"]?.bool == true)
        #expect(new["params"]?["vectors"]?["a"]?["hnsw_config"]?["m"]?.integer == 32)
        #expect(new["metadata"] == ["owner": "me"])
        await store.close()
    }

    private func config(_ server: QdrantServer, _ name: String) async throws -> JSONValue {
        let config = try await server.line.result("GET", QdrantServer.path(name))["config"]
        return .object(
            (config?.members ?? []).map { member in
                guard member.name == "metadata" else { return member }
                return .init("metadata", .object((member.value.members ?? []).filter { $0.name != "vecsh" }))
            }.sorted { $0.name < $1.name })
    }

    @Test func keysThatQdrantHasNotAreRefusedWithAWayOut() async throws {
        let store = try await QdrantPlaces.store()
        var shape = Sample.plain(name)
        shape.key.type = .text(maxLength: nil)
        let verdict = try #require(store.fit(shape, into: nil).verdicts.first { $0.subject == "key" })
        #expect(verdict.grade == .impossible)
        for word in ["ids=uuid5", "ids=hash", "ids=auto", "keep_id_as"] { #expect(verdict.detail.contains(word)) }
        try await store.create(Sample.plain(name))
        var records = Sample.records(0..<3)
        records.keys[1] = .integer(-1)
        do throws(StoreError) {
            try await store.write(records, to: name, .first)
            Issue.record("written")
        } catch { #expect(error.code == .rejected && error.rows == [1]) }
        await store.close()
    }

    @Test func olderServersKeepFieldsInThePayload() async throws {
        let server = try await QdrantService.start(.init(version: "1.9.2"))
        let store = try await QdrantPlaces.open(server.address)
        let shape = Sample.plain(name)
        let fit = store.fit(shape, into: nil)
        #expect(fit.collection.fields.isEmpty && fit.collection.isOpen)
        try await store.create(fit.collection)
        let made = try await store.describe(name).collection
        let line = #"{"key":1,"vectors":{"v":[1,2]},"fields":{"page":7}}"#
        try await store.write(Sample.batch([line], of: made), to: name, .first)
        #expect(try await store.everything(in: name).lines(of: made) == [line])
        let query = Column(.dense(Array(repeating: 0, count: 8)))
        let hits = try await store.search?.nearest(
            query, count: 1, field: "v", in: name, metric: nil, where: nil, limit: 1)
        #expect(hits?[0].map(\.key) == [.integer(1)])
        await store.close()
        try await server.stop()
    }

    // MARK: Indexes

    @Test func payloadIndexesKeepTheirParameters() async throws {
        let store = try await QdrantPlaces.store()
        let indexing = try #require(store.indexing)
        try await store.create(open([kind("v", .dense, .float32, .l2)], [Field(name: "n", type: .int64)]))
        let wanted = [
            Index(name: "tenant", field: "tenant", type: "keyword", params: ["is_tenant": true]),
            Index(name: "n", field: "n", type: "integer", params: ["lookup": true, "range": false]),
            Index(name: "a b", field: "a b", type: "text", params: ["tokenizer": "word", "lowercase": true]),
            Index(name: "deep.er", field: "deep.er", type: "uuid"),
        ]
        for index in wanted { try await indexing.create(index, on: name) }
        let made = try await store.describe(name).collection.indexes.filter { $0.type != "hnsw" }
        #expect(Set(made.map(\.name)) == Set(wanted.map(\.name)))
        for index in wanted { #expect(made.first { $0.name == index.name } == index) }
        let again = try await store.describe(name).collection
        #expect(store.fit(again, into: nil).collection.indexes == again.indexes)
        for index in wanted { try await indexing.drop(index: index.name, on: name) }
        #expect(try await store.describe(name).collection.indexes.map(\.name) == ["v_hnsw"])
        await refuses(.rejected) {
            try await indexing.create(Index(name: "x", field: "x", type: "btree"), on: self.name)
        }
        await store.close()
    }

    @Test func payloadWithAVectorsNameHasAnIndexOfItsOwn() async throws {
        let store = try await QdrantPlaces.store()
        let indexing = try #require(store.indexing)
        try await store.create(open([kind("title", .dense, .float32, .l2)]))
        let index = Index(name: "title", field: "title", type: "keyword", params: ["on_disk": true])
        try await indexing.create(index, on: name)
        let made = try await store.describe(name).collection
        #expect(made.indexes.map(\.name) == ["title", "title_hnsw"] && made.indexes[0] == index)
        // A copy has it too.
        #expect(store.fit(made, into: nil).collection.indexes == made.indexes)
        try await indexing.drop(index: "title", on: name)
        #expect(try await store.describe(name).collection.indexes.map(\.name) == ["title_hnsw"])
        await store.close()
    }

    @Test func aGraphIsSwitchedOffAndOnAgain() async throws {
        let store = try await QdrantPlaces.store()
        let indexing = try #require(store.indexing)
        try await store.create(open([kind("v", .dense, .float32, .l2)]))
        try await indexing.drop(index: "v_hnsw", on: name)
        #expect(try await store.describe(name).collection.indexes.isEmpty)
        try await indexing.create(
            Index(name: "g", field: "v", type: "HNSW", params: ["M": 8, "efConstruction": 50]), on: name)
        #expect(try await store.describe(name).collection.indexes[0].params == ["m": 8, "ef_construct": 50])
        #expect(try await store.describe(name).states["v_hnsw"]?.phase == .finished)
        await store.close()
    }

    // MARK: Aliases

    @Test func nothingIsDroppedThatHasAnAlias() async throws {
        let store = try await QdrantPlaces.store()
        try await store.create(Sample.plain(name))
        let alias = name + "_alias"
        try await store.aliasing?.point(alias, to: name)
        await refuses(.conflict) { try await store.drop(self.name, being: nil) }
        try await store.aliasing?.remove(alias: alias)
        try await store.drop(name, being: nil)
        await store.close()
    }
}

extension Collection {
    fileprivate func named(_ name: String) -> Collection {
        var copy = self
        copy.name = name
        return copy
    }
}
