"""What is answered instead of a result."""

import re


class Refusal(Exception):
    """A request that is not done: the status and the text that the client gets."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def bad_input(message):
    return Refusal(400, f"Wrong input: {message}")


def malformed(message):
    return Refusal(400, f"Format error in JSON body: {message}")


def invalid(message):
    return Refusal(422, f"Validation error in JSON body: [{message}]")


def not_found(message):
    return Refusal(404, f"Not found: {message}")


def no_collection(name):
    return not_found(f"Collection `{name}` doesn't exist!")


def exists_already(message):
    return Refusal(409, f"Wrong input: {message}")


def unsupported(what):
    """For what the real server can do and this one cannot: better no answer than an invented one."""
    return Refusal(501, f"Not implemented: {what} is not in this server, which is made for tests around qdrant-edge")


def no_point_id(given):
    return malformed(f"value {given} is not a valid point ID, valid values are either an unsigned integer or a UUID")


NO_UUID = re.compile(r"^failed to parse (.*) as UUID", re.DOTALL)
MISSING_POINT = re.compile(r"^No point with id (\S+?)( found)?$")


def of_engine(error):
    """The refusal for what the engine has thrown; its texts are those of the real server."""
    text = str(error)
    if type(error).__name__ == "PanicException":
        return Refusal(500, f"Service internal error: {text}")
    if missing := MISSING_POINT.match(text):
        return not_found(f"No point with id {missing[1]} found")
    if no_uuid := NO_UUID.match(text):
        return no_point_id(no_uuid[1])
    return bad_input(text.splitlines()[0])
