"""A tree of tasks as a picture: who was asked after whom, and when each was at work. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from routing.models import Task

LEAST: Final = 0.4  # percent: what took no time is seen, too


@dataclass(frozen=True, slots=True)
class Bar:
    """A task in the picture: `left` and `width` in percent of the whole time; `by`: the process that answered it."""

    task: Task
    depth: int
    by: Any
    seconds: float
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """`seconds`: from the first task's opening to the last one's end, or to now."""

    bars: list[Bar]
    seconds: float


def picture(
    branches: Sequence[tuple[Task, int]], by: Mapping[UUID, Any], now: datetime
) -> Picture | None:
    """Of tasks with their depths, the first the root; None for a task alone."""
    if len(branches) < 2:
        return None
    begin = min(task.created for task, _depth in branches)
    end = max(_end(task, now) for task, _depth in branches)
    whole = (end - begin).total_seconds() or 1.0
    bars = []
    for task, depth in branches:
        seconds = max(0.0, (_end(task, now) - task.created).total_seconds())
        left = 100 * (task.created - begin).total_seconds() / whole
        width = max(LEAST, min(100 * seconds / whole, 100 - left))
        bars.append(Bar(task, depth, by.get(task.id), seconds, min(left, 100 - LEAST), width))
    return Picture(bars, whole)


def _end(task: Task, now: datetime) -> datetime:
    """Of one that waits for its caller: when it began to wait."""
    if task.closed is not None:
        return task.closed
    return now if task.state in ("SUBMITTED", "WORKING") else task.updated
