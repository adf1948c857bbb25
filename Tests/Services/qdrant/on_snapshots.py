"""Requests about snapshots: files with all that a collection is."""

import asyncio

from .models import models
from .routes import Reply, refuse, route
from . import snapshots

SNAPSHOTS = "/collections/{collection}/snapshots"


@route("POST", SNAPSHOTS)
async def create(call):
    return await asyncio.to_thread(snapshots.create, call.storage.root, call.collection)


@route("GET", SNAPSHOTS)
def listed(call):
    return snapshots.listed(call.storage.root, call.collection)


@route("GET", f"{SNAPSHOTS}/{{name}}")
def download(call):
    file = snapshots.find(call.storage.root, call.collection, call.path["name"])
    return Reply(200, file, "application/octet-stream")


@route("DELETE", f"{SNAPSHOTS}/{{name}}")
def delete(call):
    snapshots.find(call.storage.root, call.collection, call.path["name"]).unlink()
    return True


@route("PUT", f"{SNAPSHOTS}/recover", models.SnapshotRecover)
async def recover(call):
    """Puts a snapshot in the place of a collection, or makes the collection."""
    name = call.path["collection"]
    # In a thread, as the address may be this server's own.
    folder = await asyncio.to_thread(snapshots.fetch, call.storage.root, name, call.body)
    snapshots.put_in_place(call.storage, name, folder)
    return True


refuse("POST", f"{SNAPSHOTS}/upload", "the upload of a snapshot")
