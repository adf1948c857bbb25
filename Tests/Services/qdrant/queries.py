"""Searches: what JSON asks, as the engine's requests."""

import qdrant_edge as edge

from .engine_values import (
    at_least_one,
    choice,
    made,
    named_vector_in,
    payload_selector,
    point_id,
    scored_out,
)
from .errors import bad_input, not_found, unsupported
from .filters import filter_in

RRF_K = 2


def query(collection, body):
    """The scored points of a request in the shape of 1.10 and later."""
    found = collection.ask("query", query_request(collection, body))
    return [scored_out(point) for point in found]


def search(collection, body):
    """The same in the shape of before."""
    vector = body["vector"]
    named = vector if isinstance(vector, dict) and "name" in vector else {"vector": vector, "name": None}
    same = {key: value for key, value in body.items() if key != "vector"}
    return query(collection, same | {"query": {"nearest": named["vector"]}, "using": named["name"]})


def query_request(collection, body):
    if body.get("lookup_from"):
        raise unsupported("`lookup_from`")
    scoring, leave_out = scoring_of(collection, body.get("query"), body.get("using"), body)
    return edge.QueryRequest(
        limit=at_least_one("limit", body.get("limit"), 10),
        offset=body.get("offset") or 0,
        query=scoring,
        prefetches=prefetches(collection, body.get("prefetch")),
        filter=filter_without(body.get("filter"), leave_out),
        score_threshold=body.get("score_threshold"),
        params=search_params(body.get("params")),
        with_payload=payload_selector(body.get("with_payload"), False),
        with_vector=body.get("with_vector") or False,
    )


def prefetches(collection, given):
    if given is None:
        return None
    return [prefetch(collection, one) for one in (given if isinstance(given, list) else [given])]


def prefetch(collection, body):
    scoring, leave_out = scoring_of(collection, body.get("query"), body.get("using"), body)
    return edge.Prefetch(
        limit=at_least_one("prefetch.limit", body.get("limit"), 10),
        query=scoring,
        prefetches=prefetches(collection, body.get("prefetch")),
        filter=filter_without(body.get("filter"), leave_out),
        score_threshold=body.get("score_threshold"),
        params=search_params(body.get("params")),
    )


def scoring_of(collection, given, using, body):
    """What points are scored by, and the points that are their own example."""
    if given is None:
        return None, []
    if isinstance(given, dict) and "indices" not in given:
        ((kind, words),) = ((key, value) for key, value in given.items() if value is not None and key != "mmr")
        if kind == "nearest":
            return nearest(collection, words, using, given.get("mmr"), body)
        if kind not in SIMPLE:
            raise unsupported(f"a query by `{kind}`")
        return SIMPLE[kind](words), []
    return nearest(collection, given, using, None, body)


def nearest(collection, given, using, mmr, body):
    vector, leave_out = example(collection, given, using)
    if mmr is None:
        return edge.Query.Nearest(vector, using=using), leave_out
    diversity = mmr.get("diversity")
    candidates = mmr.get("candidates_limit") or body.get("limit") or 10
    return edge.Mmr(vector, 1 - (0.5 if diversity is None else diversity), candidates, using=using), leave_out


def example(collection, given, using):
    """A vector as it is, or that of a point which is named by its key."""
    if isinstance(given, (int, str)):
        return point_vector(collection, point_id(given), using), [given]
    return named_vector_in(given), []


def point_vector(collection, key, using):
    records = collection.ask("retrieve", [key], False, [using or ""])
    if not records:
        raise not_found(f"No point with id {key} found")
    vectors = records[0].vector
    vector = vectors.get(using or "") if isinstance(vectors, dict) else vectors
    if vector is None:
        raise bad_input(f"Point {key} has no vector `{using or ''}`")
    return vector


def order_by(given):
    if isinstance(given, str):
        return edge.OrderBy(given)
    return made(edge.OrderBy, given, direction=edge.Direction)


SIMPLE = {
    "order_by": order_by,
    "fusion": lambda word: edge.Fusion.Rrf(RRF_K) if word == "rrf" else edge.Fusion.Dbsf(),
    "rrf": lambda words: edge.Fusion.Rrf(words.get("k") or RRF_K, words.get("weights")),
    "sample": lambda word: choice(edge.Sample, word),
}


def filter_without(given, leave_out):
    if not leave_out:
        return filter_in(given)
    excluded = {"must_not": [{"has_id": leave_out}]}
    return filter_in({"must": [given], **excluded} if given else excluded)


def search_params(given):
    if given is None:
        return None
    if given.get("idf"):
        raise unsupported("`params.idf`")
    plain = {key: value for key, value in given.items() if value is not None and key not in ("quantization", "acorn")}
    if given.get("quantization"):
        plain["quantization"] = made(edge.QuantizationSearchParams, given["quantization"])
    if given.get("acorn"):
        plain["acorn"] = made(edge.AcornSearchParams, given["acorn"])
    return edge.SearchParams(**plain)
