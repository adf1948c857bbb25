"""Conditions of JSON as the engine's."""

import numpy
import qdrant_edge as edge

from .engine_values import point_id
from .errors import bad_input, unsupported


def filter_in(given):
    if given is None:
        return None
    least = given.get("min_should")
    return edge.Filter(
        must=conditions(given.get("must")),
        should=conditions(given.get("should")),
        must_not=conditions(given.get("must_not")),
        min_should=least and edge.MinShould(conditions(least["conditions"]), least["min_count"]),
    )


def conditions(given):
    if given is None:
        return None
    return [condition(one) for one in (given if isinstance(given, list) else [given])]


def condition(given):
    if "key" in given:
        return field_condition(given)
    if "has_id" in given:
        return edge.HasIdCondition({point_id(one) for one in given["has_id"]})
    if "is_empty" in given:
        return edge.IsEmptyCondition(given["is_empty"]["key"])
    if "is_null" in given:
        return edge.IsNullCondition(given["is_null"]["key"])
    if "has_vector" in given:
        return edge.HasVectorCondition(given["has_vector"])
    if "nested" in given:
        return edge.NestedCondition(given["nested"]["key"], filter_in(given["nested"]["filter"]))
    if "slice" in given:
        raise unsupported("the condition `slice`")
    return filter_in(given)


def field_condition(given):
    parts = {
        "match": match,
        "range": range_in,
        "geo_bounding_box": lambda box: edge.GeoBoundingBox(geo(box["top_left"]), geo(box["bottom_right"])),
        "geo_radius": lambda circle: edge.GeoRadius(geo(circle["center"]), circle["radius"]),
        "geo_polygon": polygon,
        "values_count": lambda bounds: edge.ValuesCount(**present(bounds)),
        "is_empty": bool,
        "is_null": bool,
    }
    made = {name: make(given[name]) for name, make in parts.items() if given.get(name) is not None}
    if not made:
        raise bad_input("at least one field condition must be specified")
    return edge.FieldCondition(given["key"], **made)


def match_value(value):
    # It would take Python's own True for the integer 1.
    return edge.MatchValue(numpy.bool_(value) if isinstance(value, bool) else value)


MATCHES = {
    "value": match_value,
    "any": edge.MatchAny,
    "except": edge.MatchExcept,
    "text": edge.MatchText,
    "text_any": edge.MatchTextAny,
    "phrase": edge.MatchPhrase,
    "prefix": edge.MatchPrefix,
    "substring": edge.MatchSubstring,
}


def match(given):
    ((name, value),) = given.items()
    return MATCHES[name](value)


def range_in(bounds):
    bounds = present(bounds)
    if any(isinstance(bound, str) for bound in bounds.values()):
        return edge.RangeDateTime(**bounds)
    return edge.RangeFloat(**bounds)


def polygon(given):
    interiors = [[geo(point) for point in ring["points"]] for ring in given.get("interiors") or []]
    return edge.GeoPolygon([geo(point) for point in given["exterior"]["points"]], interiors or None)


def geo(point):
    return edge.GeoPoint(point["lon"], point["lat"])


def present(given):
    return {key: value for key, value in given.items() if value is not None}
