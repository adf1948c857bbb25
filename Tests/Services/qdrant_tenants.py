"""Twelve collections named after projects and kinds, and the proof that another one holds them all, by the unmodified
qdrant-client.

usage: qdrant_tenants.py URL fill COUNT       makes them, with so many points in all
       qdrant_tenants.py URL spoil MB         adds a point to the largest that is just not too long for a server that
                                              takes so many MB, and is so with fields besides
       qdrant_tenants.py URL mend             removes it
       qdrant_tenants.py URL compare TARGET   says what is missing, wrong or too much in TARGET, and fails
"""

import re
import sys
import uuid

import numpy
from qdrant_client import QdrantClient, models

NAMES = ["alpha-docs", "alpha-code", "beta-docs", "beta-code", "my-app-docs", "Größe-docs", "a.b-code", "1-docs",
         "λ-docs", "long name-code", "o'hara-docs", "z_2-code"]
DIMENSION = 16
# In both of these collections.
COLLIDING = [7, "550e8400-e29b-41d4-a716-446655440000"]
SPOILT = 2**64 - 1
PAGE = 500


def share(number, total):
    """The later, the more; together all."""
    weights = range(1, len(NAMES) + 1)
    whole = sum(weights)
    return total * weights[number] // whole if number else total - sum(total * one // whole for one in weights[1:])


def key(number, row):
    if NAMES[number] in ("alpha-docs", "beta-docs") and row < 2:
        return COLLIDING[row]
    if row % 3 == 0:
        return str(uuid.UUID(int=(number << 96) + (0x4 << 76) + (0x8 << 60) + row))
    # Small ones, and some that no signed number holds.
    return (number + 1) * 10_000_000 + row + (2**63 if row % 7 == 0 else 0)


def point(number, row, random):
    payload = {"title": f"Größe {row} \"東京\"", "meta": {"a": {"b": [1, None, {"c": row / 8}]}, "n": row}}
    if row % 5 == 0:
        payload |= {"big": 2**64 - 1 - row, "none": None, "tags": [], "deep": [[{}], [True, "x"]]}
    vector = {"title": random[0].tolist(), "body": (random[1] * 10.0 ** (row % 9 - 4)).tolist()}
    if row % 4:
        vector["words"] = models.SparseVector(indices=[row % 1000, 5000 + row % 77], values=[0.5, row / 3 + 1e-4])
    return models.PointStruct(id=key(number, row), vector=vector, payload=payload)


def fill(client, total):
    random = numpy.random.default_rng(6)
    for number, name in enumerate(NAMES):
        client.create_collection(
            name, vectors_config={
                "title": models.VectorParams(size=DIMENSION, distance="Cosine"),
                "body": models.VectorParams(size=DIMENSION, distance="Dot")},
            sparse_vectors_config={"words": models.SparseVectorParams()},
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0))
        count = share(number, int(total))
        for start in range(0, count, PAGE):
            rows = range(start, min(count, start + PAGE))
            vectors = random.standard_normal((len(rows), 2, DIMENSION)).astype("float32")
            client.upsert(name, [point(number, row, one) for row, one in zip(rows, vectors)], wait=True)


def spoil(client, megabytes):
    body = '{"points":[{"id":%d,"vector":{},"payload":{"text":"%s"}}]}'
    text = "x" * (int(megabytes) * 2**20 - len(body % (SPOILT, "")))
    client.upsert(NAMES[-1], [models.PointStruct(id=SPOILT, vector={}, payload={"text": text})], wait=True)


def mend(client):
    client.delete(NAMES[-1], [SPOILT], wait=True)


def pages(client, name):
    offset = None
    while True:
        records, offset = client.scroll(name, limit=PAGE, offset=offset, with_vectors=True)
        yield records
        if offset is None:
            return


def compare(client, target):
    problems, total, moments = [], 0, set()
    for name in NAMES:
        project, kind = re.fullmatch("(.*)-(.*)", name).groups()
        for records in pages(client, name):
            total += len(records)
            keys = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{record.id}")) for record in records]
            found = {record.id: record for record in client.retrieve(target, keys, with_vectors=True)}
            for record, new in zip(records, keys):
                if new not in found:
                    problems.append(f"{name} {record.id} is missing")
                    continue
                payload = dict(found[new].payload)
                moments.add(payload.pop("migrated_at", None))
                wanted = record.payload | {"project_id": project, "kind": kind, "old_id": str(record.id)}
                if payload != wanted:
                    problems.append(f"{name} {record.id}: {payload} is not {wanted}")
                problems += [f"{name} {record.id}: {one}" for one in unlike(record.vector, found[new].vector)]
    if client.count(target, exact=True).count != total:
        problems.append(f"{client.count(target, exact=True).count} points, and {total} in the sources")
    if len(moments) != 1 or None in moments:
        problems.append(f"moments: {moments}")
    tenant = client.get_collection(target).payload_schema["project_id"]
    if not (tenant.params and tenant.params.is_tenant) or tenant.points != total:
        problems.append(f"the index on project_id: {tenant}")
    some = models.Filter(must=[models.FieldCondition(key="project_id", match=models.MatchValue(value="my-app"))])
    hits = client.query_points(target, [1.0] * DIMENSION, using="title", query_filter=some, limit=5, with_payload=True)
    if len(hits.points) != 5 or {hit.payload["project_id"] for hit in hits.points} != {"my-app"}:
        problems.append(f"a search within a project: {hits}")
    sys.exit("\n".join(problems[:20]) if problems else None)


def unlike(left, right):
    if left.keys() != right.keys():
        yield f"vectors {sorted(left)} and {sorted(right)}"
    for name in left.keys() & right.keys():
        a, b = left[name], right[name]
        if isinstance(a, models.SparseVector):
            (a, b) = (sorted(zip(one.indices, numpy.float32(one.values).tolist())) for one in (a, b))
        else:
            (a, b) = (numpy.float32(one).tolist() for one in (a, b))
        if a != b:
            yield f"vector {name}: {a} and {b}"


if __name__ == "__main__":
    url, verb, *words = sys.argv[1:]
    {"fill": fill, "spoil": spoil, "mend": mend, "compare": compare}[verb](QdrantClient(url=url, timeout=600), *words)
