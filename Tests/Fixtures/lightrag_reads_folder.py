"""LightRAG's own file storages open a folder that came back from PostgreSQL, without embedding anything.

usage: lightrag_reads_folder.py FOLDER ORIGINAL
"""

import asyncio
import base64
import json
import sys

import numpy

from lightrag.kg.json_doc_status_impl import JsonDocStatusStorage
from lightrag.kg.json_kv_impl import JsonKVStorage
from lightrag.kg.nano_vector_db_impl import NanoVectorDBStorage
from lightrag.kg.networkx_impl import NetworkXStorage
from lightrag.kg.shared_storage import initialize_share_data
from lightrag.utils import EmbeddingFunc

folder, original = sys.argv[1:]


async def never(texts, **_):
    raise SystemExit(f"LightRAG embeds again: {texts}")


def contents(name):
    with open(f"{original}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


dimension = contents("vdb_entities")["embedding_dim"]
embedding = EmbeddingFunc(embedding_dim=dimension, func=never, max_token_size=100)
settings = {"working_dir": folder, "embedding_batch_num": 10, "max_graph_nodes": 1000,
            "vector_db_storage_cls_kwargs": {"cosine_better_than_threshold": -1}}


async def opened(kind, namespace, **more):
    storage = kind(namespace=namespace, workspace="", global_config=settings, embedding_func=embedding, **more)
    await storage.initialize()
    return storage


async def vectors(namespace, meta):
    storage = await opened(NanoVectorDBStorage, namespace, meta_fields=meta)
    file = contents(f"vdb_{namespace}")
    matrix = numpy.frombuffer(base64.b64decode(file["matrix"]), "<f4").reshape(-1, dimension)
    for row, vector in zip(file["data"], matrix):
        read = await storage.get_by_id(row["__id__"])
        for name in meta | {"content", "source_id", "file_path"} & set(row):
            assert read[name] == row[name], (row["__id__"], name, read)
        near = await storage.query("?", top_k=1, query_embedding=vector.tolist())
        assert near[0]["id"] == row["__id__"] and near[0]["distance"] > 0.9999, (row["__id__"], near)
    print(namespace, len(file["data"]))


async def values(kind, namespace):
    storage = await opened(kind, namespace)
    file = contents(f"kv_store_{namespace}")
    for key, row in file.items():
        read = await storage.get_by_id(key)
        for name, value in row.items():
            assert read[name] == value, (namespace, key, name, read)
    print(namespace, len(file))


async def main():
    initialize_share_data()
    await vectors("entities", {"entity_name"})
    await vectors("relationships", {"src_id", "tgt_id"})
    await vectors("chunks", {"full_doc_id"})
    for namespace in ["full_docs", "text_chunks", "llm_response_cache", "full_entities", "full_relations"]:
        await values(JsonKVStorage, namespace)
    await values(JsonDocStatusStorage, "doc_status")
    graph = await opened(NetworkXStorage, "chunk_entity_relation")
    print("graph", len(await graph.get_all_labels()))


asyncio.run(main())
