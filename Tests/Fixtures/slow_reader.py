"""A server of HTTP/2 that reads slowly while it sends pings, so that its clients' sockets are full when they answer those. It
looks for the numbers 0, 1, 2 … in the one field of each message, and answers "whole" or "other". The first line is its port; the
end of input ends it."""
import array, socket, struct, sys, threading, time

from broken_answers import ACK, BEGIN, DATA, END_HEADERS, END_STREAM, HEADERS, PING, SETTINGS, STATUS, WINDOW, frame

LARGEST = 2**31 - 1


def answer(stream, body):
    # Before the numbers stand gRPC's five bytes, the field's tag, and a length of four bytes.
    numbers = array.array("I", range((len(body) - 10) // 4)).tobytes()
    word = b"whole" if body[10:] == numbers else b"other"
    begin = frame(HEADERS, END_HEADERS, stream, BEGIN)
    end = frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS)
    return begin + frame(DATA, 0, stream, struct.pack(">BI", 0, len(word)) + word) + end


class Connection:
    def __init__(self, connection):
        self.connection, self.lock, self.bodies = connection, threading.Lock(), {}
        self.unread, self.read, self.pinged = b"", 0, 0

    def send(self, data):
        with self.lock:
            self.connection.sendall(data)

    def exactly(self, count):
        while len(self.unread) < count:
            more = self.connection.recv(1 << 16)
            if not more:
                raise OSError("closed")
            self.unread += more
            self.read += len(more)
            if self.read - self.pinged > 1 << 15:
                self.pinged = self.read
                self.send(frame(PING, 0, 0, b"12345678") * 2)
                time.sleep(0.001)
        data, self.unread = self.unread[:count], self.unread[count:]
        return data

    def speak(self):
        try:
            self.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, LARGEST)))
            self.send(frame(WINDOW, 0, 0, struct.pack(">I", LARGEST - 65535)))
            self.exactly(24)
            while True:
                begin = self.exactly(9)
                payload = self.exactly(int.from_bytes(begin[:3], "big"))
                self.take(begin[3], begin[4], struct.unpack(">I", begin[5:])[0], payload)
        except OSError:
            self.connection.close()

    def take(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        if kind == DATA:
            self.bodies.setdefault(stream, bytearray()).extend(payload)
            if flags & END_STREAM:
                self.send(answer(stream, bytes(self.bodies.pop(stream))))


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=Connection(connection).speak, daemon=True).start()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
listener.bind(("127.0.0.1", 0))
listener.listen()
threading.Thread(target=serve, args=(listener,), daemon=True).start()
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
