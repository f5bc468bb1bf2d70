"""SendMessageRequest, and the message in it."""

from collections.abc import Callable
from typing import Any, Final

from routing.a2a.params.pushes import push_config
from routing.a2a.params.reading import (
    check_text,
    child,
    flag,
    given,
    invalid,
    metadata,
    raw,
    require_shallow,
    short,
    text,
    texts,
)
from routing.a2a.params.tasks import history_length
from routing.limits import MAX_PARTS
from routing.record import Json
from routing.requests import IDEMPOTENT, Asked, Send

CONTENTS: Final = ("text", "raw", "url", "data")
ROLES: Final = ("ROLE_USER", 1)
INSIDE: Final = "configuration."


def send_params(params: Json, asked: Asked) -> Send:
    """SendMessageRequest."""
    wishes = child(params, "configuration", "configuration") or {}
    said = message(given(params, "message"))
    return Send(
        message=said,
        door=asked.door,
        return_immediately=flag(wishes, "returnImmediately", INSIDE),
        history_length=history_length(wishes, INSIDE),
        metadata=metadata(params, ""),
        accepted_output_modes=texts(wishes, "acceptedOutputModes", INSIDE),
        extensions=sorted(asked.extensions.union(said.get("extensions", ()))),
        is_idempotent=asked.is_idempotent or IDEMPOTENT in said.get("extensions", ()),
        push=_push(wishes),
        dialect=asked.dialect,
    )


def _push(wishes: Json) -> Json | None:
    config = given(wishes, "taskPushNotificationConfig")
    return None if config is None else push_config(config, f"{INSIDE}taskPushNotificationConfig")


def message(value: Any) -> Json:
    """An A2A Message of a caller, with only what A2A knows of."""
    if not isinstance(value, dict):
        raise invalid("message", "must be an object")
    checked: Json = {
        "messageId": short(value, "messageId", "message.", required=True),
        "role": _role(value.get("role")),
        "parts": _parts(value.get("parts")),
    }
    for name in ("contextId", "taskId"):
        if told := short(value, name, "message."):
            checked[name] = told
    if told_more := metadata(value, "message."):
        checked["metadata"] = told_more
    for name in ("extensions", "referenceTaskIds"):
        if named := texts(value, name, "message."):
            checked[name] = named
    return checked


def _role(value: Any) -> str:
    if value not in ROLES or isinstance(value, bool):
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
        if told := text(value, name, f"{path}."):
            part[name] = told
    if told_more := metadata(value, f"{path}."):
        part["metadata"] = told_more
    return part


def _check_data(value: Any, path: str) -> Any:
    require_shallow(value, path)
    return value


CHECKS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "text": check_text,
    "raw": raw,
    "url": check_text,
    "data": _check_data,
}
