"""Between A2A 1.0 JSON and the plugin contract. Pure."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson
from uuid_utils import uuid7

from plugins_app.client.errors import BadAnswer
from proto import agentx_plugin_pb2 as pb

Json = dict[str, Any]
ROLES: Final = {"ROLE_USER": "user", "ROLE_AGENT": "agent"}
STATES: Final = {value: name for name, value in pb.TaskState.items()}
MAX_ID: Final = 128
MAX_DEPTH: Final = 64  # of JSON, as for what callers send


@dataclass(frozen=True, slots=True)
class Turn:
    """One message for an agent. `message` and `history` (oldest first) are A2A Messages.

    Of remote agents only: `upstream` is the task as they name it, `artifacts` what it had before, `blocking` says that the
    caller waits, and `resumes` that the message was delivered before and only the rest of its events is wanted.
    """

    agent: str
    message: Json
    task_id: str
    context_id: str
    caller: str = ""
    request_id: str = ""
    traceparent: str = ""
    history: Sequence[Json] = ()
    deadline_ms: int = 0
    metadata: Json | None = None
    accepted_output_modes: Sequence[str] = ()
    upstream: Json | None = None
    artifacts: Sequence[Json] = ()
    blocking: bool = False
    resumes: bool = False
    # Of plugins alone: what the agent remembers of the conversation; None: it is not one that does.
    memory: bytes | None = field(default=None, repr=False)
    # A bearer token for A2A calls in the caller's name, and where AgentX answers them.
    token: str = field(default="", repr=False)
    agentx_url: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """What the agent did.

    `payload` by `kind`: status `{state, message?, metadata?}`, artifact `{artifact, append?, lastChunk?, metadata?}`,
    message: an A2A Message, reply: one without taskId, which is the whole answer in place of a task, upstream: `{taskId,
    contextId}` as a remote agent names them. `reason` is a short word for a state that ends the task.
    """

    kind: Literal["status", "artifact", "message", "reply", "upstream"]
    payload: Json
    reason: str = ""
    # With the last one of a turn: what the agent shall remember of the conversation. None: what it did before.
    memory: bytes | None = field(default=None, repr=False)


def encode(turn: Turn) -> pb.ProcessMessageRequest:
    """The wire form of a turn."""
    return pb.ProcessMessageRequest(
        agent_id=turn.agent,
        message=encode_message(turn.message, turn.task_id, turn.context_id),
        request_id=turn.request_id,
        task_id=turn.task_id,
        context_id=turn.context_id,
        caller=turn.caller,
        history=[encode_message(each, turn.task_id, turn.context_id) for each in turn.history],
        deadline_ms=turn.deadline_ms,
        traceparent=turn.traceparent,
        metadata_json=_text(turn.metadata),
        accepted_output_modes=turn.accepted_output_modes,
        memory=turn.memory or b"",
        turn_token=turn.token,
        agentx_url=turn.agentx_url,
    )


def encode_message(message: Json, task_id: str, context_id: str) -> pb.A2AMessage:
    return pb.A2AMessage(
        id=message["messageId"],
        role=ROLES[message["role"]],
        parts=[encode_part(part) for part in message["parts"]],
        task_id=task_id,
        conversation_id=context_id,
        metadata_json=_text(message.get("metadata")),
        extensions=message.get("extensions", ()),
        reference_task_ids=message.get("referenceTaskIds", ()),
    )


def encode_part(part: Json) -> pb.Part:
    """A part that `routing.a2a.params` has checked: exactly one kind of content."""
    wire = pb.Part(
        media_type=part.get("mediaType", ""),
        filename=part.get("filename", ""),
        metadata=_text(part.get("metadata")),
    )
    if "text" in part:
        wire.text = part["text"]
    elif "raw" in part:
        wire.raw = base64.b64decode(part["raw"])
    elif "url" in part:
        wire.url = part["url"]
    else:
        wire.data = orjson.dumps(part["data"]).decode()
    return wire


def decode(event: pb.Event, task_id: str, context_id: str) -> Happening:
    """What one event says. Raises `BadAnswer`."""
    match event.WhichOneof("event"):
        case "status":
            return _status(event.status, task_id, context_id)
        case "artifact":
            return Happening("artifact", _artifact_change(event.artifact))
        case "message":
            return Happening("message", decode_message(event.message, task_id, context_id))
        case "reply":
            return Happening("reply", _reply(event.reply, context_id))
        case _:
            raise BadAnswer("an event was empty")


def decode_message(wire: pb.A2AMessage, task_id: str, context_id: str) -> Json:
    """An agent's message; the ids of task and context are ours, whatever it says."""
    message: Json = {
        "messageId": wire.id[:MAX_ID] or str(uuid7()),
        "contextId": context_id,
        "taskId": task_id,
        "role": "ROLE_AGENT",
        "parts": _parts(wire.parts, "a message"),
    }
    if wire.metadata_json:
        message["metadata"] = _object(wire.metadata_json)
    if wire.extensions:
        message["extensions"] = list(wire.extensions)
    if wire.reference_task_ids:
        message["referenceTaskIds"] = list(wire.reference_task_ids)
    return message


