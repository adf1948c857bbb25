"""What reading a folder of Chroma's is measured against; scripts/bench calls it.

usage: bench_chroma.py make FOLDER COLLECTIONS ROWS DIMENSION   a folder, written by the chromadb that is installed
       bench_chroma.py get FOLDER                               all of it by collection.get, page by page
       bench_chroma.py move FOLDER URL NAME...                  some collections by collection.get into Qdrant by upsert

`get` and `move` print the seconds that they took, without the start of Python, and how many records there were.
"""

import sys
import time
import uuid

import chromadb
import numpy


def client(folder):
    return chromadb.PersistentClient(folder, settings=chromadb.Settings(anonymized_telemetry=False))


def make(folder, collections, rows, dimension):
    chance = numpy.random.default_rng(7)
    there = client(folder)
    for number in range(collections):
        collection = there.create_collection(f"collection_{number:02}", metadata={"hnsw:space": "cosine"})
        for start in range(0, rows, 2_000):
            keys = range(start, min(rows, start + 2_000))
            collection.add(
                ids=[f"{number}-{key:08}" for key in keys],
                embeddings=chance.normal(size=(len(keys), dimension)).astype("float32"),
                documents=[f"the text of document {key}, " * 20 for key in keys],
                metadatas=[{"page": key, "source": f"file-{key % 97}.pdf", "score": key / 7} for key in keys])


def get(folder):
    start, count = time.monotonic(), 0
    for collection in client(folder).list_collections():
        for offset in range(0, collection.count(), 1_000):
            page = collection.get(limit=1_000, offset=offset, include=["embeddings", "documents", "metadatas"])
            count += len(page["ids"])
    print(f"{time.monotonic() - start:.2f} {count}")


def move(folder, url, names):
    from qdrant_client import QdrantClient, models

    old, new = client(folder), QdrantClient(url=url, timeout=600)
    for name in names:
        new.delete_collection(name)
    start, count = time.monotonic(), 0
    for name in names:
        collection = old.get_collection(name)
        first = collection.get(limit=1, include=["embeddings"])["embeddings"][0]
        new.create_collection(name, vectors_config=models.VectorParams(size=len(first), distance="Cosine"))
        for offset in range(0, collection.count(), 1_000):
            page = collection.get(limit=1_000, offset=offset, include=["embeddings", "documents", "metadatas"])
            new.upsert(name, [
                models.PointStruct(
                    id=str(uuid.uuid5(uuid.NAMESPACE_URL, id)), vector=vector.tolist(),
                    payload={"chroma_id": id, "document": document, **(metadata or {})})
                for id, vector, document, metadata in zip(
                    page["ids"], page["embeddings"], page["documents"], page["metadatas"])], wait=True)
            count += len(page["ids"])
    print(f"{time.monotonic() - start:.2f} {count}")


if sys.argv[1] == "make":
    make(sys.argv[2], *map(int, sys.argv[3:6]))
elif sys.argv[1] == "move":
    move(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    get(sys.argv[2])
