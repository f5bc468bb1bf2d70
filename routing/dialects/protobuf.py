"""Between ProtoJSON and protobuf's messages, for both ends of gRPC. Pure.

A2A's `data` and `metadata` travel as google.protobuf.Value, whose only number is a double: 42 arrives as 42.0. No other
field of A2A is a double, so every whole one is made an int again; integers beyond 2^53 have lost their last digits
before they are here, and stay doubles.
"""

from typing import Any, Final, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

Json = dict[str, Any]
Kind = TypeVar("Kind", bound=Message)
EXACT: Final = 2**53
# Values nest three messages for each level of JSON (routing.limits.MAX_DEPTH).
MAX_NESTING: Final = 256


def as_json(message: Message) -> Json:
    """Unset fields are left out; optional ones that are set stay, whatever their value.

    Raises `ValueError` or `json_format.Error` for what JSON cannot say.
    """
    return {name: _exact(value) for name, value in json_format.MessageToDict(message).items()}


def as_message(kind: type[Kind], value: Json) -> Kind:
    """Fields that this kind has no place for are left out. Raises `json_format.ParseError`."""
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
