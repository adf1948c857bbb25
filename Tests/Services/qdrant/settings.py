"""A collection's settings: what the real server fills in, how a change is merged, and which of them the engine takes."""

import qdrant_edge as edge

from .engine_values import choice, made
from .errors import bad_input, invalid

HNSW = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000, "max_indexing_threads": 0, "on_disk": False}
OPTIMIZER = {
    "deleted_threshold": 0.2,
    "vacuum_min_vector_number": 1000,
    "default_segment_number": 0,
    "max_segment_size": None,
    "memmap_threshold": None,
    "indexing_threshold": 10000,
    "flush_interval_sec": 5,
    "max_optimization_threads": None,
}
WAL = {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1}
PARAMS = {"shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": True}
# Parameters that are only there if they were given.
RARE_PARAMS = ("sharding_method", "payload", "id_tracker", "sparse_vectors")
LARGEST_SIZE = 65536
# The engine wants some kind of vector, even if no point will have one.
NO_VECTORS = {"no vectors": {}}


def created(body):
    """The whole settings of a new collection."""
    check_numbers(body)
    params = {"vectors": without_nulls(body.get("vectors") or {})} | merged(PARAMS, chosen(body, PARAMS))
    params |= without_nulls(chosen(body, RARE_PARAMS))
    settings = {
        "params": params,
        "hnsw_config": merged(HNSW, body.get("hnsw_config")),
        "optimizer_config": merged(OPTIMIZER, optimizers(body)),
        "wal_config": merged(WAL, body.get("wal_config")),
        "quantization_config": without_nulls(body.get("quantization_config")),
        "strict_mode_config": merged({"enabled": False}, body.get("strict_mode_config")),
    }
    if body.get("metadata"):
        settings["metadata"] = body["metadata"]
    return settings


def changed(settings, body):
    """The settings after a PATCH: what it does not name stays."""
    check_numbers(body)
    settings = dict(settings)
    settings["params"] = params_changed(settings["params"], body)
    settings["hnsw_config"] = merged(settings["hnsw_config"], body.get("hnsw_config"))
    settings["optimizer_config"] = merged(settings["optimizer_config"], optimizers(body))
    settings["strict_mode_config"] = merged(settings["strict_mode_config"], body.get("strict_mode_config"))
    if body.get("quantization_config") is not None:
        settings["quantization_config"] = quantization(body["quantization_config"])
    if body.get("metadata") is not None:
        # The only place where null means: away with it.
        kept = settings.get("metadata", {}) | body["metadata"]
        settings["metadata"] = {key: value for key, value in kept.items() if value is not None}
    return settings


def params_changed(params, body):
    params = merged(params, body.get("params"))
    for name, diff in (body.get("vectors") or {}).items():
        params["vectors"] = vectors_changed(params["vectors"], name, diff)
    for name, diff in (body.get("sparse_vectors") or {}).items():
        kinds = params.get("sparse_vectors", {})
        if name not in kinds:
            raise bad_input(f"Not existing vector name error: {name}")
        params["sparse_vectors"] = kinds | {name: merged(kinds[name], diff)}
    return params


def vectors_changed(vectors, name, diff):
    if name not in named_vectors(vectors):
        raise bad_input(f"Not existing vector name error: {name}")
    one = dict(named_vectors(vectors)[name])
    if diff.get("hnsw_config") is not None:
        one["hnsw_config"] = merged(one.get("hnsw_config") or {}, diff["hnsw_config"])
    if diff.get("quantization_config") is not None:
        one["quantization_config"] = quantization(diff["quantization_config"])
    one |= without_nulls(chosen(diff, ("on_disk", "memory")))
    one = without_nulls(one)
    return one if name == "" and "size" in vectors else vectors | {name: one}


def quantization(given):
    return None if given == "Disabled" else without_nulls(given)


def optimizers(body):
    given = dict(body.get("optimizers_config") or {})
    if given.get("max_optimization_threads") == "auto":
        given["max_optimization_threads"] = None
    return given


def merged(settings, diff):
    return settings | without_nulls(diff or {})


def without_nulls(given):
    if isinstance(given, dict):
        return {key: without_nulls(value) for key, value in given.items() if value is not None}
    return given


def chosen(given, names):
    return {name: given[name] for name in names if name in given}


