"""What others may want to know of tasks. Sent after commit; received only in monitoring.receivers."""

from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class Usage:
    """What one model was used for in a turn. `cost` in `currency` (ISO 4217); None: nobody says."""

    model: str
    input_tokens: int
    output_tokens: int
    cost: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class TaskChanged:
    """One committed change of a task. `state` is A2A's without TASK_STATE_; `seconds` from opening to closing.

    `usage`: of models, that this change told; `plugin`: the slug of who told it.
    """

    task_id: str
    agent_slug: str
    door: str
    state: str
    opened: bool = False
    closed: bool = False
    seconds: float | None = None
    plugin: str = ""
    usage: tuple[Usage, ...] = ()


# changes: list[TaskChanged], one signal per committed batch, sent in the event loop of a web process (or from a
# worker, for reaped tasks): receivers are quick and do not query.
tasks_changed = Signal()


@dataclass(frozen=True, slots=True)
class PushChanged:
    """One attempt to tell a webhook, noted. `outcome`: delivered, pending (tried again later) or dead."""

    task_id: str
    config_id: str
    seq: int
    outcome: str


push_changed = Signal()  # change: PushChanged, from a courier's thread
