"""Requests about the server itself."""

import os

from .routes import Reply, refuse, route

TITLE = "qdrant - vector search engine"


@route("GET", "/")
def greet(call):
    body = {"title": TITLE, "version": call.server.version, "commit": "vecsh-test-server-around-qdrant-edge"}
    return Reply(200, body, "application/json")


@route("GET", "/healthz")
def healthz(call):
    return Reply(200, b"healthz check passed")


@route("GET", "/livez", since="1.5")
def livez(call):
    return Reply(200, b"livez check passed")


@route("GET", "/readyz", since="1.5")
def readyz(call):
    return Reply(200, b"all shards are ready")


@route("GET", "/telemetry")
def telemetry(call):
    return {
        "id": f"vecsh-{os.getpid()}",
        "app": {"name": "qdrant", "version": call.server.version},
        "collections": {"number_of_collections": len(call.storage.collections)},
        "cluster": {"enabled": False},
    }


@route("GET", "/cluster")
def cluster(call):
    return {"status": "disabled"}


@route("GET", "/metrics")
def metrics(call):
    lines = [
        f'app_info{{name="qdrant",version="{call.server.version}"}} 1',
        f"collections_total {len(call.storage.collections)}",
    ]
    return Reply(200, "\n".join(lines).encode() + b"\n")


refuse("GET", "/snapshots", "a snapshot of all collections")
refuse("POST", "/snapshots", "a snapshot of all collections")
refuse("GET", "/issues", "the list of issues")
