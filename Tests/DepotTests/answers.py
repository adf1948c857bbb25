"""An HTTP server that answers as it is told: each line of standard input is a list of answers in JSON, which are given
one after the other, the last one again and again; a line of what was asked goes out for each."""
import json
import sys
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import time


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers = []

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        self.rfile.read(length)
        answer = Handler.answers.pop(0) if len(Handler.answers) > 1 else Handler.answers[0]
        body = answer.get("body", "").encode()
        self.send_response_only(answer["status"])
        self.send_header("date", formatdate(time.time() + answer.get("lead", 0), usegmt=True))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body) + answer.get("missing", 0)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        seen = {"line": self.requestline, "authorization": self.headers.get("authorization", "")}
        print(json.dumps(seen), flush=True)
        if answer.get("missing"):
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def log_message(self, *words):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
for line in sys.stdin:
    Handler.answers = json.loads(line)
    print("ready", flush=True)
