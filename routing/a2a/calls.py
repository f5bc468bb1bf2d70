"""A JSON-RPC 2.0 call as it comes in, and the version of A2A it wants. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from routing.errors import InvalidRequest, MethodNotFound, ParseError, VersionNotSupported
from routing.record import Json

SUPPORTED: Final = "1.0"
OLDER: Final = "0.3"
HEADER: Final = "A2A-Version"


@dataclass(frozen=True, slots=True)
class Call:
    """`id` is told back as it came."""

    id: str | int | float | None
    method: str
    params: Json


def read(body: bytes) -> Any:
    """The JSON of a body. Raises `ParseError` saying where it breaks."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error}.") from None


def id_of(value: Any) -> Any:
    """The id to answer with, if there is a usable one: null otherwise, as JSON-RPC has it."""
    given = value.get("id") if isinstance(value, dict) else None
    return given if _is_id(given) else None


def call_of(value: Any) -> Call:
    """Raises `InvalidRequest`."""
    if isinstance(value, list):
        raise InvalidRequest("Batches are not supported: send one call at a time.")
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise InvalidRequest('A call is an object with "jsonrpc": "2.0".')
    if "id" not in value:
        raise InvalidRequest("A call needs an id: notifications have no use in A2A.")
    if not _is_id(value["id"]):
        raise InvalidRequest("The id must be a string or a number.")
    method, params = value.get("method"), value.get("params")
    if not isinstance(method, str) or not method:
        raise InvalidRequest("A call needs a method, a string.")
    if params is not None and not isinstance(params, dict):
        raise InvalidRequest("params must be an object.")
    return Call(value["id"], method, params or {})


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def require_version(asked: str, method: str) -> None:
    """`asked`: of the header, or of the query; empty means 0.3, says A2A. Raises `VersionNotSupported`."""
    version = ".".join(asked.strip().split(".")[:2]) or OLDER
    if "/" in method:
        raise VersionNotSupported(
            f"{method} is a method of A2A {OLDER}; here it is {SUPPORTED}: "
            f"send its method names, like SendMessage, with the header {HEADER}: {SUPPORTED}."
        )
    if version != SUPPORTED:
        because = "" if asked else f" (no {HEADER} header means {OLDER})"
        raise VersionNotSupported(
            f"A2A {version} is not supported{because}; send the header {HEADER}: {SUPPORTED}."
        )


def unknown(method: str) -> MethodNotFound:
    return MethodNotFound(f"There is no method {method[:100]!r}.")
