"""What an agent did, as changes of its task. Pure."""

from collections.abc import Sequence
from typing import Final

from plugins_app.client.codec import Happening
from routing.models import INTERRUPTED, TERMINAL
from routing.record import PREFIX, Json, Kind, Record, now, status_of, timestamp

SETTLED: Final = frozenset(PREFIX + state for state in TERMINAL | INTERRUPTED)


def changes_of(
    record: Record, happenings: Sequence[Happening]
) -> tuple[list[tuple[Kind, Json]], str]:
    """The changes in order, and the reason of the last state. What follows a settled state is not heard any more."""
    changes: list[tuple[Kind, Json]] = []
    for index, happening in enumerate(happenings):
        if happening.kind == "artifact":
            changes.append(("artifact", happening.payload))
        elif happening.kind == "message":
            if not _is_taken_over(happenings, index):
                changes.append(("status", status_of("WORKING", now(), happening.payload)))
        else:
            status = _status(happenings, index)
            if status is not None:
                changes.append(("status", status))
            if happening.payload["state"] in SETTLED:
                return changes, happening.reason
    return changes, ""


def _status(happenings: Sequence[Happening], index: int) -> Json | None:
    """A2A TaskStatus; None for one that says nothing new: the task is at work already."""
    told = happenings[index].payload
    state = told["state"] if told["state"] in SETTLED else PREFIX + "WORKING"
    status = {**told, "state": state, "timestamp": timestamp(now())}
    if state in SETTLED:
        if "message" not in told and index and _is_taken_over(happenings, index - 1):
            status["message"] = happenings[index - 1].payload
    elif "message" not in told and "metadata" not in told:
        return None
    return status


def _is_taken_over(happenings: Sequence[Happening], index: int) -> bool:
    """Whether this is a message and the last word of its turn: the status that follows carries it."""
    if happenings[index].kind != "message" or index + 1 == len(happenings):
        return False
    following = happenings[index + 1]
    return (
        following.kind == "status"
        and following.payload["state"] in SETTLED
        and "message" not in following.payload
    )