def named_vectors(vectors):
    """The kinds of dense vectors by name; a vector without a name has the empty one."""
    return {"": vectors} if "size" in vectors else vectors


def check_numbers(body):
    for name in "shard_number", "replication_factor", "write_consistency_factor":
        at_least(name, body.get(name), 1)
    at_least("hnsw_config.ef_construct", (body.get("hnsw_config") or {}).get("ef_construct"), 4)
    at_least("optimizers_config.max_segment_size", (body.get("optimizers_config") or {}).get("max_segment_size"), 1)
    for name, one in named_vectors(body.get("vectors") or {}).items():
        if not 1 <= one.get("size", 1) <= LARGEST_SIZE:
            place = f"vectors.{name}.size" if name else "vectors.size"
            raise invalid(f"{place}: value {one['size']} invalid, must be from 1 to {LARGEST_SIZE}")


def at_least(name, value, least):
    if isinstance(value, int) and value < least:
        raise invalid(f"{name}: value {value} invalid, must be {least} or larger")


def engine_config(settings):
    """What the engine takes of the settings; the rest is kept and given back, but has no effect here."""
    params, optimizer = settings["params"], settings["optimizer_config"]
    # Zero means never, to people; the engine would take it for always.
    threshold = optimizer["indexing_threshold"] or 2**40
    vectors, sparse = named_vectors(params["vectors"]), params.get("sparse_vectors") or {}
    if not vectors and not sparse:
        sparse = NO_VECTORS
    return edge.EdgeConfig(
        vectors={name: dense(one, settings) for name, one in vectors.items()},
        sparse_vectors={name: sparse_params(one) for name, one in sparse.items()},
        on_disk_payload=params["on_disk_payload"],
        hnsw_config=hnsw(settings["hnsw_config"]),
        quantization_config=quantizer(settings["quantization_config"]),
        optimizers=edge.EdgeOptimizersConfig(
            deleted_threshold=optimizer["deleted_threshold"],
            vacuum_min_vector_number=optimizer["vacuum_min_vector_number"],
            default_segment_number=optimizer["default_segment_number"] or None,
            max_segment_size=optimizer["max_segment_size"],
            indexing_threshold=threshold,
        ),
    )


def dense(given, settings):
    multi = given.get("multivector_config")
    return edge.EdgeVectorParams(
        size=given["size"],
        distance=choice(edge.Distance, given["distance"]),
        on_disk=given.get("on_disk"),
        datatype=choice(edge.VectorStorageDatatype, given.get("datatype")),
        multivector_config=multi and made(edge.MultiVectorConfig, multi, comparator=edge.MultiVectorComparator),
        quantization_config=quantizer(given.get("quantization_config")),
        hnsw_config=hnsw(merged(settings["hnsw_config"], given["hnsw_config"])) if given.get("hnsw_config") else None,
        memory=choice(edge.Memory, given.get("memory")),
    )


def sparse_params(given):
    index = given.get("index") or {}
    modifier = given.get("modifier")
    return edge.EdgeSparseVectorParams(
        full_scan_threshold=index.get("full_scan_threshold"),
        on_disk=index.get("on_disk"),
        modifier=choice(edge.Modifier, modifier) if modifier != "none" else None,
        datatype=choice(edge.VectorStorageDatatype, index.get("datatype")),
        memory=choice(edge.Memory, index.get("memory")),
    )


def hnsw(given):
    return made(edge.HnswIndexConfig, given, memory=edge.Memory)


def quantizer(given):
    if not given:
        return None
    ((kind, settings),) = given.items()
    if kind == "scalar":
        return made(edge.ScalarQuantizationConfig, settings, type=edge.ScalarType, memory=edge.Memory)
    if kind == "product":
        return made(
            edge.ProductQuantizationConfig, settings, compression=edge.CompressionRatio, memory=edge.Memory)
    if kind == "turbo":
        return made(edge.TurboQuantQuantizationConfig, settings, bits=edge.TurboQuantBitSize, memory=edge.Memory)
    return made(
        edge.BinaryQuantizationConfig,
        settings,
        encoding=edge.BinaryQuantizationEncoding,
        query_encoding=edge.BinaryQuantizationQueryEncoding,
        memory=edge.Memory,
    )
