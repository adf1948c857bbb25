"""Writes a folder as LightRAG keeps it, of any size, by nano-vectordb: for tests, for measuring, and for trying out.

usage: lightrag_folder.py FOLDER [--documents N] [--chunks N] [--entities N] [--relationships N] [--dimension N]
                          [--generation 1.4.6|1.4.9|1.5] [--workspace NAME] [--seed N]

Needs numpy and nano-vectordb. The same arguments give the same folder, byte for byte.
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import random
import zlib
from xml.sax.saxutils import escape, quoteattr

import numpy
from nano_vectordb import NanoVectorDB

START = 1_766_180_000
KINDS = ["person", "organization", "location", "event", "concept"]
WORDS = ("river copper signal archive lantern harbour orchard ledger meadow compass granite thistle beacon marble "
         "Größe naïve 東京 мост émigré 🚀 \"quoted\" back\\slash <angle> & o'clock").split()
BATCH = 2000


def digest(prefix, text):
    return prefix + hashlib.md5(text.encode()).hexdigest()


class Folder:
    """What the files are made of: names, texts, and who belongs to whom."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.chance = random.Random(wanted.seed)
        self.numbers = numpy.random.default_rng(wanted.seed)
        self.documents = [digest("doc-", f"document {n}") for n in range(wanted.documents)]
        self.chunks = [digest("chunk-", f"chunk {n}") for n in range(wanted.chunks)]
        self.entities = [self.name(n) for n in range(wanted.entities)]
        self.pairs = list(self.some_pairs())
        self.texts = [self.text(60) for _ in self.chunks]

    def name(self, number):
        return f"{self.chance.choice(WORDS)} {self.chance.choice(WORDS)} {number}".replace('"', "")

    def text(self, words):
        return " ".join(self.chance.choices(WORDS, k=words)) + ".\n" + " ".join(self.chance.choices(WORDS, k=words // 4))

    def some_pairs(self):
        count, most = len(self.entities), self.wanted.relationships
        if count < 2 and most:
            raise SystemExit("relationships need two entities")
        seen = set()
        while len(seen) < most:
            if len(seen) * 2 >= count * (count - 1):
                raise SystemExit(f"{count} entities have no {most} relationships")
            one, two = sorted(self.chance.sample(range(count), 2))
            if (one, two) not in seen:
                seen.add((one, two))
                yield self.entities[one], self.entities[two]

    def document_of(self, chunk):
        return self.documents[chunk % len(self.documents)]

    def path_of(self, document):
        return f"notes/{document[-6:]} ä.md"

    def sources(self):
        """One to three chunks, as LightRAG joins them."""
        if not self.chunks:
            return ""
        return "<SEP>".join(self.chance.sample(self.chunks, min(len(self.chunks), self.chance.randint(1, 3))))

    def vectors(self, count):
        return self.numbers.standard_normal((count, self.wanted.dimension), dtype=numpy.float32)

    # The three files of vectors

    def vector_file(self, name, rows):
        path = os.path.join(self.wanted.folder, f"vdb_{name}.json")
        store = NanoVectorDB(self.wanted.dimension, storage_file=path)
        for first in range(0, len(rows), BATCH):
            part = rows[first:first + BATCH]
            store.upsert([self.row(row, vector) for row, vector in zip(part, self.vectors(len(part)))])
        store.save()

    def row(self, row, vector):
        key, meta = row
        made = {"__id__": key, "__created_at__": START}
        if self.wanted.generation == "1.5":
            made["__write_seq__"] = START * 1_000_000_000 + 123_456_789
        made.update(meta)
        if self.wanted.generation != "1.4.6":
            halves = zlib.compress(vector.astype(numpy.float16).tobytes())
            made["vector"] = base64.b64encode(halves).decode()
        made["__vector__"] = vector
        return made

    def chunk_rows(self):
        return [(key, {"full_doc_id": self.document_of(n), "content": self.texts[n],
                       "file_path": self.path_of(self.document_of(n))}) for n, key in enumerate(self.chunks)]

    def entity_rows(self):
        return [(digest("ent-", name), {"entity_name": name, "source_id": self.sources(),
                                        "content": f"{name}\n{self.text(12)}", "file_path": "notes/all.md"})
                for name in self.entities]

    def relationship_rows(self):
        return [(digest("rel-", one + two), {"src_id": one, "tgt_id": two, "source_id": self.sources(),
                                             "content": f"keywords\t{one}\n{two}\n{self.text(8)}",
                                             "file_path": "notes/all.md"}) for one, two in self.pairs]

    # The files of keys and values

    def value_file(self, name, values):
        with open(os.path.join(self.wanted.folder, f"kv_store_{name}.json"), "w", encoding="utf-8") as file:
            json.dump(values, file, indent=2, ensure_ascii=False)

    def full_docs(self):
        return {key: {"content": self.text(200), "file_path": self.path_of(key), "create_time": START,
                      "update_time": START + 1, "_id": key} for key in self.documents}

    def text_chunks(self):
        return {key: {"tokens": 100 + n % 900, "content": self.texts[n], "chunk_order_index": n // len(self.documents),
                      "full_doc_id": self.document_of(n), "file_path": self.path_of(self.document_of(n)),
                      "llm_cache_list": [f"default:extract:{key[-32:]}"] if n % 2 else [],
                      "create_time": START, "update_time": START + 2, "_id": key}
                for n, key in enumerate(self.chunks)}

    def doc_status(self):
        def status(n, key):
            mine = self.chunks[n::len(self.documents)]
            moment = datetime.datetime.fromtimestamp(START + n, datetime.timezone.utc).isoformat()
            failed = n % 10 == 9
            made = {"status": "failed" if failed else "processed", "content_summary": self.text(10),
                    "content_length": 1000 + n, "chunks_count": len(mine), "chunks_list": mine, "created_at": moment,
                    "updated_at": moment, "file_path": self.path_of(key), "track_id": f"upload_{n}",
                    "metadata": {"processing_start_time": START + n}}
            if failed:
                made["error_msg"] = "the model did not answer"
            return made
        return {key: status(n, key) for n, key in enumerate(self.documents)}

    def cache(self):
        return {f"default:extract:{key[-32:]}": {"return": self.text(20), "cache_type": "extract", "chunk_id": key,
                                                "original_prompt": self.text(30), "queryparam": None,
                                                "create_time": START, "update_time": START,
                                                "_id": f"default:extract:{key[-32:]}"}
                for n, key in enumerate(self.chunks) if n % 2}

    def full_entities(self):
        return {key: {"entity_names": self.entities[n::len(self.documents)],
                      "count": len(self.entities[n::len(self.documents)]), "create_time": START,
                      "update_time": START, "_id": key} for n, key in enumerate(self.documents)}

    def full_relations(self):
        return {key: {"relation_pairs": [list(pair) for pair in self.pairs[n::len(self.documents)]],
                      "count": len(self.pairs[n::len(self.documents)]), "create_time": START,
                      "update_time": START, "_id": key} for n, key in enumerate(self.documents)}

    # The graph

    def graph(self):
        node_keys = ["entity_id", "entity_type", "description", "source_id", "file_path"]
        edge_keys = ["description", "keywords", "source_id", "file_path"]
        names = {("node", key): f"d{n}" for n, key in enumerate(node_keys + ["created_at"])}
        names |= {("edge", key): f"d{n + len(names)}" for n, key in enumerate(["weight"] + edge_keys + ["created_at"])}
        kinds = {"weight": "double", "created_at": "long"}

        def data(kind, values):
            return "".join(f'\n      <data key="{names[kind, key]}">{escape(str(value))}</data>'
                           for key, value in values.items())
        with open(os.path.join(self.wanted.folder, "graph_chunk_entity_relation.graphml"), "w", encoding="utf-8") as out:
            out.write("<?xml version='1.0' encoding='utf-8'?>\n"
                      '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
            for (kind, key), name in reversed(names.items()):
                out.write(f'  <key id="{name}" for="{kind}" attr.name="{key}" '
                          f'attr.type="{kinds.get(key, "string")}"/>\n')
            out.write('  <graph edgedefault="undirected">\n')
            for name in self.entities:
                values = {"entity_id": name, "entity_type": self.chance.choice(KINDS), "description": self.text(10),
                          "source_id": self.sources(), "file_path": "notes/all.md", "created_at": START}
                out.write(f"    <node id={quoteattr(name)}>{data('node', values)}\n    </node>\n")
            for n, (one, two) in enumerate(self.pairs):
                values = {"weight": 1.0 + n % 9 / 4, "description": self.text(8), "keywords": "near, part of",
                          "source_id": self.sources(), "file_path": "notes/all.md", "created_at": START}
                out.write(f"    <edge source={quoteattr(one)} target={quoteattr(two)}>{data('edge', values)}\n    </edge>\n")
            out.write("  </graph>\n</graphml>\n")

    def write(self):
        os.makedirs(self.wanted.folder, exist_ok=True)
        self.vector_file("chunks", self.chunk_rows())
        self.vector_file("entities", self.entity_rows())
        self.vector_file("relationships", self.relationship_rows())
        for name in ["full_docs", "text_chunks", "doc_status"]:
            self.value_file(name, getattr(self, name)())
        self.value_file("llm_response_cache", self.cache())
        if self.wanted.generation == "1.5":
            self.value_file("full_entities", self.full_entities())
            self.value_file("full_relations", self.full_relations())
        self.graph()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    for name, usual in [("documents", 20), ("chunks", 200), ("entities", 300), ("relationships", 250),
                        ("dimension", 64), ("seed", 1)]:
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--generation", choices=["1.4.6", "1.4.9", "1.5"], default="1.5")
    parser.add_argument("--workspace")
    wanted = parser.parse_args()
    if not wanted.documents and wanted.chunks:
        raise SystemExit("chunks need a document")
    if wanted.workspace:
        wanted.folder = os.path.join(wanted.folder, wanted.workspace)
    Folder(wanted).write()


main()
