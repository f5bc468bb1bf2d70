"""What others may want to know. Received only in monitoring.receivers."""

from dataclasses import dataclass
from typing import Literal

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """One change of a task that has been committed; `seconds` from open to close, once it is closed."""

    task_id: str
    agent_slug: str
    door: str
    state: str
    phase: Literal["opened", "changed", "closed"]
    seconds: float | None = None


# changes: list[TaskChanged]. Sent once per committed batch, in the event loop: be quick, do not query.
tasks_changed = Signal()
