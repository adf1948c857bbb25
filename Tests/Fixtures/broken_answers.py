"""A server of HTTP/2 for each way to break off an answer, each on a port of its own. The first connection to it is broken,
those that follow are answered. The first line names the ways and their ports; the end of input ends all."""
import socket, struct, sys, threading

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def field(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


BEGIN = b"\x88" + field(b"content-type", b"application/grpc")
STATUS = field(b"grpc-status", b"0")
MESSAGE = b"\0\0\0\0\3abc"


def head(stream, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, BEGIN)


def whole(stream):
    end = frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS)
    return head(stream) + frame(DATA, 0, stream, MESSAGE) + end


WAYS = {
    "nothing": lambda stream: b"",
    "headers": head,
    "half-prefix": lambda stream: head(stream) + frame(DATA, 0, stream, MESSAGE[:3]),
    "half-message": lambda stream: head(stream) + frame(DATA, 0, stream, MESSAGE[:6]),
    "no-trailers": lambda stream: head(stream) + frame(DATA, 0, stream, MESSAGE),
    "half-frame": lambda stream: head(stream) + frame(DATA, 0, stream, MESSAGE)[:12],
    "ended-without-status": lambda stream: head(stream) + frame(DATA, END_STREAM, stream, MESSAGE),
    "ended-at-once": lambda stream: head(stream, END_HEADERS | END_STREAM),
    "reset": lambda stream: head(stream) + frame(RESET, 0, stream, struct.pack(">I", 0)),
    "reset-with-error": lambda stream: head(stream) + frame(RESET, 0, stream, struct.pack(">I", 2)),
    "refused": lambda stream: frame(RESET, 0, stream, struct.pack(">I", 7)),
    "gone": lambda stream: frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)),
    "gone-after-headers": lambda stream: head(stream) + frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0)),
    "garbage": lambda stream: bytes(range(256)) * 4,
    "two-messages": lambda stream: head(stream) + frame(DATA, 0, stream, MESSAGE * 2)
        + frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS),
    "too-long": lambda stream: head(stream) + frame(DATA, 0, stream, b"\0\x7f\xff\xff\xff" + b"abc")
        + frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS),
}


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def speak(connection, answer, goes_on):
    try:
        exactly(connection, 24)
        connection.sendall(frame(SETTINGS, 0, 0))
        while True:
            begin = exactly(connection, 9)
            payload = exactly(connection, int.from_bytes(begin[:3], "big"))
            kind, flags, stream = begin[3], begin[4], struct.unpack(">I", begin[5:])[0]
            if kind == SETTINGS and not flags & ACK:
                connection.sendall(frame(SETTINGS, ACK, 0))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                connection.sendall(answer(stream))
                if not goes_on:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
    except OSError:
        pass
    finally:
        connection.close()


def listen(way):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        first = True
        while True:
            connection, _ = listener.accept()
            answer = WAYS[way] if first else whole
            threading.Thread(target=speak, args=(connection, answer, not first), daemon=True).start()
            first = False

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


if __name__ == "__main__":
    print(*(f"{way}={listen(way)}" for way in WAYS), flush=True)
    sys.stdin.read()
