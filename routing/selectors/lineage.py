"""Tasks that belong together: those that a task's turn asked for, and what these asked for in turn."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from plugins_app.models import PluginInstance
from routing.models import Task
from routing.selectors.tasks import tasks
from security.principals import Principal

MAX_DEPTH: Final = 100  # of a tree; AGENTX_MAX_HOPS ends it long before
MAX_TASKS: Final = 300  # of a tree


@dataclass(frozen=True, slots=True)
class Branch:
    """A task in its tree, and the process that answered its last turn; None: unknown by now. `depth`: 0 the root."""

    task: Task
    depth: int
    process: PluginInstance | None


def parent_of(principal: Principal, task: Task) -> Task | None:
    """The task whose turn asked for this one, if the caller may see it."""
    return tasks(principal).filter(id=task.parent_id).first() if task.parent_id else None


def children_of(principal: Principal, task: Task) -> list[Task]:
    """Those that its turns asked for, oldest first, at most MAX_TASKS."""
    return list(tasks(principal).filter(parent=task).order_by("created", "id")[:MAX_TASKS])


def tree_of(principal: Principal, task: Task) -> list[Branch]:
    """The whole tree that the task stands in, from its root, each task before those it asked for; two tasks at least.

    Empty for a task alone.
    """
    root = _root(principal, task)
    below = _below(principal, root)
    if not below:
        return []
    placed = list(_placed(root, below, 0))
    known = {task.instance for task, _ in placed if task.instance}
    processes = _processes(known)
    return [
        Branch(task, depth, processes.get(task.instance) if task.instance else None)
        for task, depth in placed
    ]


def _root(principal: Principal, task: Task) -> Task:
    for _ in range(MAX_DEPTH):
        above = parent_of(principal, task)
        if above is None:
            break
        task = above
    return task


def _below(principal: Principal, root: Task) -> dict[UUID, list[Task]]:
    """By the task that asked, one query for each level."""
    found: defaultdict[UUID, list[Task]] = defaultdict(list)
    level, count = [root.id], 1
    while level and count < MAX_TASKS:
        rows = tasks(principal).filter(parent__in=level).order_by("created", "id")
        asked = list(rows[: MAX_TASKS - count])
        for task in asked:
            assert task.parent_id is not None, "filtered by it"
            found[task.parent_id].append(task)
        level, count = [task.id for task in asked], count + len(asked)
    return found


def _placed(task: Task, below: dict[UUID, list[Task]], depth: int) -> Iterator[tuple[Task, int]]:
    yield task, depth
    for each in below.get(task.id, ()):
        yield from _placed(each, below, depth + 1)


def _processes(ids: set[UUID]) -> dict[UUID, PluginInstance]:
    rows = PluginInstance.objects.filter(id__in=ids).select_related("plugin", "release", "node")
    return {row.id: row for row in rows.defer("log_tail")}
