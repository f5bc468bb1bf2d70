"""The turns of a task: which process ended each, and what its models used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from plugins_app.selectors import Answering, answering
from routing.models import INTERRUPTED, TERMINAL, Task, TaskEvent
from routing.record import PREFIX

Json = dict[str, Any]
TURNS_READ: Final = 200


@dataclass(frozen=True, slots=True)
class AnsweredTurn:
    """`seq`: of the event that ended it. `usage`: as its last status has it, one entry for each model."""

    seq: int
    time: datetime
    state: str
    by: Answering | None
    usage: list[Json]


def turns_of(task: Task) -> list[AnsweredTurn]:
    """Those that have ended, in order: the newest of very many."""
    found = task.events.filter(kind=TaskEvent.Kind.STATUS)
    found = found.filter(payload__has_any_keys=["process", "metadata"])
    ends = [each for each in found.order_by("-seq")[:TURNS_READ] if _is_end(each)][::-1]
    by = answering({each.seq: (UUID(process), each.time) for each, process in _processes(ends)})
    return [
        AnsweredTurn(each.seq, each.time, _state(each), by.get(each.seq), usage_of(each.payload))
        for each in ends
    ]


def usage_of(payload: Json) -> list[Json]:
    """What the models of a turn used, by the status that ended it."""
    told = payload.get("metadata") or {}
    ours = told.get("agentx") if isinstance(told, dict) else None
    usage = ours.get("usage") if isinstance(ours, dict) else None
    return [each for each in usage if isinstance(each, dict)] if isinstance(usage, list) else []


def _processes(ends: Iterable[TaskEvent]) -> Iterable[tuple[TaskEvent, str]]:
    return ((each, each.payload["process"]) for each in ends if "process" in each.payload)


def _is_end(event: TaskEvent) -> bool:
    return _state(event) in TERMINAL | INTERRUPTED


def _state(event: TaskEvent) -> str:
    return str(event.payload.get("state", "")).removeprefix(PREFIX)
