"""Between protobuf's bytes and ProtoJSON. Pure.

A2A's `data` and `metadata` travel as google.protobuf.Value, whose only number is a double: 42 arrives as 42.0. No other
field of A2A is a double, so every whole one is made an int again; integers beyond 2^53 have lost their last digits
before they are here, and stay doubles.
"""

from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from routing.record import Json
from security.errors import InvalidInput

EXACT: Final = 2**53
# Values nest three messages for each level of JSON (routing.limits.MAX_DEPTH).
MAX_NESTING: Final = 256


def read(kind: type[Message], data: bytes) -> Json:
    """What a caller sent. Raises `InvalidInput`."""
    try:
        return as_json(kind.FromString(data))
    except (DecodeError, ValueError, json_format.Error) as error:
        raise InvalidInput(f"This is not a {kind.DESCRIPTOR.full_name}: {error}.") from None


def as_json(message: Message) -> Json:
    """Unset fields are left out; optional ones that are set stay, whatever their value."""
    return {name: _exact(value) for name, value in json_format.MessageToDict(message).items()}


def write(kind: type[Message], value: Json) -> bytes:
    """What AgentX answers; fields that this version of the protocol has no place for are left out."""
    return as_message(kind, value).SerializeToString()


def as_message(kind: type[Message], value: Json) -> Message:
    message = kind()
    json_format.ParseDict(
        value, message, ignore_unknown_fields=True, max_recursion_depth=MAX_NESTING
    )
    return message


def _exact(value: Any) -> Any:
    match value:
        case dict():
            return {name: _exact(each) for name, each in value.items()}
        case list():
            return [_exact(each) for each in value]
        case float() if value.is_integer() and abs(value) <= EXACT:
            return int(value)
    return value
