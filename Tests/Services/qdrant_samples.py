"""Collections with everything that a Qdrant can hold, and the comparison of two, by the unmodified qdrant-client.

usage: qdrant_samples.py URL fill NAME                 makes NAME, and NAME_plain whose vectors have no name
       qdrant_samples.py URL compare NAME URL2 NAME2   says where they differ, and fails
"""

import sys

import numpy
from qdrant_client import QdrantClient, models

KEYS = [0, 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1,
        "00000000-0000-0000-0000-000000000000", "550e8400-e29b-41d4-a716-446655440000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff"]
PAYLOADS = [
    {}, {"text": "Größe 東京 🚀 \"quoted\" \\ \n\t", "empty": "", "": "a name of no letters"},
    {"n": 1, "negative": -(2**63), "large": 2**64 - 1, "half": 0.5, "tenth": 0.1, "tiny": 5e-324, "huge": 1.5e308},
    {"null": None, "yes": True, "no": False, "list": [], "object": {}, "mixed": [1, "a", None, [True, {"x": []}]]},
    {"deep": {"er": {"and": {"deeper": [1, {"a.b": "c"}]}}}, "a.b": 1, "a[0]": 2, "with space": 3},
    {"when": "2026-11-20T10:35:00Z", "where": {"lon": 13.4, "lat": 52.5}, "u": "550e8400-e29b-41d4-a716-446655440000"},
    {"project": "alpha", "page": 7}, {"project": ["alpha", "beta"], "page": [1, 2]}, {"project": 5, "page": "seven"},
]
INDEXES = {
    "project": {"type": "keyword", "is_tenant": True}, "page": {"type": "integer", "lookup": False, "range": True},
    "text": {"type": "text", "tokenizer": "word", "min_token_len": 2, "max_token_len": 20, "lowercase": True},
    "when": "datetime", "where": "geo", "yes": "bool", "half": {"type": "float", "on_disk": True}, "u": "uuid",
    "deep.er.n": "integer",
}


def fill(client, name):
    client.create_collection(
        name,
        vectors_config={
            "title": models.VectorParams(
                size=8, distance="Cosine", on_disk=True, hnsw_config=models.HnswConfigDiff(m=24, ef_construct=120)),
            "dot": models.VectorParams(size=3, distance="Dot", quantization_config=models.BinaryQuantization(
                binary=models.BinaryQuantizationConfig(always_ram=True))),
            "halves": models.VectorParams(size=3, distance="Euclid", datatype="float16"),
            "bytes": models.VectorParams(size=3, distance="Manhattan", datatype="uint8"),
            "many": models.VectorParams(
                size=2, distance="Dot", multivector_config=models.MultiVectorConfig(comparator="max_sim")),
        },
        sparse_vectors_config={
            "words": models.SparseVectorParams(modifier="idf", index=models.SparseIndexParams(on_disk=True)),
            "others": models.SparseVectorParams()},
        shard_number=2, replication_factor=2, write_consistency_factor=2, on_disk_payload=False,
        hnsw_config=models.HnswConfigDiff(m=8, payload_m=16),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0, deleted_threshold=0.3),
        wal_config=models.WalConfigDiff(wal_capacity_mb=16),
        quantization_config=models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type="int8", quantile=0.99, always_ram=True)),
        strict_mode_config=models.StrictModeConfig(enabled=False, max_query_limit=500), metadata={"made_by": "a test"})
    client.upsert(name, [models.PointStruct(id=key, vector=vectors(row), payload=PAYLOADS[row])
                         for row, key in enumerate(KEYS)])
    for field, schema in INDEXES.items():
        client.create_payload_index(name, field, schema)
    client.create_collection(name + "_plain", vectors_config=models.VectorParams(size=4, distance="Euclid"))
    client.upsert(name + "_plain", [models.PointStruct(id=key, vector=dense(row, 4), payload=PAYLOADS[row])
                                    for row, key in enumerate(KEYS)])


def dense(row, size):
    """Small, large and plain numbers of 32 bits."""
    random = numpy.random.default_rng(row)
    return (random.standard_normal(size) * 10.0 ** random.integers(-20, 20, size)).astype("float32").tolist()


def vectors(row):
    """All kinds in the first record, fewer and fewer in the others, at last none."""
    kinds = {
        "title": numpy.random.default_rng(row).standard_normal(8).astype("float32").tolist(),
        "dot": dense(row, 3), "halves": [row / 3, 0.1, -65504], "bytes": [0, row, 255],
        "many": [dense(row * 10 + one, 2) for one in range(row + 1)],
        "words": models.SparseVector(indices=[2**32 - 1, row, 77], values=[0.1, 2, 3e-5]),
        "others": models.SparseVector(indices=[], values=[]),
    }
    return dict(list(kinds.items())[: max(0, len(kinds) - row)])


def points(client, name):
    found, offset = {}, None
    while True:
        records, offset = client.scroll(name, limit=4, offset=offset, with_vectors=True)
        found |= {record.id: (record.payload, plain(record.vector)) for record in records}
        if offset is None:
            return found


def plain(vector):
    if isinstance(vector, models.SparseVector):
        return sorted(zip(vector.indices, numpy.float32(vector.values).tolist()))
    if isinstance(vector, dict):
        return {name: plain(one) for name, one in vector.items()}
    return numpy.float32(vector).tolist()


def settings(client, name):
    info = client.get_collection(name)
    config = info.config.model_dump(mode="json", exclude_none=True)
    # Where vecsh notes what Qdrant has no word for.
    config.get("metadata", {}).pop("vecsh", None)
    config = {key: value for key, value in config.items() if value != {}}
    schema = {key: one.model_dump(mode="json", exclude_none=True) for key, one in info.payload_schema.items()}
    for one in schema.values():
        # A type alone is short for an object with nothing but the type.
        one.setdefault("params", {"type": one["data_type"]})
    return {"config": config, "payload_schema": schema}


def differences(path, left, right):
    """Places where two values differ; numbers are the same only if they are of one type."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys(), key=str):
            if key not in left or key not in right:
                yield f"{path}.{key} is only on one side"
            else:
                yield from differences(f"{path}.{key}", left[key], right[key])
    elif type(left) is not type(right) or left != right:
        if not (path.endswith("].title") and numpy.allclose(left, right, rtol=0, atol=1e-6)):
            yield f"{path}: {left!r} and {right!r}"


def compare(client, name, other, other_name):
    left, right = points(client, name), points(other, other_name)
    found = list(differences("settings", settings(client, name), settings(other, other_name)))
    if list(left) != list(right):
        found.append(f"keys: {list(left)} and {list(right)}")
    for key in left.keys() & right.keys():
        found += differences(f"point[{key}].payload", left[key][0], right[key][0])
        found += differences(f"point[{key}]", left[key][1], right[key][1])
    sys.exit("\n".join(found) if found else None)


if __name__ == "__main__":
    url, verb, collection, *others = sys.argv[1:]
    if verb == "fill":
        fill(QdrantClient(url=url), collection)
    else:
        compare(QdrantClient(url=url), collection, QdrantClient(url=others[0]), others[1])
