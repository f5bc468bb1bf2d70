"""A JSON-RPC 2.0 call as it comes in, and the version of A2A it speaks. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from routing.errors import InvalidRequest, MethodNotFound, ParseError, VersionNotSupported
from routing.limits import MAX_BATCH
from routing.record import Json
from security.errors import InvalidInput

SUPPORTED: Final = "1.0"
OLDER: Final = "0.3"
OLD_VERSIONS: Final = ("0.3", "0.2")
HEADER: Final = "A2A-Version"


@dataclass(frozen=True, slots=True)
class Call:
    """`id` is told back as it came. A notification has none, and is never answered."""

    id: str | int | float | None
    method: str
    params: Json
    is_notification: bool = False


def read(body: bytes) -> Any:
    """The JSON of a body. Raises `ParseError` saying where it breaks."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"The body is not JSON: {error}.") from None


def id_of(value: Any) -> Any:
    """The id to answer with, if there is a usable one: null otherwise, as JSON-RPC has it."""
    told = value.get("id") if isinstance(value, dict) else None
    return told if _is_id(told) else None


def batch_of(values: list[Any]) -> list[Any]:
    """The entries of a batch, not yet calls. Raises `InvalidRequest`."""
    if not values:
        raise InvalidRequest("A batch needs at least one call.")
    if len(values) > MAX_BATCH:
        raise InvalidRequest(f"A batch may have at most {MAX_BATCH} calls.")
    return values


def call_of(value: Any) -> Call:
    """Raises `InvalidRequest`, or `InvalidInput` for params that are no object."""
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise InvalidRequest('A call is an object with "jsonrpc": "2.0".')
    if not _is_id(value.get("id")):
        raise InvalidRequest("The id must be a string or a number.")
    method, params = value.get("method"), value.get("params")
    if not isinstance(method, str) or not method:
        raise InvalidRequest("A call needs a method, a string.")
    if isinstance(params, list):
        raise InvalidInput("params must be an object: A2A names its parameters.")
    if params is not None and not isinstance(params, dict):
        raise InvalidRequest("params must be an object.")
    return Call(value.get("id"), method, params or {}, is_notification="id" not in value)


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def short(version: str) -> str:
    """Major.Minor of what a caller names; nothing named means 0.3, says A2A."""
    return ".".join(version.strip().split(".")[:2]) or OLDER


def dialect_of(asked: str, *, is_old: bool, what: str) -> str:
    """The version to answer in: "1.0" or "0.3" (which is 0.2's too). Raises `VersionNotSupported`.

    `asked`: of the header, or of the query. `is_old`: whether `what`, a method or a path, is one of 0.3's.
    """
    if not is_old:
        require_version(asked, what)
        return SUPPORTED
    if (version := short(asked)) in OLD_VERSIONS:
        return OLDER
    raise VersionNotSupported(
        f"{what[:100]} is of A2A {OLDER}, not of {version[:20]}. In {SUPPORTED} it has another name: "
        f"send that, like SendMessage, with the header {HEADER}: {SUPPORTED}."
    )


def require_version(asked: str, what: str = "") -> None:
    """Refuse what is not asked as 1.0. Raises `VersionNotSupported`."""
    if (version := short(asked)) != SUPPORTED:
        because = "" if asked else f" (no {HEADER} header means {OLDER})"
        place = f" by {what[:100]}" if what else ""
        raise VersionNotSupported(
            f"A2A {version[:20]} is not spoken{place}{because}; send the header {HEADER}: {SUPPORTED}."
        )


def unknown(method: str) -> MethodNotFound:
    return MethodNotFound(f"There is no method {method[:100]!r}.")
