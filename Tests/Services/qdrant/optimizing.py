"""Builds indexes. The engine lets nobody else work meanwhile, so another process does it, in a copy of the shard."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import time

BUILDING, OLD = "shard.building", "shard.old"
# How often it looks for something to do.
PAUSE = 0.1


async def settle_all(storage, quiet_seconds):
    """Looks after all collections for as long as the server runs."""
    while True:
        await asyncio.sleep(PAUSE)
        for collection in list(storage.collections.values()):
            if collection.is_unsettled and time.monotonic() - collection.last_write >= quiet_seconds:
                await settle(collection)


async def settle(collection):
    """Builds what there is to build; if somebody writes meanwhile, it is for nothing, and done again later."""
    since = collection.last_write
    if collection.is_large(collection.ask("info").points_count):
        collection.ask("flush")
        built = await build(collection.folder)
        is_stale = collection.shard is None or collection.last_write != since
        if is_stale or not built:
            shutil.rmtree(collection.folder / BUILDING, ignore_errors=True)
            if is_stale:
                return
        else:
            put_in_place(collection)
    collection.is_unsettled = False


async def build(folder):
    """Whether the copy has got its indexes."""
    copy = folder / BUILDING
    shutil.rmtree(copy, ignore_errors=True)
    # With holes where the engine's files have them. It fails when somebody writes.
    return await run("cp", "-a", folder / "shard", copy) and await run(sys.executable, "-m", __name__, copy)


async def run(*words):
    """Whether a program ends well; it is ended with the server."""
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    try:
        return await process.wait() == 0
    except asyncio.CancelledError:
        process.kill()
        raise


def put_in_place(collection):
    """Closed it must be, as two may not have the shard open."""
    folder = collection.folder
    collection.close()
    os.rename(folder / "shard", folder / OLD)
    os.rename(folder / BUILDING, folder / "shard")
    collection.reload()
    shutil.rmtree(folder / OLD)


def clear_up(folder):
    """After a server that was killed while it did the above."""
    if not (folder / "shard").exists() and (folder / OLD).exists():
        os.rename(folder / OLD, folder / "shard")
    for name in BUILDING, OLD:
        shutil.rmtree(folder / name, ignore_errors=True)


def main():
    """In the process of its own."""
    import qdrant_edge

    # It ends with the server, however that ends, and lets others go first.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    os.nice(10)
    shard = qdrant_edge.EdgeShard.load(sys.argv[1])
    while shard.optimize():
        pass
    shard.close()


if __name__ == "__main__":
    main()
