"""The part of AWS Lambda that a container talks to: hands out the events of a file, and writes down what is answered.

lambda_runtime.py EVENTS ANSWERS PORT SECONDS: a JSON list of events, the file that gets a line for each answer, the file that
gets the port, and how long each run may take.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

events = json.load(open(sys.argv[1]))
handed_out = iter(range(len(events)))
answers = open(sys.argv[2], "a")
prefix = "/2018-06-01/runtime/invocation/"


class Runtime(BaseHTTPRequestHandler):
    def do_GET(self):
        number = next(handed_out, None) if self.path == prefix + "next" else None
        if number is None:
            # Lambda does not answer either before there is an event.
            threading.Event().wait()
        body = json.dumps(events[number]).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", f"request-{number}")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + float(sys.argv[4])) * 1000)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request, kind = self.path.removeprefix(prefix).split("/")
        answers.write(json.dumps({"request": request, "kind": kind, **body}) + "\n")
        answers.flush()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
with open(sys.argv[3], "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
