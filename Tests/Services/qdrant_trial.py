"""Drives a Qdrant with the unmodified qdrant-client, and what that cannot say with httpx.

usage: qdrant_trial.py URL
"""

import functools
import sys
import time
import unittest
import uuid

import httpx
import numpy
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

URL = sys.argv[1]
UUID_KEY = "550e8400-e29b-41d4-a716-446655440000"
LARGEST_KEY = 2**64 - 1


def fresh():
    return f"t_{uuid.uuid4().hex}"


def field(key, **condition):
    return models.Filter(must=[models.FieldCondition(key=key, **condition)])


def value(key, wanted):
    return field(key, match=models.MatchValue(value=wanted))


class Requests(unittest.TestCase):
    """Everything that is asked of a server without a key."""

    def assertStatus(self, status, call, *words):
        with self.assertRaises(UnexpectedResponse) as caught:
            call(*words)
        self.assertEqual(caught.exception.status_code, status)
        return caught.exception.content.decode()

    def setUp(self):
        self.client = QdrantClient(url=URL, timeout=60)
        self.raw = httpx.Client(base_url=URL, timeout=60)
        self.name = fresh()

    def tearDown(self):
        self.client.delete_collection(self.name)
        self.client.close()
        self.raw.close()

    def plain(self, size=4, distance="Euclid", **more):
        self.client.create_collection(
            self.name, vectors_config=models.VectorParams(size=size, distance=distance), **more)

    def filled(self, count=25):
        self.plain()
        points = [
            models.PointStruct(id=n, vector=[n, 1, 2, 3], payload={"n": n, "odd": n % 2 == 1, "word": f"w{n % 3}"})
            for n in range(count)
        ]
        self.client.upsert(self.name, points, wait=True)

    def keys(self, **how):
        found, following = self.client.scroll(self.name, **how)
        return [record.id for record in found], following

    def test_says_what_it_is(self):
        self.assertTrue(self.client.info().version)
        self.assertEqual(self.raw.get("/healthz").text, "healthz check passed")
        self.assertEqual(self.raw.get("/readyz").status_code, 200)
        self.assertIn("app", self.raw.get("/telemetry").json()["result"])

    def test_settings_come_back_whole(self):
        given = {
            "vectors": {
                "text": {
                    "size": 8, "distance": "Cosine", "on_disk": True, "datatype": "float16",
                    "hnsw_config": {"m": 24, "ef_construct": 120},
                    "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}},
                },
                "parts": {"size": 4, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}},
            },
            "sparse_vectors": {"words": {"index": {"on_disk": True, "full_scan_threshold": 5}, "modifier": "idf"}},
            "shard_number": 2, "replication_factor": 2, "write_consistency_factor": 1, "on_disk_payload": False,
            "hnsw_config": {"m": 8, "payload_m": 16}, "wal_config": {"wal_capacity_mb": 16},
            "optimizers_config": {"indexing_threshold": 0, "flush_interval_sec": 9},
            "quantization_config": {"binary": {"always_ram": True}},
            "strict_mode_config": {"enabled": False, "max_query_limit": 100}, "metadata": {"made_by": "a test"},
        }
        self.assertEqual(self.raw.put(f"/collections/{self.name}", json=given).json()["result"], True)
        config = self.raw.get(f"/collections/{self.name}").json()["result"]["config"]
        for key in "vectors", "sparse_vectors", "shard_number", "replication_factor", "on_disk_payload":
            self.assertEqual(config["params"][key], given[key])
        for key in "quantization_config", "strict_mode_config", "metadata":
            self.assertEqual(config[key], given[key])
        self.assertLessEqual(given["hnsw_config"].items(), config["hnsw_config"].items())
        self.assertEqual(config["hnsw_config"]["ef_construct"], 100)
        self.assertEqual(config["optimizer_config"]["indexing_threshold"], 0)
        self.assertEqual(config["wal_config"]["wal_capacity_mb"], 16)

    def test_settings_change(self):
        self.plain(metadata={"a": 1, "b": 2}, quantization_config={"binary": {}})
        self.client.update_collection(
            self.name, optimizers_config={"indexing_threshold": 77}, hnsw_config={"m": 32}, metadata={"a": None},
            quantization_config="Disabled", vectors_config={"": {"on_disk": True}},
            collection_params={"replication_factor": 2})
        config = self.client.get_collection(self.name).config
        self.assertEqual(config.optimizer_config.indexing_threshold, 77)
        self.assertEqual((config.hnsw_config.m, config.hnsw_config.ef_construct), (32, 100))
        self.assertEqual(config.metadata, {"b": 2})
        self.assertIsNone(config.quantization_config)
        self.assertTrue(config.params.vectors.on_disk)
        self.assertEqual(config.params.replication_factor, 2)

    def test_collections_are_there_or_not(self):
        self.assertFalse(self.client.collection_exists(self.name))
        self.assertStatus(404, self.client.get_collection, self.name)
        self.plain()
        self.assertIn(self.name, [one.name for one in self.client.get_collections().collections])
        self.assertIn("already exists", self.assertStatus(409, self.plain))
        self.assertTrue(self.client.delete_collection(self.name))
        self.assertFalse(self.client.delete_collection(self.name))

    def test_one_action_switches_an_alias(self):
        self.plain()
        alias = fresh()
        other = self.name + "_new"
        self.client.create_collection(other, vectors_config={})
        for target in self.name, other:
            self.client.update_collection_aliases([models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=target, alias_name=alias))])
            self.assertEqual([one.collection_name for one in self.client.get_aliases().aliases
                              if one.alias_name == alias], [target])
        self.assertEqual(len(self.client.get_collection_aliases(other).aliases), 1)
        self.assertTrue(self.client.collection_exists(alias))
        self.client.update_collection_aliases([
            models.RenameAliasOperation(rename_alias=models.RenameAlias(
                old_alias_name=alias, new_alias_name=alias + "2")),
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))])
        self.assertEqual(self.client.count(alias + "2").count, 0)
        self.client.delete_collection(other)
        self.assertFalse(self.client.collection_exists(alias + "2"))

    def test_every_kind_of_vector_comes_back(self):
        self.client.create_collection(
            self.name,
            vectors_config={
                "plain": models.VectorParams(size=3, distance="Dot"),
                "half": models.VectorParams(size=3, distance="Dot", datatype="float16"),
                "bytes": models.VectorParams(size=3, distance="Euclid", datatype="uint8"),
                "many": models.VectorParams(
                    size=2, distance="Dot", multivector_config=models.MultiVectorConfig(comparator="max_sim")),
            },
            sparse_vectors_config={"words": models.SparseVectorParams()})
        given = {
            "plain": [0.1, -2.5, 1e-30], "half": [0.5, 0.25, 2], "bytes": [0, 7, 255], "many": [[1, 2], [3, 4], [5, 6]],
            "words": models.SparseVector(indices=[1, 4294967295], values=[0.5, 0.1]),
        }
        self.client.upsert(self.name, [
            models.PointStruct(id=LARGEST_KEY, vector=given, payload={}),
            models.PointStruct(id=UUID_KEY, vector={"plain": [1, 2, 3]}, payload={"a": None}),
            models.PointStruct(id=3, vector={}, payload=None)])
        found = {record.id: record for record in self.client.scroll(self.name, with_vectors=True)[0]}
        self.assertEqual(list(found), [3, LARGEST_KEY, UUID_KEY])
        vectors = found[LARGEST_KEY].vector
        self.assertEqual(numpy.float32(vectors["plain"]).tolist(), numpy.float32(given["plain"]).tolist())
        for name in "half", "bytes", "many":
            self.assertEqual(vectors[name], given[name])
        self.assertEqual(dict(zip(vectors["words"].indices, vectors["words"].values)), {1: 0.5, 4294967295: 0.1})
        self.assertEqual((found[3].vector, found[3].payload), ({}, {}))
        self.assertEqual(found[UUID_KEY].payload, {"a": None})
        some = self.client.retrieve(self.name, [LARGEST_KEY], with_vectors=["many"])[0].vector
        self.assertEqual(list(some), ["many"])

    def test_cosine_vectors_get_the_length_one(self):
        self.plain(distance="Cosine")
        self.client.upsert(self.name, [models.PointStruct(id=1, vector=[3, 0, 4, 0])])
        self.assertEqual(self.client.retrieve(self.name, [1], with_vectors=True)[0].vector, [numpy.float32(x) for x in
                                                                                          (0.6, 0, 0.8, 0)])

    def test_batches_have_their_own_shape(self):
        self.plain()
        self.client.upsert(self.name, models.Batch(ids=[1, 2], vectors=[[1, 2, 3, 4], [5, 6, 7, 8]],
                                                   payloads=[{"a": 1}, {"a": 2}]))
        self.assertEqual([one.payload["a"] for one in self.client.retrieve(self.name, [1, 2])], [1, 2])
        body = {"batch": {"ids": [3, 4], "vectors": [[1, 2, 3, 4]]}}
        self.assertEqual(self.raw.put(f"/collections/{self.name}/points", json=body).status_code, 422)

    def test_waiting_is_told_from_not_waiting(self):
        self.plain()
        body = {"points": [{"id": 1, "vector": [1, 2, 3, 4]}]}
        for words, status in ("", "acknowledged"), ("?wait=true", "completed"):
            answer = self.raw.put(f"/collections/{self.name}/points{words}", json=body).json()
            self.assertEqual(answer["result"]["status"], status)

    def test_pages_begin_with_their_offset(self):
        self.filled()
        self.assertEqual(self.keys(limit=10), (list(range(10)), 10))
        self.assertEqual(self.keys(limit=10, offset=20), ([20, 21, 22, 23, 24], None))
        self.assertEqual(self.keys(limit=3, scroll_filter=value("odd", True)), ([1, 3, 5], 7))
        without = self.client.scroll(self.name, limit=1, with_payload=False)[0][0]
        self.assertEqual((without.payload, without.vector), (None, None))
        chosen = self.client.scroll(self.name, limit=1, with_payload=models.PayloadSelectorExclude(exclude=["n"]))
        self.assertEqual(chosen[0][0].payload, {"odd": False, "word": "w0"})

    def test_order_needs_an_index(self):
        self.filled()
        self.assertStatus(400, functools.partial(self.keys, order_by="n"))
        self.client.create_payload_index(self.name, "n", "integer")
        self.assertEqual(self.keys(limit=3, order_by=models.OrderBy(key="n", direction="desc")), ([24, 23, 22], None))

    def test_filters_count(self):
        self.filled()
        for condition, count in [
            (value("word", "w1"), 8), (field("n", range=models.Range(gte=20)), 5),
            (field("n", match=models.MatchAny(any=[1, 2, 99])), 2),
            (models.Filter(must_not=[models.HasIdCondition(has_id=[1, 2])]), 23),
            (models.Filter(should=[value("n", 1).must[0], value("n", 2).must[0]]), 2),
            (models.Filter(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="none"))]), 25),
        ]:
            self.assertEqual(self.client.count(self.name, count_filter=condition, exact=True).count, count)

    def test_points_go(self):
        self.filled()
        self.client.delete(self.name, [1, 2])
        self.client.delete(self.name, value("word", "w0"))
        self.assertEqual(self.client.count(self.name).count, 14)

    def test_payload_changes(self):
        self.filled(4)
        self.client.set_payload(self.name, {"new": {"a": 1}}, points=[0])
        self.client.set_payload(self.name, {"b": 2}, points=[0], key="new")
        self.client.set_payload(self.name, {"is_odd": 1}, points=value("odd", True))
        self.client.overwrite_payload(self.name, {"only": 1}, points=[2])
        self.client.delete_payload(self.name, ["n"], points=[1])
        self.client.clear_payload(self.name, points_selector=[3])
        found = [record.payload for record in self.client.retrieve(self.name, [0, 1, 2, 3])]
        self.assertEqual(found[0]["new"], {"a": 1, "b": 2})
        self.assertEqual(found[1:], [{"odd": True, "word": "w1", "is_odd": 1}, {"only": 1}, {}])
        self.assertStatus(404, self.client.set_payload, self.name, {"a": 1}, [99])

    def test_vectors_change(self):
        self.client.create_collection(self.name, vectors_config={
            "a": models.VectorParams(size=1, distance="Dot"), "b": models.VectorParams(size=1, distance="Dot")})
        self.client.upsert(self.name, [models.PointStruct(id=1, vector={"a": [1], "b": [2]})])
        self.client.update_vectors(self.name, [models.PointVectors(id=1, vector={"a": [3]})])
        self.client.delete_vectors(self.name, ["b"], points=[1])
        self.assertEqual(self.client.retrieve(self.name, [1], with_vectors=True)[0].vector, {"a": [3]})

    def test_several_operations_at_once(self):
        self.filled(3)
        answers = self.client.batch_update_points(self.name, [
            models.UpsertOperation(upsert=models.PointsList(points=[models.PointStruct(id=9, vector=[1, 1, 1, 1])])),
            models.SetPayloadOperation(set_payload=models.SetPayload(payload={"x": 1}, points=[9])),
            models.DeleteOperation(delete=models.PointIdsList(points=[0, 1, 2]))])
        self.assertEqual(len(answers), 3)
        self.assertEqual(self.client.scroll(self.name)[0][0].payload, {"x": 1})

    def test_payload_indexes_keep_their_parameters(self):
        self.filled()
        for key, schema in [
            ("word", {"type": "keyword", "is_tenant": True, "on_disk": True}),
            ("n", {"type": "integer", "lookup": False, "range": True, "is_principal": True}),
            ("t", {"type": "text", "tokenizer": "multilingual", "min_token_len": 2, "max_token_len": 20,
                   "lowercase": True, "stopwords": {"languages": ["english"], "custom": ["vecsh"]},
                   "stemmer": {"type": "snowball", "language": "english"}, "phrase_matching": True}),
            ("when", "datetime"), ("where", "geo"), ("odd", "bool"), ("x", "float"), ("u", "uuid"),
        ]:
            self.client.create_payload_index(self.name, key, schema)
            shown = self.raw.get(f"/collections/{self.name}").json()["result"]["payload_schema"][key]
            if isinstance(schema, str):
                self.assertEqual((shown["data_type"], "params" in shown), (schema, False))
            else:
                self.assertEqual((shown["data_type"], shown["params"]), (schema["type"], schema))
        self.assertEqual(self.client.get_collection(self.name).payload_schema["word"].points, 25)
        hits = self.client.facet(self.name, "word").hits
        self.assertEqual({hit.value: hit.count for hit in hits}, {"w0": 9, "w1": 8, "w2": 8})
        self.client.delete_payload_index(self.name, "word")
        self.assertNotIn("word", self.client.get_collection(self.name).payload_schema)

    def test_searches(self):
        self.client.create_collection(
            self.name, vectors_config={"a": models.VectorParams(size=2, distance="Cosine")},
            sparse_vectors_config={"s": models.SparseVectorParams()})
        self.client.upsert(self.name, [
            models.PointStruct(id=n, payload={"n": n}, vector={
                "a": [n, 10 - n], "s": models.SparseVector(indices=[n], values=[1])}) for n in range(10)])

        def found(query, **more):
            answer = self.client.query_points(self.name, query, limit=2, **more)
            return [point.id for point in answer.points]

        self.assertEqual(found([9, 1], using="a", search_params=models.SearchParams(exact=True)), [9, 8])
        self.assertEqual(found([9, 1], using="a", query_filter=value("n", 3), search_params=models.SearchParams(
            hnsw_ef=64)), [3])
        self.assertEqual(found(9, using="a"), [8, 7])
        self.assertEqual(found(models.SparseVector(indices=[4], values=[1]), using="s"), [4])
        both = [models.Prefetch(query=[9, 1], using="a", limit=3),
                models.Prefetch(query=models.SparseVector(indices=[7], values=[1]), using="s")]
        self.assertEqual(found(models.FusionQuery(fusion="rrf"), prefetch=both)[0], 7)
        batch = self.client.query_batch_points(self.name, [models.QueryRequest(query=[1, 9], using="a", limit=1)] * 2)
        self.assertEqual([answer.points[0].id for answer in batch], [1, 1])
        old = self.raw.post(f"/collections/{self.name}/points/search", json={
            "vector": {"name": "a", "vector": [9, 1]}, "limit": 1, "with_payload": True}).json()["result"]
        self.assertEqual((old[0]["id"], old[0]["payload"]), (9, {"n": 9}))
        self.assertStatus(400, functools.partial(found, [1, 2, 3], using="a"))

    def test_snapshots_are_files(self):
        self.filled()
        made = self.client.create_snapshot(self.name)
        self.assertEqual([one.name for one in self.client.list_snapshots(self.name)], [made.name])
        address = f"{URL}/collections/{self.name}/snapshots/{made.name}"
        self.assertEqual(len(httpx.get(address).content), made.size)
        self.client.delete(self.name, [1, 2, 3])
        self.client.recover_snapshot(self.name, address, checksum=made.checksum, wait=True)
        self.assertEqual(self.client.count(self.name).count, 25)
        self.assertStatus(400, functools.partial(
            self.client.recover_snapshot, self.name, address, checksum="0", wait=True))
        self.client.delete_snapshot(self.name, made.name)
        self.assertEqual(httpx.get(address).status_code, 404)

    def test_what_is_wrong_is_refused(self):
        self.plain()
        good = [1, 2, 3, 4]
        for point, status in [
            ({"id": "42", "vector": good}, 400), ({"id": -1, "vector": good}, 400), ({"id": 1.5, "vector": good}, 400),
            ({"id": 1, "vector": [1, 2]}, 400), ({"id": 1, "vector": [1, 2, 3, None]}, 400),
            ({"id": 1, "vector": [1, 2, 3, True]}, 400), ({"id": 1, "vector": ["1"]}, 400),
            ({"id": 1, "vector": {"no": good}}, 400), ({"id": 1}, 400), ({"id": 1, "vector": good, "more": 1}, 400),
            ({"id": 1, "vector": good, "payload": [1]}, 400),
            ({"id": 1, "vector": {"s": {"indices": [1, 1], "values": [1, 2]}}}, 422),
            ({"id": 1, "vector": {"s": {"indices": [1], "values": [1, 2]}}}, 422),
        ]:
            with self.subTest(point=point):
                answer = self.raw.put(f"/collections/{self.name}/points?wait=true", json={"points": [point]})
                self.assertEqual(answer.status_code, status, answer.text)
                self.assertIn("error", answer.json()["status"])
        self.assertEqual(self.client.count(self.name).count, 0)
        self.assertEqual(self.raw.post(f"/collections/{self.name}/points/scroll", json={"limit": 0}).status_code, 422)
        self.assertEqual(self.raw.put("/collections/no", json={"vectors": {"size": 0, "distance": "Dot"}}).status_code, 422)
        self.assertEqual(self.raw.put("/collections/no", content=b'{"vec').status_code, 400)
        self.assertEqual(self.raw.get("/nowhere").status_code, 404)
        self.assertEqual(self.raw.post(f"/collections/{self.name}/points/discover", json={}).status_code, 501)

    def test_bodies_have_a_limit(self):
        answer = self.raw.put(f"/collections/{self.name}", content=b" " * (32 * 1024 * 1024 + 1))
        self.assertEqual(answer.status_code, 400)
        self.assertIn("larger than allowed", answer.text)

    def test_large_collections_are_yellow_until_they_are_indexed(self):
        self.plain(size=64, optimizers_config={"indexing_threshold": 100}, hnsw_config={"m": 4, "ef_construct": 8})
        vectors = numpy.random.default_rng(1).random((1000, 64), "float32")
        self.client.upload_collection(self.name, vectors, ids=range(1000), wait=True)
        self.assertEqual(self.client.get_collection(self.name).status, "yellow")
        deadline = time.monotonic() + 60
        while (info := self.client.get_collection(self.name)).status != "green":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertEqual(info.indexed_vectors_count, 1000)
        self.assertEqual(self.client.query_points(self.name, vectors[7].tolist(), limit=1).points[0].id, 7)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], warnings="ignore")
