"""One collection: a shard of the engine, its settings, and what is told of them."""

import json
import os
import pathlib
import shutil
import time

import qdrant_edge as edge

from . import optimizing, payload_indexes, settings
from .errors import no_collection, of_engine


class Collection:
    """A folder with `config.json`, which is this project's, and `shard`, which is the engine's."""

    def __init__(self, folder, described, shard):
        self.folder = folder
        self.config = described["config"]
        self.indexes = described["indexes"]
        self.shard = shard
        self.operation = 0
        self.last_write = 0.0
        # Whether something was written since the engine said last that it has nothing to build.
        self.is_unsettled = True

    @classmethod
    def create(cls, folder, body):
        described = {"config": settings.created(body), "indexes": {}}
        config = settings.engine_config(described["config"])
        shard_folder = folder / "shard"
        shard_folder.mkdir(parents=True)
        try:
            shard = edge.EdgeShard.create(str(shard_folder), config)
        except Exception as error:
            shutil.rmtree(folder)
            raise of_engine(error) from None
        made = cls(folder, described, shard)
        made.save()
        return made

    @classmethod
    def open(cls, folder):
        optimizing.clear_up(folder)
        described = json.loads((folder / "config.json").read_text())
        return cls(folder, described, cls.load_shard(folder, described["config"]))

    @staticmethod
    def load_shard(folder, config):
        return edge.EdgeShard.load(str(folder / "shard"), settings.engine_config(config))

    def save(self):
        """Whole or not at all, as the server may be killed at any time."""
        new = self.folder / "config.json.new"
        new.write_text(json.dumps({"config": self.config, "indexes": self.indexes}))
        os.replace(new, self.folder / "config.json")

    def close(self):
        if self.shard is not None:
            self.shard.close()
            self.shard = None

    def reload(self):
        self.close()
        self.shard = self.load_shard(self.folder, self.config)

    def delete(self):
        self.close()
        shutil.rmtree(self.folder)

    def patch(self, body):
        config = settings.changed(self.config, body)
        self.config = config
        self.save()
        self.reload()
        self.touch()

    def update(self, operation):
        """Carries an operation out, and returns its number."""
        try:
            self.shard.update(operation)
        except BaseException as error:
            raise self.refusal(error) from None
        self.touch()
        self.operation += 1
        return self.operation

    def touch(self):
        self.last_write = time.monotonic()
        self.is_unsettled = True

    def ask(self, question, *words):
        """What the engine answers."""
        try:
            return getattr(self.shard, question)(*words)
        except BaseException as error:
            raise self.refusal(error) from None

    def refusal(self, error):
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return error
        return of_engine(error) if self.shard is not None else no_collection(self.folder.name)

    def create_index(self, field, schema):
        number = self.update(edge.UpdateOperation.create_field_index(field, payload_indexes.engine_schema(schema)))
        self.indexes[field] = schema
        self.save()
        return number

    def delete_index(self, field):
        number = self.update(edge.UpdateOperation.delete_field_index(field))
        self.indexes.pop(field, None)
        self.save()
        return number

    def add_vector(self, name, kind, given):
        params = self.config["params"]
        if kind == "dense":
            params["vectors"] = params["vectors"] | {name: given}
        else:
            index = {key: given[key] for key in ("datatype",) if key in given}
            modifier = {"modifier": given["modifier"]} if "modifier" in given else {}
            params["sparse_vectors"] = params.get("sparse_vectors", {}) | {
                name: modifier | ({"index": index} if index else {})
            }
        self.save()

    def remove_vector(self, name):
        params = self.config["params"]
        for kinds in "vectors", "sparse_vectors":
            if name in params.get(kinds, {}):
                params[kinds] = {other: one for other, one in params[kinds].items() if other != name}
        self.save()

    def vector_kinds(self):
        """Settings of dense vectors by name."""
        return settings.named_vectors(self.config["params"]["vectors"])

    def is_large(self, points):
        """Whether the engine would build an index: vectors of more kilobytes than the threshold."""
        threshold = self.config["optimizer_config"]["indexing_threshold"]
        sizes = [kind["size"] for kind in self.vector_kinds().values()]
        return threshold > 0 and points * max(sizes, default=0) * 4 > threshold * 1000

    def info(self):
        shard = self.ask("info")
        is_yellow = self.is_unsettled and self.is_large(shard.points_count)
        points = {field: index.points for field, index in shard.payload_schema.items()}
        return {
            "status": "yellow" if is_yellow else "green",
            "optimizer_status": "ok",
            "indexed_vectors_count": shard.indexed_vectors_count,
            "points_count": shard.points_count,
            "segments_count": shard.segments_count,
            "config": self.config,
            "payload_schema": {
                field: payload_indexes.shown(schema, points.get(field, 0)) for field, schema in self.indexes.items()
            },
            "update_queue": {"length": 0},
        }


def folder_of(root, name):
    return pathlib.Path(root) / "collections" / name
