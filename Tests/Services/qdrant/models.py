"""The models of request bodies that `qdrant-client` publishes, and the check of a body against one of them."""

import importlib.util
import pathlib
import sys
import types

import orjson
import pydantic

from .errors import malformed


def load_models():
    """Only the models: importing the whole client takes two seconds, and a test starts many servers."""
    package = importlib.util.find_spec("qdrant_client")
    folder = pathlib.Path(package.origin).parent
    stand_in = types.ModuleType("qdrant_client")
    stand_in.__path__ = [str(folder)]
    sys.modules["qdrant_client"] = stand_in
    place = importlib.util.spec_from_file_location("qdrant_models", folder / "http/models/models.py")
    module = importlib.util.module_from_spec(place)
    sys.modules["qdrant_models"] = module
    place.loader.exec_module(module)
    return module


models = load_models()


class NamedVector(pydantic.BaseModel, extra="forbid"):
    name: str
    vector: list[float] | models.SparseVector


class SearchRequest(pydantic.BaseModel, extra="forbid"):
    """The search of before 1.10, which the newest client has no model of any more."""

    vector: list[float] | NamedVector
    limit: int
    offset: int | None = None
    filter: models.Filter | None = None
    params: models.SearchParams | None = None
    with_payload: models.PayloadSelector | bool | list[str] | None = None
    with_vector: bool | list[str] | None = None
    score_threshold: float | None = None
    shard_key: str | int | None = None


class SearchRequestBatch(pydantic.BaseModel, extra="forbid"):
    searches: list[SearchRequest]


ADAPTERS = {}


def check(model, body):
    """Raises a refusal if the body is none of this model: a name too much, a type that differs, something missing."""
    if model not in ADAPTERS:
        ADAPTERS[model] = pydantic.TypeAdapter(model)
    try:
        # As JSON, in which the strict rules take texts for what has no JSON of its own.
        ADAPTERS[model].validate_json(orjson.dumps(body), strict=True)
    except pydantic.ValidationError as error:
        raise malformed(first_words(error)) from None


def first_words(error):
    """Where the deepest difference is, and what: a union has some for each of its members, and that one fits best."""
    deepest = max(error.errors(include_url=False, include_input=False), key=lambda one: len(one["loc"]))
    place = ".".join(str(part) for part in deepest["loc"])
    return f"{place}: {deepest['msg']}" if place else deepest["msg"]
