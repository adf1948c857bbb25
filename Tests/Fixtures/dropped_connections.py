"""Servers of HTTP/2 and HTTP/1.1 that answer the first request on their first connection, read the second one whole, and close
the connection without a word; later connections are answered. An answer says how many requests there have been. The first
line names both ports; the end of input ends all."""
import http.server, socket, struct, sys, threading

from broken_answers import BEGIN, DATA, END_HEADERS, END_STREAM, HEADERS, STATUS, frame, speak


def listen():
    listener = socket.create_server(("127.0.0.1", 0))
    requests = 0

    def answer(stream):
        nonlocal requests
        requests += 1
        if requests == 2:
            raise OSError("it goes")
        message = struct.pack(">BI", 0, 1) + bytes([requests])
        end = frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS)
        return frame(HEADERS, END_HEADERS, stream, BEGIN) + frame(DATA, 0, stream, message) + end

    def serve():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=speak, args=(connection, answer, True), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = {}

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        count = Web.requests[self.path] = Web.requests.get(self.path, 0) + 1
        if count == 2:
            self.close_connection = True
            return
        body = str(count).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(listen(), web.server_address[1], flush=True)
sys.stdin.read()
