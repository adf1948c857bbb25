"""Requests about collections, their aliases and their payload indexes."""

import qdrant_edge as edge

from .engine_values import choice, made
from .errors import no_collection
from .models import models
from .routes import refuse, route
from .settings import without_nulls


@route("GET", "/collections")
def names(call):
    return {"collections": [{"name": name} for name in call.storage.collections]}


@route("GET", "/collections/{collection}/exists", since="1.8")
def exists(call):
    return {"exists": call.storage.has(call.path["collection"])}


@route("GET", "/collections/{collection}")
def info(call):
    return call.collection.info()


@route("PUT", "/collections/{collection}", models.CreateCollection)
def create(call):
    call.storage.create(call.path["collection"], call.body)
    return True


@route("PATCH", "/collections/{collection}", models.UpdateCollection)
def patch(call):
    call.collection.patch(call.body)
    return True


@route("DELETE", "/collections/{collection}")
def delete(call):
    return call.storage.delete(call.path["collection"])


@route("POST", "/collections/aliases", models.ChangeAliasesOperation)
def change_aliases(call):
    call.storage.change_aliases(call.body["actions"])
    return True


@route("GET", "/aliases")
def aliases(call):
    return shown(call.storage.aliases)


@route("GET", "/collections/{collection}/aliases")
def aliases_of(call):
    name = call.path["collection"]
    if not call.storage.has(name):
        raise no_collection(name)
    return shown({alias: target for alias, target in call.storage.aliases.items() if target == name})


def shown(aliases):
    return {"aliases": [{"alias_name": alias, "collection_name": target} for alias, target in aliases.items()]}


@route("PUT", "/collections/{collection}/index", models.CreateFieldIndex)
def create_index(call):
    return call.updated(call.collection.create_index(call.body["field_name"], schema_of(call.body)))


def schema_of(body):
    return without_nulls(body.get("field_schema")) or "keyword"


@route("DELETE", "/collections/{collection}/index/{field}")
def delete_index(call):
    return call.updated(call.collection.delete_index(call.path["field"]))


@route("PUT", "/collections/{collection}/vectors/{name}", since="1.18", model=models.VectorNameConfig)
def create_vector(call):
    """A new kind of vector, dense or sparse; which one is the only key of the body."""
    ((kind, given),) = call.body.items()
    given = without_nulls(given)
    make = new_dense if kind == "dense" else new_sparse
    number = call.collection.update(make(call.path["name"], given))
    call.collection.add_vector(call.path["name"], kind, given)
    return call.updated(number)


def new_dense(name, given):
    multi = given.get("multivector_config")
    return edge.UpdateOperation.create_dense_vector(
        name,
        given["size"],
        choice(edge.Distance, given["distance"]),
        multi and made(edge.MultiVectorConfig, multi, comparator=edge.MultiVectorComparator),
        choice(edge.VectorStorageDatatype, given.get("datatype")),
    )


def new_sparse(name, given):
    modifier = given.get("modifier")
    return edge.UpdateOperation.create_sparse_vector(
        name,
        choice(edge.Modifier, modifier) if modifier != "none" else None,
        choice(edge.VectorStorageDatatype, given.get("datatype")),
    )


@route("DELETE", "/collections/{collection}/vectors/{name}", since="1.18")
def delete_vector(call):
    number = call.collection.update(edge.UpdateOperation.delete_vector_name(call.path["name"]))
    call.collection.remove_vector(call.path["name"])
    return call.updated(number)


@route("GET", "/collections/{collection}/cluster")
def cluster(call):
    points = call.collection.ask("info").points_count
    return {
        "peer_id": 1,
        "shard_count": 1,
        "local_shards": [{"shard_id": 0, "points_count": points, "state": "Active"}],
        "remote_shards": [],
        "shard_transfers": [],
    }


refuse("POST", "/collections/{collection}/cluster", "a change of the cluster")
refuse("GET", "/collections/{collection}/shards", "a shard key")
refuse("PUT", "/collections/{collection}/shards", "a shard key")
refuse("POST", "/collections/{collection}/shards/delete", "a shard key")
refuse("GET", "/collections/{collection}/optimizations", "the list of optimizations", since="1.17")
