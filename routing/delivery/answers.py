"""What an agent did, as changes of its task. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from plugins_app.client.codec import Happening
from plugins_app.client.errors import BadAnswer
from routing.models import INTERRUPTED, TERMINAL
from routing.record import PREFIX, Json, Kind, Record, now, status_of, timestamp

SETTLED: Final = frozenset(PREFIX + state for state in TERMINAL | INTERRUPTED)
# The agent may go on by itself once it was given what it needs, without another message.
WAITING: Final = PREFIX + "AUTH_REQUIRED"
LAST: Final = SETTLED - {WAITING}


class Heard(NamedTuple):
    """The changes in order; the reason of the last state; whether they are a message in place of a task; and, when it
    is news, what a remote agent calls the task."""

    changes: list[tuple[Kind, Json]]
    reason: str = ""
    is_direct: bool = False
    upstream: Json | None = None


def changes_of(record: Record, happenings: Sequence[Happening]) -> Heard:
    """What follows the end of a turn is not heard any more. Raises `BadAnswer`."""
    upstream = _upstream(record, happenings)
    told = [each for each in happenings if each.kind != "upstream"]
    if told and told[0].kind == "reply":
        return _reply(record, told, upstream)
    changes, reason = _changes(record, told)
    # It must be kept, and what is kept is kept with an event.
    if upstream is not None and not changes:
        changes = [("status", status_of("WORKING", now()))]
    return Heard(changes, reason, upstream=upstream)


def _changes(
    record: Record, happenings: Sequence[Happening]
) -> tuple[list[tuple[Kind, Json]], str]:
    changes: list[tuple[Kind, Json]] = []
    state = PREFIX + record.state
    for index, happening in enumerate(happenings):
        match happening.kind:
            case "artifact":
                changes.append(("artifact", happening.payload))
            case "message":
                if not _is_taken_over(happenings, index):
                    changes.append(("status", status_of("WORKING", now(), happening.payload)))
            case "status":
                status = _status(happenings, index, state)
                if status is not None:
                    changes.append(("status", status))
            case _:
                raise BadAnswer("a direct message came after other events")
        if changes and changes[-1][0] == "status":
            state = changes[-1][1]["state"]
        if state in LAST:
            return changes, happening.reason
    return changes, happenings[-1].reason if happenings and state == WAITING else ""


def _upstream(record: Record, happenings: Sequence[Happening]) -> Json | None:
    """What a remote agent calls the task, if that is not known yet."""
    known = record.upstream or {}
    told = known
    for happening in happenings:
        if happening.kind == "upstream":
            told = told | happening.payload
    return told if told != known else None


def _reply(record: Record, happenings: Sequence[Happening], upstream: Json | None) -> Heard:
    """A message in place of a task: the task that AgentX keeps of it ends with it.

    To callers who were given a task already it is that task's last word.
    """
    if len(happenings) > 1:
        raise BadAnswer("a direct message came with other events")
    message = happenings[0].payload
    if not record.is_direct:
        message = message | {"taskId": record.id}
    status = status_of("COMPLETED", now(), message)
    return Heard([("status", status)], "", record.is_direct, upstream)


def _status(happenings: Sequence[Happening], index: int, before: str) -> Json | None:
    """A2A TaskStatus; None for one that says nothing new: the task is at work already."""
    told = happenings[index].payload
    state = told["state"] if told["state"] in SETTLED else PREFIX + "WORKING"
    status = {**told, "state": state, "timestamp": timestamp(now())}
    if state in SETTLED:
        if "message" not in told and index and _is_taken_over(happenings, index - 1):
            status["message"] = happenings[index - 1].payload
    elif before != WAITING and "message" not in told and "metadata" not in told:
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
