"""The fault mode: a server that fails on purpose, for the tests of a client's patience."""

import dataclasses

from .errors import Refusal

KINDS = {
    "429": "refuses with 429 and Retry-After, and does nothing",
    "503": "refuses with 503, and does nothing",
    "413": "refuses with 413 and HTML, as a proxy in front does, and does nothing",
    "reset": "resets the connection before it has read the body, and does nothing",
    "lost": "does it, and resets the connection instead of an answer",
    "half": "does it, and sends half an answer",
}


@dataclasses.dataclass
class Faults:
    """Every so-and-so-many-th request about points fails."""

    every: int
    kind: str
    # Only requests whose path ends so.
    path: str
    count: int = 0

    def next(self, path):
        """What happens to this request, or None."""
        if not self.every or "/points" not in path or not path.endswith(self.path):
            return None
        self.count += 1
        return self.kind if self.count % self.every == 0 else None


def refusal(kind):
    if kind == "429":
        return Refusal(429, "Rate limiting exceeded: Write rate limit exceeded, retry later")
    if kind == "413":
        return Refusal(413, b"<html><head><title>413 Request Entity Too Large</title></head></html>")
    if kind == "503":
        return Refusal(503, "Service unavailable: the server fails on purpose")
    return None
