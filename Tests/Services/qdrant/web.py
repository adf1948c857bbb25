"""The face towards HTTP: keys, limits, envelopes, and faults on purpose."""

import asyncio
import hmac
import inspect
import pathlib
import socket
import struct
import time
import urllib.parse

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import faults, optimizing, thinning
from .errors import Refusal, malformed, of_engine
from .models import check, models
from .routes import Call, Reply, find

OPEN_PATHS = {"/", "/healthz", "/livez", "/readyz"}
JSON = "application/json"


class Connection(HttpToolsProtocol):
    """Lets the face reach what is below HTTP, to break it."""

    def on_message_begin(self):
        super().on_message_begin()
        self.scope["transport"] = self.transport


class Face:
    """An ASGI application."""

    def __init__(self, storage, options):
        self.storage = storage
        self.version = options.server_version
        self.limit = options.max_request_size_mb * 1024 * 1024
        self.options = options
        self.faults = faults.Faults(options.fail_every, options.fail_with, options.fail_path)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.live(receive, send)
        if scope["type"] == "http":
            await Exchange(self, scope, receive, send).run()

    async def live(self, receive, send):
        """From the start of the server to its end."""
        await receive()
        task = asyncio.create_task(optimizing.settle_all(self.storage, self.options.settle_after))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        task.cancel()
        await asyncio.wait([task])
        self.storage.close()
        await send({"type": "lifespan.shutdown.complete"})


class Exchange:
    """One request and its answer."""

    def __init__(self, face, scope, receive, send):
        self.face = face
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers = dict(scope["headers"])
        self.started = time.perf_counter()
        self.raw_path = scope["raw_path"].decode("ascii")

    async def run(self):
        fault = self.face.faults.next(self.raw_path)
        if fault == "reset":
            return self.reset()
        try:
            reply = await self.reply(fault)
        except Refusal as refusal:
            reply = self.refused(refusal)
        if fault == "lost":
            return self.reset()
        await self.answer(reply, is_half=fault == "half")

    async def reply(self, fault):
        if refusal := faults.refusal(fault):
            await self.read()
            raise refusal
        key = self.key()
        if isinstance(key, Reply):
            return key
        route, values = find(self.scope["method"], self.raw_path, self.face.version)
        if key == "reading" and not route.is_reading:
            raise Refusal(403, "Forbidden: Global manage access is required")
        query = dict(urllib.parse.parse_qsl(self.scope["query_string"].decode("ascii")))
        call = Call(self.face, values, query, self.body(route, await self.read()))
        try:
            result = route.answer(call)
        except (ValueError, TypeError, OverflowError) as error:
            # The engine's words for values that it cannot take over from Python.
            raise of_engine(error) from None
        if inspect.isawaitable(result):
            result = await result
        return result if isinstance(result, Reply) else self.succeeded(result)

    def key(self):
        """What the key of the request opens: everything, or reading; a reply where it opens nothing."""
        options = self.face.options
        if not (options.api_key or options.read_only_api_key) or self.raw_path in OPEN_PATHS:
            return "everything"
        given = self.headers.get(b"api-key", b"")
        if not given and self.headers.get(b"authorization", b"").startswith(b"Bearer "):
            given = self.headers[b"authorization"].removeprefix(b"Bearer ")
        if not given:
            return Reply(401, b"Must provide an API key or an Authorization bearer token")
        for key, opens in (options.api_key, "everything"), (options.read_only_api_key, "reading"):
            if key and hmac.compare_digest(given, key.encode()):
                return opens
        return Reply(401, b"Invalid API key or JWT")

    async def read(self):
        length = int(self.headers.get(b"content-length", 0))
        if length > self.face.limit:
            raise Refusal(
                400, f"JSON payload ({length} bytes) is larger than allowed (limit: {self.face.limit} bytes).")
        parts, size, is_more = [], 0, True
        while is_more:
            message = await self.receive()
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
            is_more = message.get("more_body", False)
            if size > self.face.limit:
                raise Refusal(400, f"JSON payload has exceeded limit ({self.face.limit} bytes).")
        return b"".join(parts)

    def body(self, route, data):
        """The body in JSON, checked against its model."""
        if route.model is None:
            return None
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise malformed(error) from None
        validate = self.face.options.validate
        if route.model is models.PointInsertOperations:
            if validate != "none":
                check(route.model, thinning.thin_upsert(body, validate))
        elif validate != "none":
            check(route.model, body)
        return body

    def succeeded(self, result):
        return Reply(200, {"result": result, "status": "ok", "time": self.seconds()}, JSON)

    def refused(self, refusal):
        if not refusal.message:
            return Reply(refusal.status, b"")
        if isinstance(refusal.message, bytes):
            return Reply(refusal.status, refusal.message, "text/html")
        return Reply(refusal.status, {"status": {"error": refusal.message}, "time": self.seconds()}, JSON)

    def seconds(self):
        return time.perf_counter() - self.started

    async def answer(self, reply, is_half):
        if isinstance(reply.body, pathlib.Path):
            return await self.answer_file(reply)
        body = reply.body
        if not isinstance(body, bytes):
            body = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        await self.begin(reply, len(body))
        if is_half:
            await self.send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            self.scope["transport"].close()
        else:
            await self.send({"type": "http.response.body", "body": body})

    async def answer_file(self, reply):
        await self.begin(reply, reply.body.stat().st_size)
        with open(reply.body, "rb") as file:
            while part := file.read(1 << 18):
                await self.send({"type": "http.response.body", "body": part, "more_body": True})
        await self.send({"type": "http.response.body", "body": b""})

    async def begin(self, reply, length):
        headers = [(b"content-type", reply.kind.encode()), (b"content-length", str(length).encode())]
        if reply.status == 429:
            headers.append((b"retry-after", b"1"))
        # The rest of a body that is too large is not waited for.
        if int(self.headers.get(b"content-length", 0)) > self.face.limit:
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": reply.status, "headers": headers})

    def reset(self):
        """Ends the connection in the way that the other side cannot miss."""
        transport = self.scope["transport"]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
