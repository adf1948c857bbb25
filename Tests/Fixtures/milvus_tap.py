"""A gRPC server that passes every call on to a Milvus and remembers it. pymilvus' own descriptors say whether all of a
request is known to them.

milvus_tap.py PORT   the Milvus; the first line says on which ports this one listens, without and with TLS, and where its
certificate is. For each line of input it says what it has seen; the end of input ends it."""
import json
import os
import subprocess
import sys
import tempfile
from concurrent import futures

import grpc
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet
from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

SERVICE = milvus_pb2.DESCRIPTOR.services_by_name["MilvusService"]
# Messages within messages that the descriptors call bytes.
WITHIN = {("CreateCollection", "schema"): schema_pb2.CollectionSchema,
          ("Search", "placeholder_group"): common_pb2.PlaceholderGroup}
SEEN = {"methods": {}, "unknown": [], "metadata": {"authorization": [], "dbname": []}}


def unknown(message, path):
    found = [f"{path}.{field.field_number}" for field in UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        if field.message_type.GetOptions().map_entry:
            continue
        for one in value if field.is_repeated else [value]:
            found += unknown(one, f"{path}.{field.name}")
    return found


def remember(name, request, metadata):
    SEEN["methods"][name] = SEEN["methods"].get(name, 0) + 1
    for key in SEEN["metadata"]:
        if key in metadata and metadata[key] not in SEEN["metadata"][key]:
            SEEN["metadata"][key].append(metadata[key])
    method = SERVICE.methods_by_name.get(name)
    if method is None:
        return SEEN["unknown"].append(name)
    message = GetMessageClass(method.input_type).FromString(request)
    found = unknown(message, name)
    for (caller, field), kind in WITHIN.items():
        if caller == name:
            found += unknown(kind.FromString(getattr(message, field)), f"{name}.{field}")
    SEEN["unknown"] += [path for path in found if path not in SEEN["unknown"]]


class Tap(grpc.GenericRpcHandler):
    def __init__(self, channel):
        self.channel = channel

    def service(self, details):
        path = details.method

        def call(request, context):
            metadata = dict(context.invocation_metadata())
            try:
                remember(path.rsplit("/", 1)[1], request, metadata)
                passed = [(key, value) for key, value in metadata.items() if key in ("authorization", "dbname")]
                return self.channel.unary_unary(path)(request, metadata=passed, timeout=60)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(call)


def credentials():
    folder = tempfile.mkdtemp()
    key, certificate = (os.path.join(folder, name) for name in ("key.pem", "certificate.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, stderr=subprocess.DEVNULL)
    pair = (open(key, "rb").read(), open(certificate, "rb").read())
    return grpc.ssl_server_credentials([pair]), certificate


NO_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
server = grpc.server(futures.ThreadPoolExecutor(16), options=NO_LIMIT)
server.add_generic_rpc_handlers([Tap(grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}", options=NO_LIMIT))])
secure, certificate = credentials()
print(server.add_insecure_port("127.0.0.1:0"), server.add_secure_port("127.0.0.1:0", secure), certificate, flush=True)
server.start()
for line in sys.stdin:
    print(json.dumps(SEEN), flush=True)
server.stop(0)
