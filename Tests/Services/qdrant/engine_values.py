"""JSON's words for the engine's values, and the other way round."""

import numpy
import qdrant_edge as edge

from .errors import invalid, no_point_id, unsupported


def choice(kind, word):
    """The engine's constant for a word of JSON: `max_sim` is MaxSim."""
    if word is None:
        return None
    wanted = word.replace("_", "").replace(".", "").lower()
    for name in dir(kind):
        if name.replace("_", "").lower() == wanted:
            return getattr(kind, name)
    raise unsupported(f"{kind.__name__} `{word}`")


def made(kind, settings, **choices):
    """One of the engine's objects from a JSON object; `choices` says which of its words are constants of which kind."""
    given = {key: value for key, value in (settings or {}).items() if value is not None}
    for key, constants in choices.items():
        if key in given:
            given[key] = choice(constants, given[key])
    return kind(**given)


def point_id(given):
    """A number or a UUID; which texts are UUIDs is for the engine to say."""
    if isinstance(given, str) or (type(given) is int and 0 <= given < 2**64):
        return given
    raise no_point_id(given)


def vector_in(given):
    if isinstance(given, dict):
        return {name: named_vector_in(one) for name, one in given.items()}
    return given


def named_vector_in(given):
    if isinstance(given, dict):
        if "indices" not in given:
            raise unsupported("inference: a vector from a text or an image")
        return edge.SparseVector(given["indices"], given["values"])
    return given


def points_in(body):
    """The points of an upsert, in either of its shapes."""
    if "points" in body:
        return [
            edge.Point(point_id(point["id"]), vector_in(point["vector"]), point.get("payload"))
            for point in body["points"]
        ]
    batch = body["batch"]
    ids = [point_id(one) for one in batch["ids"]]
    payloads = batch.get("payloads") or [None] * len(ids)
    return [edge.Point(*parts) for parts in zip(ids, columns_in(batch["vectors"], len(ids)), payloads)]


def columns_in(vectors, count):
    if isinstance(vectors, list):
        return [vector_in(vector) for vector in vectors]
    return [{name: named_vector_in(column[row]) for name, column in vectors.items()} for row in range(count)]


def vector_out(vector):
    """Numbers as float32, which is what they are: they are written as short as that allows, like the real server's."""
    if isinstance(vector, dict):
        return {name: vector_out(one) for name, one in vector.items()}
    if isinstance(vector, edge.SparseVector):
        return {"indices": list(vector.indices), "values": numpy.asarray(vector.values, "float32")}
    return numpy.asarray(vector, "float32")


def record_out(record):
    shown = {"id": record.id}
    payload, vector, order = record.payload, record.vector, record.order_value
    if payload is not None:
        shown["payload"] = payload
    if vector is not None:
        shown["vector"] = vector_out(vector)
    if order is not None:
        shown["order_value"] = order
    return shown


def scored_out(point):
    shown = record_out(point)
    return {"id": shown.pop("id"), "version": point.version, "score": numpy.float32(point.score)} | shown


def payload_selector(given, otherwise):
    if given is None:
        return otherwise
    if isinstance(given, dict):
        if "include" in given:
            return edge.PayloadSelector.Include(given["include"])
        return edge.PayloadSelector.Exclude(given["exclude"])
    return given


def at_least_one(name, value, otherwise):
    if value is None:
        return otherwise
    if value < 1:
        raise invalid(f"{name}: value {value} invalid, must be 1 or larger")
    return value
