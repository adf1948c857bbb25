"""Which function answers which request."""

import dataclasses
import urllib.parse

from .errors import Refusal, unsupported


@dataclasses.dataclass
class Route:
    method: str
    pattern: list
    answer: object
    # The model of its body, if it has one.
    model: object
    # Whether a key that may only read opens it.
    is_reading: bool
    # The first version of the real server that has it.
    since: tuple


@dataclasses.dataclass
class Call:
    """One request, as the functions that answer see it."""

    server: object
    path: dict
    query: dict
    body: object

    @property
    def storage(self):
        return self.server.storage

    @property
    def collection(self):
        return self.storage.find(self.path["collection"])

    @property
    def must_wait(self):
        return self.query.get("wait") == "true"

    def update(self, *operations):
        """Carries them out; without `wait` the real server answers before it has."""
        for operation in operations:
            number = self.collection.update(operation)
        return self.updated(number)

    def updated(self, number):
        return {"operation_id": number, "status": "completed" if self.must_wait else "acknowledged"}


@dataclasses.dataclass
class Reply:
    """An answer that is no result in JSON."""

    status: int
    body: object
    kind: str = "text/plain; charset=utf-8"


ROUTES = []


def route(method, path, model=None, reads=None, since="1.0"):
    """Makes a function answer; what it returns becomes `result`."""

    def add(answer):
        is_reading = method == "GET" if reads is None else reads
        ROUTES.append(Route(method, path.split("/")[1:], answer, model, is_reading, version(since)))
        return answer

    return add


def version(text):
    return tuple(int(part) for part in text.split(".")[:2])


def find(method, raw_path, server_version):
    """The route of a path and the values in it; the real server has no words for a path it does not know."""
    segments = [urllib.parse.unquote(part) for part in raw_path.split("/")[1:]]
    if len(segments) > 1 and segments[-1] == "":
        segments.pop()
    for candidate in ROUTES:
        if candidate.method != method or candidate.since > version(server_version):
            continue
        values = fit(candidate.pattern, segments)
        if values is not None:
            return candidate, values
    raise Refusal(404, "")


def fit(pattern, segments):
    if len(pattern) != len(segments):
        return None
    values = {}
    for wanted, segment in zip(pattern, segments):
        if wanted.startswith("{"):
            values[wanted[1:-1]] = segment
        elif wanted != segment:
            return None
    return values


def refuse(method, path, what, since="1.0"):
    """A request that the real server knows and this one cannot answer."""

    @route(method, path, since=since)
    def answer(call):
        raise unsupported(what)
