"""The loops of qdrant-client that vecsh is measured against; scripts/bench calls it.

usage: bench_qdrant.py empty URL NAME DIMENSION   a new collection that builds no index
       bench_qdrant.py write URL NAME ARCHIVE     upserts the records of an archive
       bench_qdrant.py read URL NAME              scrolls through all points

`write` and `read` print the seconds that they took, the seconds of processor, both without the start of Python and the
reading of the archive, and the peak in MB.
"""

import json
import resource
import sys
import time

import numpy
from qdrant_client import QdrantClient, models

PAGE = 1000


def empty(client, name, dimension):
    client.delete_collection(name)
    client.create_collection(
        name, vectors_config=models.VectorParams(size=int(dimension), distance="Cosine"),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0))


def write(client, name, archive):
    vectors = numpy.load(f"{archive}/bench/v.npy", mmap_mode="r")
    with open(f"{archive}/bench/rows.jsonl") as file:
        rows = [json.loads(line) for line in file]
    keys, payloads = [row["key"] for row in rows], [row["fields"] for row in rows]

    def loop():
        for start in range(0, len(keys), PAGE):
            end = start + PAGE
            batch = models.Batch(ids=keys[start:end], vectors=vectors[start:end].tolist(), payloads=payloads[start:end])
            client.upsert(name, batch, wait=True)

    measure(loop)


def read(client, name):
    def loop():
        offset = None
        while True:
            _, offset = client.scroll(name, limit=PAGE, offset=offset, with_vectors=True)
            if offset is None:
                return

    measure(loop)


def processor():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(loop):
    start, processor_start = time.monotonic(), processor()
    loop()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print("%.2f %.2f %d" % (time.monotonic() - start, processor() - processor_start, peak))


if __name__ == "__main__":
    verb, url, *words = sys.argv[1:]
    {"empty": empty, "write": write, "read": read}[verb](QdrantClient(url=url, timeout=600), *words)
