"""Makes a folder of Chroma's, and beside it what the Chroma that wrote it says is in it.

    VENV/bin/python make.py FOLDER        with the chromadb whose form is wanted (0.4.24 needs numpy<2)
    tar -C FOLDER -czf VERSION.tar.gz data truth.json

Vectors are told as hexadecimal floats, so that nothing is rounded on the way.
"""

import json
import os
import random
import shutil
import sys

os.environ["ANONYMIZED_TELEMETRY"] = "False"
import chromadb  # noqa: E402

root = sys.argv[1]
version = tuple(int(part) for part in chromadb.__version__.split(".")[:2])
shutil.rmtree(root, ignore_errors=True)
client = chromadb.PersistentClient(os.path.join(root, "data"))
chance = random.Random(7)


def vector(dimension):
    return [chance.uniform(-3, 3) for _ in range(dimension)]


def metadata(number):
    values = {
        "n": number, "ratio": number / 8, "whole": float(number), "big": 2**53 + number, "flag": number % 2 == 0,
        "größe": "文档 \"quoted\" \\ back", "empty": "", "hnsw:space": "l2",
    }
    if version >= (1, 5):
        values |= {"tags": ["a", f"t{number}"], "parts": [number, -1], "shares": [0.5, 2.0], "signs": [True, False]}
    return dict(list(values.items())[: 1 + number % len(values)])


def key(number):
    return ["plain-%d", "%d", "ключ-%d", "https://example.org/a b?c=%d", "e\u0301-%d"][number % 5] % number


def fill(collection, dimension, count, step):
    for start in range(0, count, step):
        numbers = range(start, min(count, start + step))
        collection.add(
            ids=[key(n) for n in numbers], embeddings=[vector(dimension) for _ in numbers],
            metadatas=[metadata(n) if n % 7 or version >= (1, 0) else None for n in numbers],
            documents=[f"text {n} " + "ä" * (n % 30) if n % 3 else None for n in numbers],
            uris=[f"file:///{n}" if n % 5 == 0 else None for n in numbers])


def change(collection, dimension, count):
    """Updates with and without a vector, deletes, what is added again, and what is there already."""
    some = [n for n in range(count) if n % 11 == 3]
    collection.update(ids=[key(n) for n in some], embeddings=[vector(dimension) for _ in some])
    collection.update(ids=[key(n) for n in some[:9]], metadatas=[{"n": -n, "new": "yes"} for n in some[:9]])
    collection.update(
        ids=[key(n) for n in some[:3]], documents=[f"changed {n}" for n in some[:3]],
        embeddings=[vector(dimension) for _ in range(3)])
    collection.delete(ids=[key(n) for n in range(count) if n % 13 == 5])
    again = [n for n in range(count) if n % 26 == 5]
    collection.add(
        ids=[key(n) for n in again], embeddings=[vector(dimension) for _ in again], documents=["again"] * len(again))
    collection.upsert(
        ids=[key(n) for n in range(8)] + ["only upserted"], embeddings=[vector(dimension) for _ in range(9)],
        metadatas=[{"upserted": True}] * 9)
    collection.add(ids=[key(1), key(2)], embeddings=[vector(dimension)] * 2, documents=["never seen"] * 2)
    collection.update(ids=["nowhere"], metadatas=[{"never": "seen"}])


spaces = {"l2": 5, "ip": 4, "cosine": 6}
for space, dimension in spaces.items():
    small = client.create_collection(f"small_{space}", metadata={"hnsw:space": space, "about": "never flushed"})
    fill(small, dimension, 36, 25)
    change(small, dimension, 36)
    large = client.create_collection(
        f"large.{space}", metadata={"hnsw:space": space, "hnsw:batch_size": 20, "hnsw:sync_threshold": 60, "hnsw:M": 5})
    fill(large, dimension, 105, 37)
    change(large, dimension, 105)

plain = client.create_collection("plain")
plain.add(ids=["one", "two"], embeddings=[[0.0, -0.0], [1e-45, 3.4e38]])
client.create_collection("empty")
names = client.create_collection("taken_names")
names.add(ids=["a"], embeddings=[[1, 2]], metadatas=[{"document": "mine", "uri": 7}], documents=["Chroma's"])
gone = client.create_collection("dropped")
gone.add(ids=["x"], embeddings=[[1, 2, 3]], documents=["orphan"])
client.delete_collection("dropped")
admin = chromadb.AdminClient(
    chromadb.Settings(
        is_persistent=True, persist_directory=os.path.join(root, "data"), anonymized_telemetry=False,
        **({"chroma_api_impl": "chromadb.api.rust.RustBindingsAPI"} if version >= (1, 0) else {})))
admin.create_tenant("tenant2")
admin.create_database("base2", tenant="tenant2")
admin.create_database("base3")
for tenant, database in (("tenant2", "base2"), ("default_tenant", "base3")):
    other = chromadb.PersistentClient(os.path.join(root, "data"), tenant=tenant, database=database)
    there = other.create_collection("elsewhere", metadata={"hnsw:space": "ip"})
    there.add(ids=["k"], embeddings=[[3, 4]], documents=[database])

truth = {}


def tell(collection, name, space):
    # One by one: 0.4.24 finds no vector where a record was deleted and added again before it was flushed.
    ids = collection.get(include=[])["ids"]
    wanted = ["embeddings", "metadatas", "documents", "uris"]
    records = {}
    for id in ids:
        try:
            got = collection.get(ids=[id], include=wanted)
        except IndexError:
            got = collection.get(ids=[id], include=wanted[1:]) | {"embeddings": [[]]}
        at, told = 0, got["embeddings"]
        uri = got["uris"][at] if got.get("uris") else None
        records[id] = {
            "vector": [float(number).hex() for number in (told[at] if len(told) else [])],
            "metadata": {k: v for k, v in (got["metadatas"][at] or {}).items() if k != "chroma:uri"},
            "document": got["documents"][at], "uri": uri,
        }
    truth[name] = {"space": space, "records": records}


for space in spaces:
    tell(client.get_collection(f"small_{space}"), f"small_{space}", space)
    tell(client.get_collection(f"large.{space}"), f"large.{space}", space)
for name in ("plain", "empty", "taken_names"):
    tell(client.get_collection(name), name, "l2")
for tenant, database in (("tenant2", "base2"), ("default_tenant", "base3")):
    other = chromadb.PersistentClient(os.path.join(root, "data"), tenant=tenant, database=database)
    shown = f"{tenant}/{database}/elsewhere" if tenant != "default_tenant" else f"{database}/elsewhere"
    tell(other.get_collection("elsewhere"), shown, "ip")

with open(os.path.join(root, "truth.json"), "w") as file:
    json.dump({"version": chromadb.__version__, "collections": truth}, file, ensure_ascii=False)
os._exit(0)
