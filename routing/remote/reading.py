"""What an agent elsewhere said, in our ids: nothing of its JSON goes further unread. Pure. Raises `BadAnswer`."""

import base64
import binascii
from typing import Any, Final

from uuid_utils import uuid7

from plugins_app.client.errors import BadAnswer
from routing.limits import MAX_DEPTH, MAX_ID, MAX_PARTS
from routing.models import TaskState
from routing.record import PREFIX, Json

CONTENTS: Final = ("text", "raw", "url", "data")
MAX_ARTIFACTS: Final = 1_000  # of one task
STATES: Final = frozenset(PREFIX + state for state in TaskState.values)


def object_of(value: Any, what: str) -> Json:
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} is no object")
    return value


def text_of(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"{what} is missing")
    return value


def state_of(status: Json) -> str:
    """The state with its prefix. What an old server calls unknown is at work, as far as anybody knows."""
    state = status.get("state")
    if state == PREFIX + "UNSPECIFIED":
        return PREFIX + "WORKING"
    if state not in STATES:
        raise BadAnswer(f"its task is in no state of A2A: {str(state)[:40]!r}")
    return str(state)


def message(value: Any, task_id: str, context_id: str) -> Json:
    """An agent's message. Ids of task and context are ours; what it refers to, we do not know."""
    told = object_of(value, "a message")
    read: Json = {"messageId": _id(told) or str(uuid7()), "contextId": context_id}
    if task_id:
        read["taskId"] = task_id
    read |= {"role": "ROLE_AGENT", "parts": parts(told.get("parts"), "a message")}
    return read | _beside(told)


def artifact(value: Any) -> Json:
    told = object_of(value, "an artifact")
    read: Json = {
        "artifactId": text_of(told.get("artifactId"), "an artifact's id")[:MAX_ID],
        "parts": parts(told.get("parts"), "an artifact"),
    }
    for name in ("name", "description"):
        if isinstance(told.get(name), str) and told[name]:
            read[name] = told[name]
    return read | _beside(told)


def parts(value: Any, whose: str) -> list[Json]:
    if not isinstance(value, list) or not value:
        raise BadAnswer(f"{whose} had no parts")
    if len(value) > MAX_PARTS:
        raise BadAnswer(f"{whose} had more than {MAX_PARTS} parts")
    return [_part(each) for each in value]


def metadata(holder: Json) -> Json | None:
    value = holder.get("metadata")
    if not value:
        return None
    _require_shallow(value)
    return object_of(value, "metadata")


def _part(value: Any) -> Json:
    told = object_of(value, "a part")
    kinds = [kind for kind in CONTENTS if told.get(kind) is not None]
    if not kinds and "data" in told:
        kinds = ["data"]
    if len(kinds) != 1:
        raise BadAnswer("a part had no content, or more than one")
    kind = kinds[0]
    read: Json = {kind: _content(kind, told[kind])}
    for name in ("filename", "mediaType"):
        if isinstance(told.get(name), str) and told[name]:
            read[name] = told[name]
    if (beside := metadata(told)) is not None:
        read["metadata"] = beside
    return read


def _content(kind: str, value: Any) -> Any:
    if kind == "data":
        _require_shallow(value)
        return value
    if not isinstance(value, str):
        raise BadAnswer(f"the {kind} of a part was no text")
    return _base64(value) if kind == "raw" else value


def _base64(text: str) -> str:
    """Also in the alphabet for URLs, which ProtoJSON lets a server use; told in the usual one."""
    try:
        usual = text.replace("-", "+").replace("_", "/")
        return base64.b64encode(base64.b64decode(usual + "=" * (-len(usual) % 4))).decode()
    except (binascii.Error, ValueError):
        raise BadAnswer("the raw of a part was no base64") from None


def _beside(told: Json) -> Json:
    read: Json = {}
    if (beside := metadata(told)) is not None:
        read["metadata"] = beside
    extensions = told.get("extensions")
    if isinstance(extensions, list) and extensions:
        read["extensions"] = [str(each)[:500] for each in extensions]
    return read


def _id(told: Json) -> str:
    value = told.get("messageId")
    return value[:MAX_ID] if isinstance(value, str) else ""


def _require_shallow(value: Any, left: int = MAX_DEPTH) -> None:
    if isinstance(value, dict | list):
        if not left:
            raise BadAnswer(f"its JSON is deeper than {MAX_DEPTH}")
        for each in value.values() if isinstance(value, dict) else value:
            _require_shallow(each, left - 1)
