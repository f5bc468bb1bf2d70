"""A call's bytes as ProtoJSON, and an answer's as bytes."""

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from routing.dialects.protobuf import as_json, as_message
from routing.record import Json
from security.errors import InvalidInput


def read(kind: type[Message], data: bytes) -> Json:
    """What a caller sent. Raises `InvalidInput`."""
    try:
        return as_json(kind.FromString(data))
    except (DecodeError, ValueError, json_format.Error) as error:
        raise InvalidInput(f"This is not a {kind.DESCRIPTOR.full_name}: {error}.") from None


def write(kind: type[Message], value: Json) -> bytes:
    """What AgentX answers; fields that this version of the protocol has no place for are left out."""
    return as_message(kind, value).SerializeToString()
