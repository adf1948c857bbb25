"""Requests that read and write points."""

import qdrant_edge as edge

from .engine_values import at_least_one, payload_selector, point_id, points_in, record_out, vector_in
from .errors import bad_input, no_collection, not_found, unsupported
from .filters import filter_in
from .models import models
from .queries import order_by
from .routes import route
from .engine_values import choice

Operation = edge.UpdateOperation
POINTS = "/collections/{collection}/points"


@route("PUT", POINTS, models.PointInsertOperations)
def upsert(call):
    return call.update(upsert_of(call.body))


def upsert_of(body):
    refuse_shard_key(body)
    mode = choice(edge.UpdateMode, body.get("update_mode"))
    return Operation.upsert_points(points_in(body), filter_in(body.get("update_filter")), mode)


def refuse_shard_key(body):
    if body.get("shard_key") is not None:
        raise unsupported("a shard key")


@route("POST", f"{POINTS}/delete", models.PointsSelector)
def delete(call):
    return call.update(delete_of(call.body))


def delete_of(body):
    return by_keys_or_filter(body, Operation.delete_points, Operation.delete_points_by_filter)


def by_keys_or_filter(body, by_keys, by_filter, *more):
    """An operation on the points that a body names; by keys if it names both, as on the real server."""
    refuse_shard_key(body)
    if body.get("points") is not None:
        return by_keys([point_id(one) for one in body["points"]], *more)
    if body.get("filter") is not None:
        return by_filter(filter_in(body["filter"]), *more)
    raise bad_input("No filter or points provided")


def of_payload(by_keys, by_filter):
    """An operation with a body that names points and gives a payload."""
    return lambda body: by_keys_or_filter(body, by_keys, by_filter, body["payload"], body.get("key"))


set_payload_of = of_payload(Operation.set_payload, Operation.set_payload_by_filter)
overwrite_payload_of = of_payload(Operation.overwrite_payload, Operation.overwrite_payload_by_filter)


@route("POST", f"{POINTS}/payload", models.SetPayload)
def set_payload(call):
    return call.update(set_payload_of(call.body))


@route("PUT", f"{POINTS}/payload", models.SetPayload)
def overwrite_payload(call):
    return call.update(overwrite_payload_of(call.body))


@route("POST", f"{POINTS}/payload/delete", models.DeletePayload)
def delete_payload(call):
    return call.update(delete_payload_of(call.body))


def delete_payload_of(body):
    return by_keys_or_filter(body, Operation.delete_payload, Operation.delete_payload_by_filter, body["keys"])


@route("POST", f"{POINTS}/payload/clear", models.PointsSelector)
def clear_payload(call):
    return call.update(clear_payload_of(call.body))


def clear_payload_of(body):
    return by_keys_or_filter(body, Operation.clear_payload, Operation.clear_payload_by_filter)


@route("PUT", f"{POINTS}/vectors", models.UpdateVectors)
def update_vectors(call):
    return call.update(update_vectors_of(call.body))


def update_vectors_of(body):
    refuse_shard_key(body)
    points = [edge.PointVectors(point_id(one["id"]), vector_in(one["vector"])) for one in body["points"]]
    return Operation.update_vectors(points, filter_in(body.get("update_filter")))


@route("POST", f"{POINTS}/vectors/delete", models.DeleteVectors)
def delete_vectors(call):
    return call.update(delete_vectors_of(call.body))


def delete_vectors_of(body):
    return by_keys_or_filter(body, Operation.delete_vectors, Operation.delete_vectors_by_filter, body["vector"])


OPERATIONS = {
    "upsert": upsert_of,
    "delete": delete_of,
    "set_payload": set_payload_of,
    "overwrite_payload": overwrite_payload_of,
    "delete_payload": delete_payload_of,
    "clear_payload": clear_payload_of,
    "update_vectors": update_vectors_of,
    "delete_vectors": delete_vectors_of,
}


@route("POST", f"{POINTS}/batch", models.UpdateOperations)
def batch(call):
    """Several operations, one after the other."""
    answers = []
    for one in call.body["operations"]:
        ((kind, words),) = one.items()
        answers.append(call.update(OPERATIONS[kind](words)))
    return answers


@route("POST", POINTS, models.PointRequest, reads=True)
def retrieve(call):
    refuse_shard_key(call.body)
    keys = [point_id(one) for one in call.body["ids"]]
    payload = payload_selector(call.body.get("with_payload"), True)
    records = call.collection.ask("retrieve", keys, payload, call.body.get("with_vector") or False)
    return [record_out(record) for record in records]


@route("GET", f"{POINTS}/{{id}}")
def get(call):
    text = call.path["id"]
    found = call.collection.ask("retrieve", [int(text) if text.isdigit() else text], True, True)
    if not found:
        raise not_found(f"Point with id {text} does not exists!")
    return record_out(found[0])


@route("POST", f"{POINTS}/scroll", models.ScrollRequest, reads=True)
def scroll(call):
    body = call.body
    refuse_shard_key(body)
    offset, order = body.get("offset"), body.get("order_by")
    if offset is not None and order is not None:
        raise bad_input("Cannot use an `offset` when using `order_by`. The alternative for paging is to use "
                        "`order_by.start_from` and a filter to exclude the IDs that you've already seen for the "
                        "`order_by.start_from` value")
    records, following = call.collection.ask("scroll", edge.ScrollRequest(
        offset=None if offset is None else point_id(offset),
        limit=at_least_one("limit", body.get("limit"), 10),
        filter=filter_in(body.get("filter")),
        with_payload=payload_selector(body.get("with_payload"), True),
        with_vector=body.get("with_vector") or False,
        order_by=None if order is None else order_by(order),
    ))
    return {"points": [record_out(record) for record in records], "next_page_offset": following}


@route("POST", f"{POINTS}/count", models.CountRequest, reads=True)
def count(call):
    refuse_shard_key(call.body)
    is_exact = call.body.get("exact")
    question = edge.CountRequest(True if is_exact is None else is_exact, filter_in(call.body.get("filter")))
    return {"count": call.collection.ask("count", question)}


@route("POST", "/collections/{collection}/facet", models.FacetRequest, reads=True, since="1.12")
def facet(call):
    body = call.body
    question = edge.FacetRequest(
        body["key"],
        at_least_one("limit", body.get("limit"), 10),
        bool(body.get("exact")),
        filter_in(body.get("filter")),
    )
    hits = call.collection.ask("facet", question).hits
    return {"hits": [{"value": plain(hit.value), "count": hit.count} for hit in hits]}


def plain(value):
    return value if isinstance(value, (str, int, bool)) else getattr(value, "_0", str(value))
