"""Between the wire and what authors see."""

import json
from typing import Any

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.content import UNSET, Message, Part

MAX_MESSAGE = 16 * 1024 * 1024  # bytes of one gRPC message, either way
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def to_json(value: Any) -> str:
    """JSON text; raises TypeError or ValueError for what JSON cannot say."""
    return _encoder.encode(value)


def object_json(value: dict[str, Any]) -> str:
    """JSON text, and nothing for an empty object."""
    return _encoder.encode(value) if value else ""


def json_object(text: str, also: Any = ()) -> dict[str, Any]:
    """The object in `text`, over what the string map `also` says. Raises ValueError."""
    if not text:
        return dict(also) if also else {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    return {**also, **value} if also else value


def encode_part(part: Part) -> pb.Part:
    """The wire form; raises ValueError unless exactly one kind of content is given."""
    given = sum(value is not None for value in (part.text, part.raw, part.url))
    if given + (part.data is not UNSET) != 1:
        raise ValueError("a part has exactly one of text, raw, url and data")
    return pb.Part(
        text=part.text,
        raw=part.raw,
        url=part.url,
        data=None if part.data is UNSET else to_json(part.data),
        media_type=part.media_type,
        filename=part.filename,
        metadata=object_json(part.metadata),
    )


def encode_parts(parts: list[Part]) -> list[pb.Part]:
    """The wire form of at least one part, which is what A2A asks of messages and artifacts."""
    if not parts:
        raise ValueError("a message and an artifact have at least one part")
    return [encode_part(part) for part in parts]


def decode_part(wire: pb.Part) -> Part:
    """The author's form of a part."""
    kind = wire.WhichOneof("content")
    part = Part(
        media_type=wire.media_type,
        filename=wire.filename,
        metadata=json_object(wire.metadata),
    )
    if kind == "data":
        part.data = json.loads(wire.data)
    elif kind is not None:
        setattr(part, kind, getattr(wire, kind))
    else:
        part.text = ""
    return part


def encode_message(
    message: Message, message_id: str, task_id: str, context_id: str
) -> pb.A2AMessage:
    """The wire form; the ids given here stand where the message has none."""
    return pb.A2AMessage(
        id=message.message_id or message_id,
        role=message.role,
        parts=encode_parts(message.parts),
        task_id=message.task_id or task_id,
        conversation_id=message.context_id or context_id,
        metadata_json=object_json(message.metadata),
    )


def decode_message(wire: pb.A2AMessage) -> Message:
    """The author's form of a message."""
    message = Message(
        role=wire.role or "user",
        metadata=json_object(wire.metadata_json, wire.metadata),
        message_id=wire.id,
        task_id=wire.task_id,
        context_id=wire.conversation_id,
    )
    message.parts = message_parts(wire)
    return message


def message_parts(wire: pb.A2AMessage) -> list[Part]:
    """The parts; a sender that knows only the payload of the first sketch is read too."""
    if not wire.parts and wire.payload.WhichOneof("content") == "text":
        return [Part(text=wire.payload.text.content)]
    return [decode_part(part) for part in wire.parts]
