"""Servers for the tests, HTTP, gRPC and gRPC over TLS, on free ports of loopback. The first line says which, and where the
certificate is to be found; the end of input ends all."""
import http.server, json, os, socket, subprocess, sys, tempfile, threading, time
from concurrent import futures

import grpc


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/slow":
            time.sleep(2)
        if self.path == "/cut":
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b"a few bytes")
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        said = {"method": self.command, "path": self.path, "key": self.headers.get("api-key"), "port": self.client_address[1]}
        answer = body if self.path == "/echo" else json.dumps(said).encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("content-length", str(len(answer)))
        self.send_header("X-Seen", str(len(body)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def log_message(self, *_):
        pass


def echo(message, context):
    return message


def slow(message, context):
    time.sleep(0.3)
    return context.peer().encode()


def fail(message, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "100 % “gone”")


def whoami(message, context):
    return dict(context.invocation_metadata()).get("authorization", "nobody").encode()


def refuse(message, context):
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "rate limit exceeded")


methods = {name: grpc.unary_unary_rpc_method_handler(call) for name, call in
           {"Echo": echo, "Slow": slow, "Fail": fail, "Who": whoami, "Refuse": refuse}.items()}


def certificate():
    folder = tempfile.mkdtemp()
    paths = [os.path.join(folder, name) for name in ("key.pem", "certificate.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", paths[0], "-out", paths[1]],
                   check=True, stderr=subprocess.DEVNULL)
    return paths


def secure():
    key, authority = certificate()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 1 << 20)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Service", methods)])
    pair = (open(key, "rb").read(), open(authority, "rb").read())
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    return server, port, authority


def serve(port):
    server = grpc.server(futures.ThreadPoolExecutor(32), options=[
        ("grpc.max_receive_message_length", 100 << 20), ("grpc.max_send_message_length", 100 << 20)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Service", methods)])
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, port


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
threading.Thread(target=web.serve_forever, daemon=True).start()
server, port = serve(0)
guarded, secure_port, authority = secure()
print(web.server_address[1], port, secure_port, authority, flush=True)
for line in sys.stdin:
    server.stop(0).wait()
    if line.strip() == "restart":
        server, _ = serve(port)
        print("restarted", flush=True)
server.stop(0)
