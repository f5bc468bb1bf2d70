"""A caller's JSON, checked: A2A 1.0 params as the requests of the core. Pure. Raises `InvalidInput` naming the field.

Unknown fields are ignored, null means absent, and only known fields go further.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from routing.errors import PushNotificationNotSupported
from routing.limits import (
    MAX_DEPTH,
    MAX_ID,
    MAX_PAGE_SIZE,
    MAX_PARTS,
    MAX_REFERENCES,
    PAGE_SIZE,
)
from routing.models import TaskState
from routing.record import PREFIX, Json
from routing.requests import Asked, Listing, Send
from security.errors import InvalidInput

CONTENTS: Final = ("text", "raw", "url", "data")


def invalid(field: str, what: str) -> InvalidInput:
    return InvalidInput(f"{field}: {what}", fields={field: what})


def send_params(params: Json, asked: Asked) -> Send:
    """SendMessageRequest."""
    configuration = _object(params, "configuration", "configuration") or {}
    if configuration.get("taskPushNotificationConfig") is not None:
        raise PushNotificationNotSupported("AgentX sends no push notifications yet.")
    return Send(
        message=message(params.get("message")),
        door=asked.door,
        return_immediately=_flag(configuration, "returnImmediately", "configuration."),
        history_length=history_length(configuration, "configuration."),
        metadata=_metadata(params, ""),
        accepted_output_modes=_texts(configuration, "acceptedOutputModes", "configuration."),
        extensions=sorted(asked.extensions),
        is_idempotent=asked.is_idempotent,
        dialect=asked.dialect,
    )


def message(value: Any) -> Json:
    """An A2A Message of a caller, with only what A2A knows of."""
    if not isinstance(value, dict):
        raise invalid("message", "must be an object")
    checked: Json = {
        "messageId": _id(value, "messageId", "message.", required=True),
        "role": _role(value.get("role")),
        "parts": _parts(value.get("parts")),
    }
    for name in ("contextId", "taskId"):
        if given := _id(value, name, "message."):
            checked[name] = given
    if metadata := _metadata(value, "message."):
        checked["metadata"] = metadata
    for name in ("extensions", "referenceTaskIds"):
        if texts := _texts(value, name, "message."):
            checked[name] = texts
    return checked


def task_id(params: Json) -> str:
    return _id(params, "id", "", required=True)


def history_length(params: Json, path: str = "") -> int | None:
    """None: as much as is told; 0: none."""
    return _whole(params, "historyLength", path, minimum=0)


def list_params(params: Json) -> Listing:
    """ListTasksRequest."""
    size = _whole(params, "pageSize", "", minimum=1, maximum=MAX_PAGE_SIZE)
    return Listing(
        context_id=_id(params, "contextId", ""),
        state=_state(params.get("status")),
        updated_from=_moment(params, "statusTimestampAfter"),
        after=_cursor(_text(params, "pageToken", "")),
        page_size=size or PAGE_SIZE,
        history_length=history_length(params),
        artifacts=_flag(params, "includeArtifacts", ""),
    )


def page_token(after: tuple[datetime, str] | None) -> str:
    """Opaque to callers; stays valid when the row it names changes or goes."""
    if after is None:
        return ""
    text = f"{after[0].isoformat()} {after[1]}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(token: str) -> tuple[datetime, str] | None:
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        moment, key = text.split(" ")
        after = datetime.fromisoformat(moment), _uuid(key)
    except (ValueError, binascii.Error):
        raise invalid("pageToken", "is not one that ListTasks gave") from None
    if after[0].tzinfo is None:
        raise invalid("pageToken", "is not one that ListTasks gave")
    return after


def _uuid(text: str) -> str:
    if str(UUID(text)) != text:
        raise ValueError(text)
    return text


def _role(value: Any) -> str:
    if value != "ROLE_USER":
        raise invalid("message.role", "must be ROLE_USER")
    return "ROLE_USER"


def _parts(value: Any) -> list[Json]:
    if not isinstance(value, list) or not value:
        raise invalid("message.parts", "must be a list of at least one part")
    if len(value) > MAX_PARTS:
        raise invalid("message.parts", f"must be at most {MAX_PARTS} parts")
    return [_part(part, f"message.parts[{index}]") for index, part in enumerate(value)]


def _part(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise invalid(path, "must be an object")
    kinds = [kind for kind in CONTENTS if value.get(kind) is not None]
    if not kinds and "data" in value:
        kinds = ["data"]  # null is a JSON value too
    if len(kinds) != 1:
        raise invalid(path, f"must have exactly one of {', '.join(CONTENTS)}")
    kind = kinds[0]
    part: Json = {kind: CHECKS[kind](value[kind], f"{path}.{kind}")}
    for name in ("filename", "mediaType"):
        if text := _text(value, name, f"{path}."):
            part[name] = text
    if metadata := _metadata(value, f"{path}."):
        part["metadata"] = metadata
    return part


def _check_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(path, "must be a text")
    return _storable(value, path)


def _check_raw(value: Any, path: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        raise invalid(path, "must be bytes in base64") from None
    return str(value)


def _check_data(value: Any, path: str) -> Any:
    _require_shallow(value, path)
    return value


CHECKS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "text": _check_text,
    "raw": _check_raw,
    "url": _check_text,
    "data": _check_data,
}


def _storable(text: str, path: str) -> str:
    if "\0" in text:
        raise invalid(path, "must not hold the character U+0000")
    return text


def _require_shallow(value: Any, path: str, left: int = MAX_DEPTH) -> None:
    """No JSON deeper than MAX_DEPTH, and nothing in it that cannot be stored."""
    if isinstance(value, str):
        _storable(value, path)
    elif isinstance(value, dict | list):
        if not left:
            raise invalid(path, f"must not be deeper than {MAX_DEPTH}")
        for each in value:
            _require_shallow(each, path, left - 1)
        for each in value.values() if isinstance(value, dict) else ():
            _require_shallow(each, path, left - 1)


def _metadata(holder: Json, path: str) -> Json | None:
    metadata = _object(holder, "metadata", f"{path}metadata")
    if metadata:
        _require_shallow(metadata, f"{path}metadata")
    return metadata


def _object(holder: Json, name: str, path: str) -> Json | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid(path, "must be an object")
    return value


def _text(holder: Json, name: str, path: str) -> str:
    value = holder.get(name)
    return "" if value is None else _check_text(value, path + name)


def _id(holder: Json, name: str, path: str, *, required: bool = False) -> str:
    text = _text(holder, name, path)
    if required and not text:
        raise invalid(path + name, "is required")
    if len(text) > MAX_ID:
        raise invalid(path + name, f"must be at most {MAX_ID} characters")
    return text


def _texts(holder: Json, name: str, path: str) -> list[str]:
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid(path + name, "must be a list of texts")
    if len(value) > MAX_REFERENCES:
        raise invalid(path + name, f"must be at most {MAX_REFERENCES}")
    return [_storable(each, path + name) for each in value]


def _flag(holder: Json, name: str, path: str) -> bool:
    value = holder.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid(path + name, "must be true or false")
    return bool(value)


def _whole(
    holder: Json, name: str, path: str, *, minimum: int, maximum: int | None = None
) -> int | None:
    value = holder.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(path + name, "must be a whole number")
    if value < minimum or (maximum is not None and value > maximum):
        span = f"from {minimum} to {maximum}" if maximum is not None else f"{minimum} or more"
        raise invalid(path + name, f"must be {span}")
    return value


def _state(value: Any) -> str:
    if value in (None, "", "TASK_STATE_UNSPECIFIED"):
        return ""
    state = value.removeprefix(PREFIX) if isinstance(value, str) else ""
    if state not in TaskState.values or not value.startswith(PREFIX):
        raise invalid("status", "must be a TaskState like TASK_STATE_WORKING")
    return state


def _moment(holder: Json, name: str) -> datetime | None:
    text = _text(holder, name, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name, "must be a time like 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise invalid(name, "must be a time with its zone, like 2026-01-31T12:00:00Z")
    return moment
