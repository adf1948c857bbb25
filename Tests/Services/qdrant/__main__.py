"""`python -m qdrant`: the common options have the names that the real server's environment has."""

import argparse
import os
import pathlib

import uvicorn

from . import on_collections, on_points, on_searches, on_server, on_snapshots  # noqa: F401 (they register themselves)
from .faults import KINDS
from .storage import Storage
from .web import Connection, Face


def setting(name, otherwise=None):
    return os.environ.get(f"QDRANT__{name}") or otherwise


def parse():
    parser = argparse.ArgumentParser(prog="python -m qdrant", description=__doc__)
    add = parser.add_argument
    add("--host", default=setting("SERVICE__HOST", "127.0.0.1"))
    add("--port", type=int, default=setting("SERVICE__HTTP_PORT", "6333"))
    add("--data", type=pathlib.Path, default=setting("STORAGE__STORAGE_PATH", "./storage"))
    add("--api-key", default=setting("SERVICE__API_KEY"))
    add("--read-only-api-key", default=setting("SERVICE__READ_ONLY_API_KEY"))
    add("--max-request-size-mb", type=int, default=setting("SERVICE__MAX_REQUEST_SIZE_MB", "32"))
    is_encrypted = setting("SERVICE__ENABLE_TLS") == "true"
    add("--tls-cert", default=setting("TLS__CERT") if is_encrypted else None)
    add("--tls-key", default=setting("TLS__KEY") if is_encrypted else None)
    add("--server-version", default="1.19.0", help="what it says it is; requests that are newer are not known to it")
    add("--validate", choices=["all", "sample", "none"], default="all", help="how many points are held to the models")
    add("--settle-after", type=float, default=0.5, help="seconds without a write after which indexes are built")
    add("--fail-every", type=int, default=0, metavar="N", help="every N-th request about points fails on purpose")
    add("--fail-with", choices=list(KINDS), default="503", help="; ".join(f"{k}: {v}" for k, v in KINDS.items()))
    add("--fail-path", default="", metavar="END", help="only requests whose path ends so fail")
    return parser.parse_args()


def main():
    options = parse()
    uvicorn.run(
        Face(Storage(options.data), options),
        host=options.host,
        port=options.port,
        http=Connection,
        ws="none",
        lifespan="on",
        log_level="critical" if options.fail_every else "warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
    )


if __name__ == "__main__":
    main()
