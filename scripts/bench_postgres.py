"""The loops that copying a LightRAG folder into PostgreSQL is measured against; scripts/bench calls it.

usage: bench_postgres.py prepare FOLDER FILE       the records as a file for \\copy … (format binary)
       bench_postgres.py table ADDRESS TABLE DIM   an empty table for them
       bench_postgres.py best FOLDER ADDRESS TABLE orjson, numpy, COPY BINARY
       bench_postgres.py naive FOLDER ADDRESS TABLE COUNT   json.load, executemany; of so many records

`best` and `naive` print the seconds that they took, without the start of Python.
"""

import base64
import json
import struct
import sys
import time

import numpy
import psycopg

FIELDS = ["full_doc_id", "content", "file_path"]
COLUMNS = "id, created_at, full_doc_id, content, file_path, embedding"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def table(address, name, dimension):
    with psycopg.connect(address) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(f"CREATE TABLE {name} (id text PRIMARY KEY, created_at bigint, full_doc_id text, "
                           f"content text, file_path text, embedding vector({dimension}))")


def rows(folder):
    """Pieces of a binary COPY, each of many records."""
    import orjson
    with open(f"{folder}/vdb_chunks.json", "rb") as file:
        store = orjson.loads(file.read())
    dimension = store["embedding_dim"]
    matrix = numpy.frombuffer(base64.b64decode(store["matrix"]), "<f4").reshape(-1, dimension)
    head = struct.pack(">ihh", 4 + 4 * dimension, dimension, 0)
    yield HEADER
    piece = []
    for number, row in enumerate(store["data"]):
        piece.append(struct.pack(">h", 6))
        for value in [row["__id__"].encode(), struct.pack(">q", row["__created_at__"])] + [
                row[name].encode() for name in FIELDS]:
            piece.append(struct.pack(">i", len(value)))
            piece.append(value)
        piece.append(head)
        piece.append(matrix[number].astype(">f4").tobytes())
        if number % 200 == 199:
            yield b"".join(piece)
            piece = []
    yield b"".join(piece) + b"\xff\xff"


def prepare(folder, path):
    with open(path, "wb") as file:
        for piece in rows(folder):
            file.write(piece)


def best(folder, address, name):
    start = time.monotonic()
    with psycopg.connect(address) as connection:
        with connection.cursor().copy(f"COPY {name} ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy:
            for piece in rows(folder):
                copy.write(piece)
    print(f"{time.monotonic() - start:.2f}")


def naive(folder, address, name, count):
    start = time.monotonic()
    with open(f"{folder}/vdb_chunks.json", encoding="utf-8") as file:
        store = json.load(file)
    loaded = time.monotonic() - start
    dimension, everything = store["embedding_dim"], len(store["data"])
    matrix = numpy.frombuffer(base64.b64decode(store["matrix"]), "<f4").reshape(-1, dimension)
    records = [(row["__id__"], row["__created_at__"], *[row[field] for field in FIELDS], str(vector.tolist()))
               for row, vector in zip(store["data"][:count], matrix)]
    with psycopg.connect(address) as connection:
        connection.cursor().executemany(f"INSERT INTO {name} ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", records)
    # What is inserted is a part, what is loaded the whole.
    print(f"{loaded + (time.monotonic() - start - loaded) * everything / count:.2f}")


def main():
    verb, *words = sys.argv[1:]
    if verb == "table":
        table(words[0], words[1], int(words[2]))
    elif verb == "naive":
        naive(*words[:3], int(words[3]))
    else:
        {"prepare": prepare, "best": best}[verb](*words)


main()
