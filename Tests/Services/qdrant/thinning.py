"""Checks the numbers of vectors quickly, and leaves a small stand-in for each: the models would take a second for what
takes a hundredth here, and say no more."""

from .errors import invalid

NUMBERS = {int, float}
LARGEST_INDEX = 2**32 - 1


def thin_upsert(body, validate):
    """A body of an upsert with stand-ins for its vectors and payloads."""
    if not isinstance(body, dict):
        return body
    if isinstance(points := body.get("points"), list):
        return body | {"points": [thin_point(point) for point in sampled(points, validate)]}
    if isinstance(batch := body.get("batch"), dict):
        return body | {"batch": thin_batch(batch)}
    return body


def sampled(points, validate):
    return points if validate == "all" else points[:4] + points[4:][-4:]


def thin_point(point):
    if not isinstance(point, dict):
        return point
    thinned = dict(point)
    if "vector" in point:
        thinned["vector"] = thin_vector(point["vector"])
    if isinstance(point.get("payload"), dict):
        thinned["payload"] = {}
    return thinned


def thin_batch(batch):
    thinned = dict(batch)
    ids, vectors, payloads = batch.get("ids"), batch.get("vectors"), batch.get("payloads")
    if isinstance(ids, list):
        check_lengths(ids, vectors, payloads)
    if isinstance(vectors, list):
        thinned["vectors"] = [thin_vector(vector) for vector in vectors]
    elif isinstance(vectors, dict):
        thinned["vectors"] = {
            name: [thin_vector(vector) for vector in column] if isinstance(column, list) else column
            for name, column in vectors.items()
        }
    if isinstance(payloads, list):
        # A null is a payload too, but the client's model knows none.
        thinned["payloads"] = [{} if one is None or isinstance(one, dict) else one for one in payloads]
    return thinned


def check_lengths(ids, vectors, payloads):
    columns = [("payloads", payloads)] if isinstance(payloads, list) else []
    if isinstance(vectors, dict):
        columns += [(f"vectors of {name}", column) for name, column in vectors.items() if isinstance(column, list)]
    elif isinstance(vectors, list):
        columns.append(("vectors", vectors))
    for name, column in columns:
        if len(column) != len(ids):
            raise invalid(f"batch: number of ids and {name} must be equal ({len(ids)} != {len(column)})")


def thin_vector(vector):
    """The same shape with few numbers; what is wrong stays, for the models to name it."""
    if isinstance(vector, dict):
        if "indices" in vector and "values" in vector:
            return thin_sparse(vector)
        return {name: thin_vector(one) for name, one in vector.items()}
    if not isinstance(vector, list) or not vector:
        return vector
    if isinstance(vector[0], list):
        return thin_matrix(vector)
    return [0.0] if set(map(type, vector)) <= NUMBERS else vector


def thin_matrix(rows):
    if not all(isinstance(row, list) and row and set(map(type, row)) <= NUMBERS for row in rows):
        return rows
    # The engine would break here.
    if len({len(row) for row in rows}) > 1:
        raise invalid("vector: all vectors of a multivector must have the same length")
    return [[0.0]]


def thin_sparse(vector):
    indices, values = vector["indices"], vector["values"]
    if not isinstance(indices, list) or not isinstance(values, list):
        return vector
    if set(map(type, indices)) - {int} or set(map(type, values)) - NUMBERS:
        return vector
    if len(indices) != len(values):
        raise invalid("vector.values: must be the same length as indices")
    if len(set(indices)) != len(indices):
        raise invalid("vector.indices: must be unique")
    if indices and not 0 <= min(indices) <= max(indices) <= LARGEST_INDEX:
        raise invalid(f"vector.indices: must be from 0 to {LARGEST_INDEX}")
    return vector | {"indices": [0], "values": [0.0]}