def _reply(wire: pb.A2AMessage, context_id: str) -> Json:
    """There is no task for its caller, so the message names none."""
    message = decode_message(wire, "", context_id)
    del message["taskId"]
    return message


def _status(change: pb.StatusChange, task_id: str, context_id: str) -> Happening:
    state = STATES.get(change.state)
    if not change.state or state is None:
        raise BadAnswer("a status had no state")
    payload: Json = {"state": state}
    if change.HasField("message"):
        payload["message"] = decode_message(change.message, task_id, context_id)
    if change.metadata:
        payload["metadata"] = _object(change.metadata)
    return Happening("status", payload, change.reason)


def _artifact_change(change: pb.ArtifactChange) -> Json:
    payload: Json = {"artifact": _artifact(change.artifact)}
    if change.append:
        payload["append"] = True
    if change.last_chunk:
        payload["lastChunk"] = True
    if change.metadata:
        payload["metadata"] = _object(change.metadata)
    return payload


def _artifact(wire: pb.Artifact) -> Json:
    if not wire.artifact_id:
        raise BadAnswer("an artifact had no id")
    artifact: Json = {"artifactId": wire.artifact_id, "parts": _parts(wire.parts, "an artifact")}
    if wire.name:
        artifact["name"] = wire.name
    if wire.description:
        artifact["description"] = wire.description
    if wire.metadata:
        artifact["metadata"] = _object(wire.metadata)
    if wire.extensions:
        artifact["extensions"] = list(wire.extensions)
    return artifact


def _parts(wires: Sequence[pb.Part], whose: str) -> list[Json]:
    if not wires:
        raise BadAnswer(f"{whose} had no parts")
    return [decode_part(wire) for wire in wires]


def decode_part(wire: pb.Part) -> Json:
    match wire.WhichOneof("content"):
        case "text":
            part: Json = {"text": wire.text}
        case "raw":
            part = {"raw": base64.b64encode(wire.raw).decode()}
        case "url":
            part = {"url": wire.url}
        case "data":
            part = {"data": _json(wire.data)}
        case _:
            raise BadAnswer("a part had no content")
    if wire.media_type:
        part["mediaType"] = wire.media_type
    if wire.filename:
        part["filename"] = wire.filename
    if wire.metadata:
        part["metadata"] = _object(wire.metadata)
    return part


def _text(value: Json | None) -> str:
    return orjson.dumps(value).decode() if value else ""


def _json(text: str) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadAnswer(f"a JSON text cannot be read: {error}") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _require_shallow(value, MAX_DEPTH)
    return value


def _require_shallow(value: Any, left: int) -> None:
    """What is deeper can be kept, perhaps, but not told at every door; what a model says may be as deep as it likes."""
    if not isinstance(value, dict | list):
        return
    if not left:
        raise BadAnswer(f"a JSON text is deeper than {MAX_DEPTH}")
    for each in value.values() if isinstance(value, dict) else value:
        _require_shallow(each, left - 1)


def _object(text: str) -> Json:
    value = _json(text)
    if not isinstance(value, dict):
        raise BadAnswer("metadata must be a JSON object")
    return value


def failed_metadata(response: pb.ProcessMessageResponse) -> Json:
    """What a turn that failed says beside its reason. What cannot be read must not hide the reason."""
    if not response.metadata_json:
        return {}
    try:
        return _object(response.metadata_json)
    except BadAnswer:
        return {}
