"""One field of a caller's JSON, of the type it must have. `path` is what stands before its name in a refusal."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any, Final

from routing.limits import MAX_DEPTH, MAX_ID, MAX_REFERENCES
from routing.record import Json
from security.errors import InvalidInput

CAPITAL: Final = re.compile(r"[A-Z]")
# What each bool may be in a query string.
FLAGS: Final = {"true": True, "false": False}
BIGGEST: Final = 2**31 - 1  # int32
DIGITS: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)


def invalid(field: str, what: str) -> InvalidInput:
    return InvalidInput(f"{field}: {what}", fields={field: what})


def snake(name: str) -> str:
    """The field's own name in the protobuf definition."""
    return CAPITAL.sub(lambda match: "_" + match[0].lower(), name)


_SNAKES: Final[dict[str, str]] = {}


def given(holder: Json, name: str) -> Any:
    """The field under its JSON name, or under its own."""
    value = holder.get(name)
    if value is not None:
        return value
    own = _SNAKES.get(name) or _SNAKES.setdefault(name, snake(name))
    return holder.get(own) if own != name else None


def storable(text: str, path: str) -> str:
    if "\0" in text:
        raise invalid(path, "must not hold the character U+0000")
    return text


def check_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(path, "must be a text")
    return storable(value, path)


def text(holder: Json, name: str, path: str) -> str:
    value = given(holder, name)
    return "" if value is None else check_text(value, path + name)


def short(
    holder: Json, name: str, path: str, *, limit: int = MAX_ID, required: bool = False
) -> str:
    """A text of at most `limit` characters."""
    value = text(holder, name, path)
    if required and not value:
        raise invalid(path + name, "is required")
    if len(value) > limit:
        raise invalid(path + name, f"must be at most {limit} characters")
    return value


def texts(holder: Json, name: str, path: str) -> list[str]:
    value = given(holder, name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid(path + name, "must be a list of texts")
    if len(value) > MAX_REFERENCES:
        raise invalid(path + name, f"must be at most {MAX_REFERENCES}")
    return [storable(each, path + name) for each in value]


def flag(holder: Json, name: str, path: str) -> bool:
    value = given(holder, name)
    if isinstance(value, str):
        value = FLAGS.get(value, value)
    if value is not None and not isinstance(value, bool):
        raise invalid(path + name, "must be true or false")
    return bool(value)


def whole(
    holder: Json, name: str, path: str, *, minimum: int, maximum: int | None = None
) -> int | None:
    """An int32, which ProtoJSON may also tell as a text or with a zero fraction."""
    value = _integer(given(holder, name), path + name)
    if value is None:
        return None
    if value < minimum or value > (BIGGEST if maximum is None else maximum):
        span = f"from {minimum} to {maximum}" if maximum is not None else f"{minimum} or more"
        raise invalid(path + name, f"must be {span}")
    return value


def _integer(value: Any, path: str) -> int | None:
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise invalid(path, "must be a whole number")
    return value


def moment(holder: Json, name: str) -> datetime | None:
    told = text(holder, name, "")
    if not told:
        return None
    try:
        read = datetime.fromisoformat(told)
    except ValueError:
        raise invalid(name, "must be a time like 2026-01-31T12:00:00Z") from None
    if read.tzinfo is None:
        raise invalid(name, "must be a time with its zone, like 2026-01-31T12:00:00Z")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise invalid(name, "is too near the beginning or the end of time") from None


def child(holder: Json, name: str, path: str) -> Json | None:
    """An object. `path` is its own."""
    value = given(holder, name)
    if value is not None and not isinstance(value, dict):
        raise invalid(path, "must be an object")
    return value


def metadata(holder: Json, path: str) -> Json | None:
    value = child(holder, "metadata", f"{path}metadata")
    if value:
        require_shallow(value, f"{path}metadata")
    return value


def raw(value: Any, path: str) -> str:
    """Bytes as standard base64. ProtoJSON takes the URL's alphabet too, and no padding."""
    told = _standard(value) if isinstance(value, str) else "?"
    try:
        base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(path, "must be bytes in base64") from None
    return told


def _standard(told: str) -> str:
    if "-" not in told and "_" not in told and not len(told) % 4:
        return told
    bare = told.replace("-", "+").replace("_", "/").rstrip("=")
    return bare + "=" * (-len(bare) % 4)


def require_shallow(value: Any, path: str, left: int = MAX_DEPTH) -> None:
    """No JSON deeper than MAX_DEPTH, and nothing in it that cannot be stored."""
    if isinstance(value, str):
        storable(value, path)
    elif isinstance(value, dict | list):
        if not left:
            raise invalid(path, f"must not be deeper than {MAX_DEPTH}")
        for each in value:
            require_shallow(each, path, left - 1)
        for each in value.values() if isinstance(value, dict) else ():
            require_shallow(each, path, left - 1)
