"""Snapshots: a tar of a collection's folder. The real server's have another inside, so neither reads the other's."""

import datetime
import hashlib
import os
import pathlib
import shutil
import subprocess
import urllib.request

from .collection import folder_of
from .errors import bad_input, not_found

SUFFIX = ".snapshot"


def folder(root, collection):
    return pathlib.Path(root) / "snapshots" / collection.folder.name


def create(root, collection):
    """Writes one, and describes it."""
    collection.ask("flush")
    place = folder(root, collection)
    place.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    file = place / f"{collection.folder.name}-1-{now:%Y-%m-%d-%H-%M-%S}-{now.microsecond:06}{SUFFIX}"
    part = file.with_suffix(".part")
    # Not by Python, which would write out the holes of the engine's files.
    subprocess.run(["tar", "-Scf", part, "-C", collection.folder, "config.json", "shard"], check=True)
    digest = checksum(part)
    file.with_suffix(".sha256").write_text(digest)
    os.replace(part, file)
    return described(file)


def checksum(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def described(file):
    status = file.stat()
    made = datetime.datetime.fromtimestamp(int(status.st_mtime))
    return {
        "name": file.name,
        "creation_time": made.isoformat(),
        "size": status.st_size,
        "checksum": file.with_suffix(".sha256").read_text(),
    }


def listed(root, collection):
    return [described(file) for file in sorted(folder(root, collection).glob(f"*{SUFFIX}"))]


def find(root, collection, name):
    file = folder(root, collection) / name
    if "/" in name or file.suffix != SUFFIX or not file.exists():
        raise not_found(f"Snapshot {name} not found")
    return file


def fetch(root, name, body):
    """Unpacks what is at an address beside the collections; returns the folder."""
    request = urllib.request.Request(body["location"])
    if body.get("api_key"):
        request.add_header("api-key", body["api_key"])
    place = pathlib.Path(root) / "recovering" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    file = place / "snapshot.tar"
    try:
        with urllib.request.urlopen(request) as source, open(file, "wb") as sink:
            shutil.copyfileobj(source, sink)
        if body.get("checksum") not in (None, checksum(file)):
            raise bad_input("Snapshot checksum mismatch")
        subprocess.run(["tar", "-xf", file, "-C", place], check=True, stderr=subprocess.DEVNULL)
    except (subprocess.CalledProcessError, OSError) as error:
        raise bad_input(f"Failed to recover from {body['location']}: {error}") from None
    file.unlink()
    return place


def put_in_place(storage, name, unpacked):
    aliases = dict(storage.aliases)
    storage.delete(name)
    shutil.move(unpacked, folder_of(storage.root, name))
    storage.adopt(name)
    storage.aliases = aliases
    storage.save_aliases()
