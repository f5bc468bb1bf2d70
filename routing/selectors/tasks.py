"""Tasks, their events, and the tasks around them. `access_task` is the one door to a task."""

from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from routing.errors import TaskNotFound
from routing.models import Message, Task, TaskEvent
from security import permissions
from security.principals import Principal

TASKS_AROUND: Final = 25


def tasks(principal: Principal) -> QuerySet[Task]:
    """One's own tasks; everybody's for who may see all."""
    found = Task.objects.select_related("agent")
    if principal.may(permissions.TASKS_VIEW_ALL):
        return found
    if not principal.may(permissions.AGENTS_CALL):
        principal.require(permissions.TASKS_VIEW)
    return found.filter(owner=principal.subject)


def access_task(principal: Principal, task_id: str | UUID) -> Task:
    """Raises `TaskNotFound` also for a task of somebody else."""
    key = task_key(task_id)
    task = tasks(principal).filter(id=key).first() if key else None
    if task is None:
        raise TaskNotFound(_("There is no task %(id)s.") % {"id": task_id})
    return task


def events_of(task: Task, after: int = 0) -> QuerySet[TaskEvent]:
    """The task's events from number `after` + 1 on, in order."""
    return task.events.filter(seq__gt=after).order_by("seq")


def conversation_of(task: Task) -> list[Task]:
    """The tasks of its context around it, oldest first, each with its first words of the caller as `begun_with`."""
    same = Task.objects.filter(context_id=task.context_id, agent_id=task.agent_id, owner=task.owner)
    same = same.filter(scope=task.scope).defer("artifacts", "metadata", "status", "request")
    before = list(same.filter(created__lt=task.created).order_by("-created", "-id")[:TASKS_AROUND])
    after = list(same.filter(created__gte=task.created).order_by("created", "id")[:TASKS_AROUND])
    found = before[::-1] + after
    first = Message.objects.filter(task__in=found, role=Message.Role.USER)
    first = first.order_by("task_id", "created", "id").distinct("task_id")
    words = dict(first.values_list("task_id", "message__parts__0__text"))
    for each in found:
        each.begun_with = words.get(each.id) or ""  # type: ignore[attr-defined]  # for the page
    return found


def task_key(task_id: str | UUID) -> UUID | None:
    """None for what cannot be the id of a task."""
    if isinstance(task_id, UUID):
        return task_id
    try:
        return UUID(task_id)
    except ValueError:
        return None
