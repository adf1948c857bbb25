"""Requests that search."""

from .models import SearchRequest, SearchRequestBatch, models
from .queries import query, search
from .routes import refuse, route

POINTS = "/collections/{collection}/points"


@route("POST", f"{POINTS}/query", models.QueryRequest, reads=True, since="1.10")
def query_one(call):
    return {"points": query(call.collection, call.body)}


@route("POST", f"{POINTS}/query/batch", models.QueryRequestBatch, reads=True, since="1.10")
def query_batch(call):
    return [{"points": query(call.collection, body)} for body in call.body["searches"]]


@route("POST", f"{POINTS}/search", SearchRequest, reads=True)
def search_one(call):
    return search(call.collection, call.body)


@route("POST", f"{POINTS}/search/batch", SearchRequestBatch, reads=True)
def search_batch(call):
    return [search(call.collection, body) for body in call.body["searches"]]


refuse("POST", f"{POINTS}/query/groups", "a search by groups", since="1.11")
refuse("POST", f"{POINTS}/search/groups", "a search by groups")
refuse("POST", f"{POINTS}/search/matrix/pairs", "a matrix of distances", since="1.12")
refuse("POST", f"{POINTS}/search/matrix/offsets", "a matrix of distances", since="1.12")
refuse("POST", f"{POINTS}/recommend", "the old request for recommendations")
refuse("POST", f"{POINTS}/recommend/batch", "the old request for recommendations")
refuse("POST", f"{POINTS}/discover", "the old request for discovery", since="1.7")
