"""Payload indexes: their parameters as the engine's, and what is told of them."""

import qdrant_edge as edge

from .engine_values import choice, made

PARAMS = {
    "keyword": edge.KeywordIndexParams,
    "integer": edge.IntegerIndexParams,
    "float": edge.FloatIndexParams,
    "geo": edge.GeoIndexParams,
    "text": edge.TextIndexParams,
    "bool": edge.BoolIndexParams,
    "datetime": edge.DatetimeIndexParams,
    "uuid": edge.UuidIndexParams,
}


def engine_schema(schema):
    """For the engine; `schema` is a type's name, or an object with `type` and parameters."""
    if isinstance(schema, str):
        return choice(edge.PayloadSchemaType, schema)
    given = {key: value for key, value in schema.items() if key != "type"}
    if schema["type"] == "text":
        given |= text_parts(schema)
    return made(PARAMS[schema["type"]], given, memory=edge.Memory, tokenizer=edge.TokenizerType)


def text_parts(schema):
    parts = {}
    if (words := schema.get("stopwords")) is not None:
        parts["stopwords"] = choice(edge.Language, words) if isinstance(words, str) else stopwords(words)
    if (stemmer := schema.get("stemmer")) is not None:
        parts["stemmer"] = edge.DisabledStemmer() if stemmer["type"] == "none" else snowball(stemmer)
    if isinstance(scoring := schema.get("scoring"), dict):
        parts["scoring"] = made(edge.TextScoringParams, scoring, type=edge.TextScoringType)
    return parts


def stopwords(given):
    languages = {choice(edge.Language, one) for one in given.get("languages") or []}
    return edge.StopwordsSet(languages=languages or None, custom=set(given.get("custom") or []) or None)


def snowball(given):
    return edge.SnowballParams(choice(edge.SnowballLanguage, given["language"]))


def shown(schema, points):
    """An entry of `payload_schema`: parameters only where some were given."""
    if isinstance(schema, str):
        return {"data_type": schema, "points": points}
    return {"data_type": schema["type"], "params": schema, "points": points}
