"""LightRAG's own PostgreSQL storages read what was copied from a folder, without embedding anything.

usage: lightrag_reads_postgres.py FOLDER HOST PORT PASSWORD DATABASE WORKSPACE
"""

import asyncio
import base64
import json
import os
import sys

import numpy

folder, host, port, password, database, workspace = sys.argv[1:]
os.environ.update(POSTGRES_HOST=host, POSTGRES_PORT=port, POSTGRES_USER="postgres", POSTGRES_PASSWORD=password,
                  POSTGRES_DATABASE=database, POSTGRES_WORKSPACE=workspace, POSTGRES_VECTOR_INDEX_TYPE="HNSW")

from lightrag.kg.postgres_impl import PGDocStatusStorage, PGKVStorage, PGVectorStorage  # noqa: E402
from lightrag.kg.shared_storage import initialize_share_data  # noqa: E402
from lightrag.utils import EmbeddingFunc  # noqa: E402


async def never(texts, **_):
    raise SystemExit(f"LightRAG embeds again: {texts}")


def contents(name):
    with open(f"{folder}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


dimension = contents("vdb_entities")["embedding_dim"]
embedding = EmbeddingFunc(embedding_dim=dimension, func=never, max_token_size=100)
settings = {"vector_storage": "PGVectorStorage", "embedding_batch_num": 10, "working_dir": folder,
            "vector_db_storage_cls_kwargs": {"cosine_better_than_threshold": -1}}


async def opened(kind, namespace, **more):
    storage = kind(namespace=namespace, workspace=workspace, global_config=settings, embedding_func=embedding, **more)
    await storage.initialize()
    return storage


async def vectors(namespace, meta):
    storage = await opened(PGVectorStorage, namespace, meta_fields=meta)
    file = contents(f"vdb_{namespace}")
    matrix = numpy.frombuffer(base64.b64decode(file["matrix"]), "<f4").reshape(-1, dimension)
    found = await storage.get_vectors_by_ids([row["__id__"] for row in file["data"]])
    for row, vector in zip(file["data"], matrix):
        assert numpy.array_equal(numpy.array(found[row["__id__"]], "f4"), vector), row["__id__"]
        read = await storage.get_by_id(row["__id__"])
        assert read["content"] == row["content"] and read["created_at"] == row["__created_at__"], row["__id__"]
        if "source_id" in row:
            assert read["chunk_ids"] == row["source_id"].split("<SEP>"), row["__id__"]
    near = await storage.query("?", top_k=1, query_embedding=matrix[7].tolist())
    for name in meta & set(near[0]):
        assert near[0][name] == file["data"][7][name], near
    print(namespace, len(found))


async def values(namespace):
    storage = await opened(PGKVStorage, namespace)
    file = contents(f"kv_store_{namespace}")
    for key, read in zip(file, await storage.get_by_ids(list(file))):
        # Of a document LightRAG does not ask for the times.
        left_out = {"_id"} | ({"create_time", "update_time"} if namespace == "full_docs" else set())
        for name in set(file[key]) - left_out:
            assert read[name] == file[key][name], (namespace, key, name, read[name])
    print(namespace, len(file))


async def main():
    initialize_share_data()
    await vectors("entities", {"entity_name"})
    await vectors("relationships", {"src_id", "tgt_id"})
    await vectors("chunks", {"full_doc_id"})
    for namespace in ["full_docs", "text_chunks", "llm_response_cache", "full_entities", "full_relations"]:
        await values(namespace)
    storage = await opened(PGDocStatusStorage, "doc_status")
    file = contents("kv_store_doc_status")
    for key, row in file.items():
        read = await storage.get_by_id(key)
        for name, value in row.items():
            assert read[name] == value, (key, name, read[name])
    print("doc_status", len(file))


asyncio.run(main())
