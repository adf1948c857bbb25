"""What pymilvus writes and reads, for the tests to compare with what vecsh does.

milvus_peer.py make|read ADDRESS DATABASE NAME KIND
The first line says what the collection is, each other one is a record as vecsh writes it. KIND is lite, whole or
native-lite, which say what the server has."""
import json
import sys

import numpy
from pymilvus import DataType, MilvusClient

KINDS = {
    "lite": dict(key=DataType.VARCHAR, vectors={"dense": DataType.FLOAT_VECTOR, "sparse": DataType.SPARSE_FLOAT_VECTOR},
                 nullable=True, index=("HNSW", {"M": 8, "efConstruction": 64}), alias=True),
    "whole": dict(key=DataType.INT64, vectors={"dense": DataType.FLOAT_VECTOR},
                  nullable=False, index=("HNSW", {"M": 8, "efConstruction": 64}), alias=True),
    "native-lite": dict(key=DataType.INT64, vectors={
        "dense": DataType.FLOAT_VECTOR, "half": DataType.FLOAT16_VECTOR, "brain": DataType.BFLOAT16_VECTOR,
        "bits": DataType.BINARY_VECTOR, "sparse": DataType.SPARSE_FLOAT_VECTOR},
        nullable=False, index=("IVF_FLAT", {"nlist": 4}), alias=False),
}
SCALARS = {"f_bool": DataType.BOOL, "f_int8": DataType.INT8, "f_int16": DataType.INT16, "f_int32": DataType.INT32,
           "f_int64": DataType.INT64, "f_float": DataType.FLOAT, "f_double": DataType.DOUBLE,
           "f_text": DataType.VARCHAR, "f_json": DataType.JSON}
METRICS = {DataType.BINARY_VECTOR: "HAMMING"}
TEXTS = ["", "plain", "Größe 文档 👩‍🚀", "quote ' \" \\ % _", "line\nbreak", "nul \0 inside"]


def make(client, name, kind):
    schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
    schema.add_field("id", kind["key"], is_primary=True, max_length=64)
    for field, type in kind["vectors"].items():
        schema.add_field(field, type, **({} if type == DataType.SPARSE_FLOAT_VECTOR else {"dim": 8}))
    for field, type in SCALARS.items():
        more = {"nullable": True} if kind["nullable"] else {}
        schema.add_field(field, type, max_length=256, **more)
    schema.add_field("f_numbers", DataType.ARRAY, element_type=DataType.INT64, max_capacity=16)
    schema.add_field("f_texts", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=16, max_length=64)
    client.create_collection(name, schema=schema)
    rows = [row(number, kind) for number in range(60)]
    client.insert(name, rows)
    indexes = client.prepare_index_params()
    for field, type in kind["vectors"].items():
        if type == DataType.SPARSE_FLOAT_VECTOR:
            indexes.add_index(field, index_type="SPARSE_INVERTED_INDEX", metric_type="IP", index_name=field)
        elif field == "dense":
            indexes.add_index(
                field, index_type=kind["index"][0], metric_type="IP", index_name=field, params=kind["index"][1])
        else:
            plain = "BIN_FLAT" if type == DataType.BINARY_VECTOR else "FLAT"
            indexes.add_index(field, index_type=plain, metric_type=METRICS.get(type, "L2"), index_name=field)
    client.create_index(name, indexes)
    if kind["alias"]:
        client.create_alias(name, name + "_live")
    client.load_collection(name)


