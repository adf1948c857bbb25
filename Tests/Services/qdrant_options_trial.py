"""Asks a Qdrant what its options make of it: keys, TLS, faults, a version, and data that outlives it.

usage: qdrant_options_trial.py URL CLASS [WORD ...]
"""

import functools
import sys
import unittest
import uuid

import httpx

URL, WORDS = sys.argv[1], sys.argv[3:]


def raw(**more):
    return httpx.Client(base_url=URL, timeout=60, **more)


def asked(answer):
    """The result of an answer."""
    answer.raise_for_status()
    return answer.json()["result"]


def create(session, name, vectors):
    asked(session.put(f"/collections/{name}", json={"vectors": vectors}))


def fresh():
    return f"t_{uuid.uuid4().hex}"


class Keys(unittest.TestCase):
    """A server whose keys are the two words."""

    def test_keys(self):
        whole, reading = (raw(headers={"api-key": word}) for word in WORDS)
        for key, text in ("", "Must provide"), ("wrong", "Invalid"):
            answer = raw(headers={"api-key": key} if key else {}).get("/collections")
            self.assertEqual((answer.status_code, answer.headers["content-type"]), (401, "text/plain; charset=utf-8"))
            self.assertIn(text, answer.text)
        self.assertEqual(raw().get("/readyz").status_code, 200)
        self.assertEqual(raw(headers={"Authorization": f"Bearer {WORDS[0]}"}).get("/collections").status_code, 200)
        name = fresh()
        create(whole, name, {})
        self.assertEqual(asked(reading.post(f"/collections/{name}/points/count", json={})), {"count": 0})
        self.assertEqual(reading.delete(f"/collections/{name}").status_code, 403)


class Encrypted(unittest.TestCase):
    """A server with a certificate of the authority that the word names."""

    def test_the_certificate_holds(self):
        self.assertEqual(raw(verify=WORDS[0]).get("/collections").status_code, 200)
        self.assertRaises(httpx.ConnectError, raw().get, "/collections")


class Failing(unittest.TestCase):
    """A server that fails at every second request about points, in the way that the word names."""

    def test_every_second_request_fails(self):
        name = fresh()
        create(raw(), name, {})
        path = f"/collections/{name}/points?wait=true"
        bodies = [{"points": [{"id": n, "vector": {}, "payload": {"a": "b" * 9}}]} for n in range(2)]
        self.assertEqual(raw().put(path, json=bodies[0]).status_code, 200)
        kind = WORDS[0]
        if kind.isdigit():
            answer = raw().put(path, json=bodies[1])
            self.assertEqual(answer.status_code, int(kind))
            self.assertEqual("retry-after" in answer.headers, kind == "429")
        else:
            self.assertRaises(httpx.TransportError, functools.partial(raw().put, path, json=bodies[1]))
        done = 2 if kind in ("lost", "half") else 1
        self.assertEqual(asked(raw().get(f"/collections/{name}"))["points_count"], done)


class Writing(unittest.TestCase):
    """Writes what must outlive the server."""

    def test_write(self):
        session = raw()
        create(session, "kept", {"a": {"size": 4, "distance": "Dot"}})
        index = {"field_name": "n", "field_schema": {"type": "integer", "range": True}}
        asked(session.put("/collections/kept/index", json=index))
        alias = {"create_alias": {"collection_name": "kept", "alias_name": "alias"}}
        asked(session.post("/collections/aliases", json={"actions": [alias]}))
        for n in range(100):
            point = {"id": n, "vector": {"a": [n] * 4}, "payload": {"n": n}}
            asked(session.put("/collections/kept/points?wait=true", json={"points": [point]}))


class Reading(unittest.TestCase):
    """Finds what `Writing` wrote, after the server was killed."""

    def test_read(self):
        found = asked(raw().post("/collections/alias/points/scroll", json={"limit": 1000, "with_vector": True}))
        self.assertEqual([record["vector"]["a"] for record in found["points"]], [[n] * 4 for n in range(100)])
        schema = asked(raw().get("/collections/kept"))["payload_schema"]
        self.assertEqual(schema["n"]["params"], {"type": "integer", "range": True})


class Old(unittest.TestCase):
    """A server of the version that the word names, 1.7, knows nothing that came later."""

    def test_what_came_later_is_not_there(self):
        self.assertEqual(raw().get("/").json()["version"], WORDS[0])
        name = fresh()
        create(raw(), name, {"size": 1, "distance": "Dot"})
        self.assertEqual(raw().get(f"/collections/{name}/exists").status_code, 404)
        self.assertEqual(raw().post(f"/collections/{name}/points/query", json={}).status_code, 404)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], sys.argv[2]], warnings="ignore")
