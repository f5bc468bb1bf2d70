"""What names a task or lists tasks."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from routing.a2a.params.reading import flag, invalid, metadata, moment, short, text, whole
from routing.limits import MAX_PAGE_SIZE, PAGE_SIZE
from routing.models import TaskState
from routing.record import PREFIX, Json
from routing.requests import Listing

# TaskState's numbers in the protobuf definition; 0 is unspecified.
STATES: Final = (
    "SUBMITTED",
    "WORKING",
    "COMPLETED",
    "FAILED",
    "CANCELED",
    "INPUT_REQUIRED",
    "REJECTED",
    "AUTH_REQUIRED",
)
NUMBERS: Final = dict(enumerate(STATES, start=1))
UNSPECIFIED: Final = (None, "", "TASK_STATE_UNSPECIFIED", 0, "0")


def task_id(params: Json) -> str:
    return short(params, "id", "", required=True)


def cancel_metadata(params: Json) -> Json | None:
    return metadata(params, "")


def history_length(params: Json, path: str = "") -> int | None:
    """None: as much as is told; 0: none."""
    return whole(params, "historyLength", path, minimum=0)


def list_params(params: Json) -> Listing:
    """ListTasksRequest."""
    size = whole(params, "pageSize", "", minimum=1, maximum=MAX_PAGE_SIZE)
    return Listing(
        context_id=short(params, "contextId", ""),
        state=_state(params.get("status")),
        updated_from=moment(params, "statusTimestampAfter"),
        after=_cursor(text(params, "pageToken", "")),
        page_size=size or PAGE_SIZE,
        history_length=history_length(params),
        artifacts=flag(params, "includeArtifacts", ""),
    )


def page_token(after: tuple[datetime, str] | None) -> str:
    """Opaque to callers; stays valid when the row it names changes or goes."""
    if after is None:
        return ""
    told = f"{after[0].isoformat()} {after[1]}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _cursor(token: str) -> tuple[datetime, str] | None:
    if not token:
        return None
    try:
        told = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        stamp, key = told.split(" ")
        moment = datetime.fromisoformat(stamp)
        if moment.tzinfo is None:
            raise ValueError(stamp)
        return moment.astimezone(UTC), _uuid(key)
    except (ValueError, OverflowError, binascii.Error):
        raise invalid("pageToken", "is not one that ListTasks gave") from None


def _uuid(told: str) -> str:
    if str(UUID(told)) != told:
        raise ValueError(told)
    return told


def _state(value: Any) -> str:
    if value in UNSPECIFIED and not isinstance(value, bool):
        return ""
    number = int(value) if isinstance(value, str) and value in "12345678" else value
    if isinstance(number, int) and not isinstance(number, bool) and number in NUMBERS:
        return NUMBERS[number]
    state = value.removeprefix(PREFIX) if isinstance(value, str) else ""
    if state not in TaskState.values or not value.startswith(PREFIX):
        raise invalid("status", "must be a TaskState like TASK_STATE_WORKING")
    return state