def row(number, kind):
    random = numpy.random.default_rng(number)
    numbers = random.standard_normal(8).astype(numpy.float32)
    values = {
        "id": number * 7 - 100 if kind["key"] == DataType.INT64 else f"{number}{TEXTS[number % 4]}",
        "f_bool": number % 2 == 0, "f_int8": number - 128, "f_int16": 32767 - number, "f_int32": -2147483648 + number,
        "f_int64": 9223372036854775807 - number, "f_float": float(numpy.float32(0.1) * number), "f_double": 0.1 * number,
        "f_text": TEXTS[number % len(TEXTS)], "f_json": {"deep": [number, {"of": None}], "text": TEXTS[2]},
        "f_numbers": list(range(number % 4)), "f_texts": TEXTS[: number % 3],
        "extra": {"x": [number]}, "größe": TEXTS[number % 3],
    }
    if kind["nullable"] and number % 5 == 0:
        values |= {"f_int64": None, "f_text": None, "f_double": None}
    for field, type in kind["vectors"].items():
        if type == DataType.SPARSE_FLOAT_VECTOR:
            values[field] = {number: 0.5, number + 1000: float(numpy.float32(0.1))}
        elif type == DataType.FLOAT_VECTOR:
            values[field] = numbers.tolist()
        elif type == DataType.FLOAT16_VECTOR:
            values[field] = numbers.astype(numpy.float16)
        elif type == DataType.BFLOAT16_VECTOR:
            values[field] = (numbers.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()
        else:
            values[field] = bytes([number])
    return values


# What comes back, as vecsh writes it.

def plain(value, type):
    if value is None:
        return None
    if type == DataType.SPARSE_FLOAT_VECTOR:
        pairs = sorted(value.items())
        return {"indices": [pair[0] for pair in pairs], "values": [float(pair[1]) for pair in pairs]}
    if type == DataType.FLOAT_VECTOR:
        return [float(number) for number in value]
    if type in (DataType.BINARY_VECTOR, DataType.FLOAT16_VECTOR, DataType.BFLOAT16_VECTOR):
        raw = b"".join(bytes(part) for part in value) if isinstance(value, list) else bytes(value)
        if type == DataType.BINARY_VECTOR:
            return numpy.unpackbits(numpy.frombuffer(raw, numpy.uint8)).tolist()
        if type == DataType.FLOAT16_VECTOR:
            return numpy.frombuffer(raw, numpy.float16).astype(float).tolist()
        return (numpy.frombuffer(raw, numpy.uint16).astype(numpy.uint32) << 16).view(numpy.float32).astype(float).tolist()
    if type in (DataType.FLOAT, DataType.DOUBLE):
        return float(value)
    if type == DataType.ARRAY:
        return list(value)
    return value


def tell(client, name):
    told = client.describe_collection(name)
    fields = {field["name"]: field for field in told["fields"] if field["name"] != "$meta"}
    indexes = []
    for index in client.list_indexes(name):
        said = client.describe_index(name, index)
        # Together as JSON, or each for itself.
        said = {**said, **(said.get("params") or {})}
        indexes.append({key: str(said[key]) for key in sorted(said)
                        if key in ("field_name", "index_type", "metric_type", "M", "efConstruction", "nlist")})
    # Servers tell them here or there.
    aliases = list(told.get("aliases") or [])
    try:
        aliases += [alias for alias in client.list_aliases(name)["aliases"] if alias not in aliases]
    except Exception:
        pass
    say({"auto_id": told["auto_id"], "dynamic": told["enable_dynamic_field"], "aliases": aliases,
         "indexes": sorted(indexes, key=lambda index: index["field_name"]),
         "fields": [{"name": field["name"], "type": int(field["type"]), "key": bool(field.get("is_primary")),
                     "nullable": bool(field.get("nullable")),
                     **{key: int(value) for key, value in sorted(field["params"].items())
                        if key in ("dim", "max_length", "max_capacity")}} for field in fields.values()]})
    key = next(field for field in fields.values() if field.get("is_primary"))["name"]
    for values in client.query(name, limit=1000, output_fields=["*"], consistency_level="Strong"):
        record = {"key": values.pop(key), "vectors": {}, "fields": {}}
        for field, value in values.items():
            type = DataType(fields[field]["type"]) if field in fields else DataType.JSON
            place = "vectors" if int(type) >= 100 else "fields"
            record[place][field] = plain(value, type)
        say(record)


def say(value):
    print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


verb, address, database, name, kind = sys.argv[1:]
client = MilvusClient(address, db_name=database) if database else MilvusClient(address)
if verb == "make":
    make(client, name, KINDS[kind])
tell(client, name)
