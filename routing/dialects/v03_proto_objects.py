"""Tasks, messages and parts of A2A 0.3's ProtoJSON (package a2a.v1), to 1.0 and back. Pure.

`twice`: PyPI a2a-sdk 0.3 puts the base64 text of a file into a field of bytes, so that its JSON is base64 of base64;
other clients (npm @a2a-js/sdk 0.3) put the bytes. Doors know whom they talk to.
"""

import base64
from functools import partial
from typing import Any, Final

from routing.dialects.v03_objects import WRAPPED, Json, each, without

CANCELLED: Final = "TASK_STATE_CANCELLED"  # so spelled in a2a.v1
CANCELED: Final = "TASK_STATE_CANCELED"
# a2a.v1's parsers are strict: only what its messages have.
MESSAGE_FIELDS: Final = ("messageId", "contextId", "taskId", "role", "metadata", "extensions")


def either(holder: Json, *names: str) -> Any:
    """The first of these spellings that is there: ProtoJSON takes a field's own name too."""
    return next((holder[name] for name in names if holder.get(name) is not None), None)


# ---- Objects, 1.0 -> a2a.v1


def task_from_1_0(task: Json, *, twice: bool = False) -> Json:
    told = {**task, "status": status_from_1_0(task.get("status", {}), twice=twice)}
    if "artifacts" in task:
        told["artifacts"] = each(task["artifacts"], partial(artifact_from_1_0, twice=twice))
    if "history" in task:
        told["history"] = each(task["history"], partial(message_from_1_0, twice=twice))
    return told


def status_from_1_0(status: Json, *, twice: bool = False) -> Json:
    told = dict(status)
    if status.get("state") == CANCELED:
        told["state"] = CANCELLED
    if "message" in status:
        told["message"] = message_from_1_0(status["message"], twice=twice)
    return told


def message_from_1_0(message: Json, *, twice: bool = False) -> Json:
    told: Json = {name: message[name] for name in MESSAGE_FIELDS if name in message}
    told["content"] = [part_from_1_0(part, twice=twice) for part in message.get("parts", [])]
    return told


def artifact_from_1_0(artifact: Json, *, twice: bool = False) -> Json:
    parts = [part_from_1_0(part, twice=twice) for part in artifact.get("parts", [])]
    return {**artifact, "parts": parts}


def part_from_1_0(part: Json, *, twice: bool = False) -> Json:
    metadata = part.get("metadata")
    if "text" in part:
        told: Json = {"text": part["text"]}
    elif "data" in part:
        data = part["data"]
        if not isinstance(data, dict):
            data, metadata = {"value": data}, {**(metadata or {}), WRAPPED: True}
        told = {"data": {"data": data}}
    else:
        told = {"file": _file_from_1_0(part, twice)}
    if metadata is not None:
        told["metadata"] = metadata
    return told


def _file_from_1_0(part: Json, twice: bool) -> Json:
    if "url" in part:
        told: Json = {"fileWithUri": part["url"]}
    else:
        raw = part.get("raw", "")
        told = {"fileWithBytes": base64.b64encode(raw.encode()).decode() if twice else raw}
    for name, old in (("mediaType", "mimeType"), ("filename", "name")):
        if part.get(name):
            told[old] = part[name]
    return told


# ---- Objects, a2a.v1 -> 1.0


def message_to_1_0(message: Any, *, twice: bool = False) -> Any:
    if not isinstance(message, dict):
        return message
    parts = either(message, "content", "parts")
    return without(message, "content") | {"parts": each(parts, partial(part_to_1_0, twice=twice))}


def part_to_1_0(part: Any, *, twice: bool = False) -> Any:
    if not isinstance(part, dict):
        return part
    metadata = part.get("metadata")
    told: Json = {}
    if part.get("text") is not None:
        told = {"text": part["text"]}
    elif isinstance(part.get("file"), dict):
        told = _file_to_1_0(part["file"], twice)
    elif isinstance(part.get("data"), dict):
        data = part["data"].get("data")
        if isinstance(metadata, dict) and metadata.get(WRAPPED) is True and isinstance(data, dict):
            data, metadata = data.get("value"), without(metadata, WRAPPED) or None
        told = {"data": data}
    if metadata is not None:
        told["metadata"] = metadata
    return told


def _file_to_1_0(file: Json, twice: bool) -> Json:
    if (uri := either(file, "fileWithUri", "file_with_uri")) is not None:
        told: Json = {"url": uri}
    else:
        raw = either(file, "fileWithBytes", "file_with_bytes")
        told = {"raw": _once(raw) if twice else raw}
    if media_type := either(file, "mimeType", "mime_type"):
        told["mediaType"] = media_type
    if file.get("name"):
        told["filename"] = file["name"]
    return told


def _once(raw: Any) -> Any:
    """The base64 text inside base64, if that is what it is."""
    try:
        inner = base64.b64decode(raw, validate=True)
        base64.b64decode(inner, validate=True)
        return inner.decode("ascii")
    except (TypeError, ValueError):
        return raw


def status_to_1_0(status: Json, *, twice: bool = False) -> Json:
    told = without(status, "update")
    if status.get("state") == CANCELLED:
        told["state"] = CANCELED
    if (message := either(status, "message", "update")) is not None:
        told["message"] = message_to_1_0(message, twice=twice)
    return told


def artifact_to_1_0(artifact: Json, *, twice: bool = False) -> Json:
    parts = each(artifact.get("parts") or [], partial(part_to_1_0, twice=twice))
    return {**artifact, "parts": parts}


def task_to_1_0(task: Json, *, twice: bool = False) -> Json:
    told = {**task, "status": status_to_1_0(task.get("status") or {}, twice=twice)}
    if task.get("artifacts") is not None:
        told["artifacts"] = each(task["artifacts"], partial(artifact_to_1_0, twice=twice))
    if task.get("history") is not None:
        told["history"] = each(task["history"], partial(message_to_1_0, twice=twice))
    return told
