"""What a Python program does between two Milvus servers, for scripts/bench milvus to compare with.

fill ADDRESS NAME ROWS DIMENSION   makes a collection and loads it
copy ADDRESS ADDRESS NAME          by query_iterator and insert, 2,048 records at a time, as is usual
"""
import sys

import numpy
from pymilvus import DataType, MilvusClient

BATCH = 2048


def fill(address, name, rows, dimension):
    client = MilvusClient(address)
    make(client, name, int(dimension))
    random = numpy.random.default_rng(7)
    for start in range(0, int(rows), 5000):
        keys = range(start, min(int(rows), start + 5000))
        vectors = random.standard_normal((len(keys), int(dimension)), dtype=numpy.float32)
        client.insert(name, [
            {"pk": key, "vector": vector, "image_id": f"image-{key:08}", "page_number": key % 700, "file": f"f{key % 97}"}
            for key, vector in zip(keys, vectors)])
    client.flush(name)
    client.load_collection(name)


def make(client, name, dimension):
    if client.has_collection(name):
        client.drop_collection(name)
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    schema.add_field("image_id", DataType.VARCHAR, max_length=64)
    schema.add_field("page_number", DataType.INT64)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="IP", index_name="vector")
    client.create_collection(name, schema=schema)
    client.create_index(name, index)


def copy(source, target, name):
    old, new = MilvusClient(source), MilvusClient(target)
    fields = {field["name"]: field for field in old.describe_collection(name)["fields"]}
    make(new, name, fields["vector"]["params"]["dim"])
    pages = old.query_iterator(name, batch_size=BATCH, output_fields=["*"])
    while page := pages.next():
        new.insert(name, page)
    pages.close()
    new.flush(name)


if __name__ == "__main__":
    {"fill": fill, "copy": copy}[sys.argv[1]](*sys.argv[2:])
