"""Tasks, messages, parts and events of 0.3's JSON-RPC, to 1.0 and back. Pure."""

from collections.abc import Callable, Set
from typing import Any, Final

Json = dict[str, Any]

STATES: Final = {
    "submitted": "TASK_STATE_SUBMITTED",
    "working": "TASK_STATE_WORKING",
    "completed": "TASK_STATE_COMPLETED",
    "failed": "TASK_STATE_FAILED",
    "canceled": "TASK_STATE_CANCELED",
    "input-required": "TASK_STATE_INPUT_REQUIRED",
    "rejected": "TASK_STATE_REJECTED",
    "auth-required": "TASK_STATE_AUTH_REQUIRED",
    "unknown": "TASK_STATE_UNSPECIFIED",
}
OLD_STATES: Final = {new: old for old, new in STATES.items()}
ROLES: Final = {"user": "ROLE_USER", "agent": "ROLE_AGENT"}
OLD_ROLES: Final = {new: old for old, new in ROLES.items()}
TERMINAL: Final = frozenset({"completed", "failed", "canceled", "rejected"})
INTERRUPTED: Final = frozenset({"input-required", "auth-required"})
# 0.3's data is an object; another JSON value travels inside one, marked as a2a-sdk 1.x marks it.
WRAPPED: Final = "data_part_compat"


def each(values: Any, convert: Callable[[Any], Any]) -> Any:
    """Every item of a list converted; what is no list stays as it is."""
    return [convert(value) for value in values] if isinstance(values, list) else values


def without(holder: Json, *names: str) -> Json:
    return {key: value for key, value in holder.items() if key not in names}


# ---- 0.3 -> 1.0


def part_to_1_0(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    told: Json = {}
    metadata = part.get("metadata")
    if isinstance(part.get("file"), dict):
        told = _file_to_1_0(part["file"])
    elif part.get("text") is not None:
        told = {"text": part["text"]}
    elif "data" in part:
        value, metadata = _unwrapped(part["data"], metadata)
        told = {"data": value}
    if metadata is not None:
        told["metadata"] = metadata
    return told


def _file_to_1_0(file: Json) -> Json:
    kind, old = ("url", "uri") if file.get("uri") is not None else ("raw", "bytes")
    told: Json = {kind: file.get(old)}
    for name, old in (("mediaType", "mimeType"), ("filename", "name")):
        if file.get(old):
            told[name] = file[old]
    return told


def _unwrapped(data: Any, metadata: Any) -> tuple[Any, Any]:
    is_wrapped = isinstance(metadata, dict) and metadata.get(WRAPPED) is True
    if not (is_wrapped and isinstance(data, dict) and "value" in data):
        return data, metadata
    return data["value"], without(metadata, WRAPPED) or None


def message_to_1_0(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    told = without(message, "kind")
    if isinstance(role := message.get("role"), str):
        told["role"] = ROLES.get(role, role)
    told["parts"] = each(message.get("parts"), part_to_1_0)
    return told


def artifact_to_1_0(artifact: Json) -> Json:
    return {**artifact, "parts": each(artifact.get("parts"), part_to_1_0)}


def status_to_1_0(status: Json) -> Json:
    told = {**status, "state": STATES.get(str(status.get("state")), STATES["unknown"])}
    if status.get("message") is not None:
        told["message"] = message_to_1_0(status["message"])
    return told


def task_to_1_0(task: Json) -> Json:
    told = without(task, "kind") | {"status": status_to_1_0(task.get("status") or {})}
    if task.get("artifacts") is not None:
        told["artifacts"] = each(task["artifacts"], artifact_to_1_0)
    if task.get("history") is not None:
        told["history"] = each(task["history"], message_to_1_0)
    return told


def response_to_1_0(event: Json) -> Json:
    """A 1.0 StreamResponse of what a 0.3 stream tells. An unknown kind gives an empty one."""
    match event.get("kind"):
        case "task":
            return {"task": task_to_1_0(event)}
        case "message":
            return {"message": message_to_1_0(event)}
        case "status-update":
            status = status_to_1_0(event.get("status") or {})
            return {"statusUpdate": without(event, "kind", "final") | {"status": status}}
        case "artifact-update":
            artifact = artifact_to_1_0(event.get("artifact") or {})
            return {"artifactUpdate": without(event, "kind") | {"artifact": artifact}}
    return {}


# ---- 1.0 -> 0.3


def part_from_1_0(part: Json) -> Json:
    """What 0.3 has no place for is left out: the media type and file name of a text or of data."""
    metadata = part.get("metadata")
    if "text" in part:
        told: Json = {"kind": "text", "text": part["text"]}
    elif "data" in part:
        data, metadata = _wrapped(part["data"], metadata)
        told = {"kind": "data", "data": data}
    else:
        told = {"kind": "file", "file": _file_from_1_0(part)}
    if metadata is not None:
        told["metadata"] = metadata
    return told


def _file_from_1_0(part: Json) -> Json:
    told: Json = {"uri": part["url"]} if "url" in part else {"bytes": part.get("raw", "")}
    for name, old in (("mediaType", "mimeType"), ("filename", "name")):
        if part.get(name):
            told[old] = part[name]
    return told


def _wrapped(data: Any, metadata: Json | None) -> tuple[Json, Json | None]:
    if isinstance(data, dict):
        return data, metadata
    return {"value": data}, {**(metadata or {}), WRAPPED: True}


def message_from_1_0(message: Json) -> Json:
    return {
        **message,
        "kind": "message",
        "role": OLD_ROLES.get(message.get("role", ""), "agent"),
        "parts": each(message.get("parts", []), part_from_1_0),
    }


def artifact_from_1_0(artifact: Json) -> Json:
    return {**artifact, "parts": each(artifact.get("parts", []), part_from_1_0)}


def status_from_1_0(status: Json) -> Json:
    told = {**status, "state": OLD_STATES.get(status.get("state", ""), "unknown")}
    if "message" in status:
        told["message"] = message_from_1_0(status["message"])
    return told


def task_from_1_0(task: Json) -> Json:
    told = {**task, "kind": "task", "status": status_from_1_0(task.get("status", {}))}
    if "artifacts" in task:
        told["artifacts"] = each(task["artifacts"], artifact_from_1_0)
    if "history" in task:
        told["history"] = each(task["history"], message_from_1_0)
    return told


def response_from_1_0(response: Json, final: Set[str] = TERMINAL) -> Json:
    """The 0.3 event of a StreamResponse. `final`: the (0.3) states with which this stream ends."""
    if "task" in response:
        return task_from_1_0(response["task"])
    if "message" in response:
        return message_from_1_0(response["message"])
    if update := response.get("artifactUpdate"):
        artifact = artifact_from_1_0(update["artifact"])
        return {**update, "kind": "artifact-update", "artifact": artifact}
    update = response["statusUpdate"]
    status = status_from_1_0(update["status"])
    is_final = status["state"] in final
    return {**update, "kind": "status-update", "status": status, "final": is_final}
