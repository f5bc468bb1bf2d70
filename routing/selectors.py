"""Questions about tasks, their events and messages. `access_task` is the one door to a task."""

from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from registry.selectors import access_agent
from routing.errors import TaskNotFound
from routing.models import Message, Task, TaskEvent
from security import permissions
from security.errors import InvalidInput
from security.principals import Principal

TASKS_AROUND: Final = 25


def tasks(
    principal: Principal,
    *,
    state: str = "",
    agent: str = "",
    context_id: str = "",
    caller: str = "",
) -> QuerySet[Task]:
    """One's own tasks; everybody's for who may see all. `agent`: slug or id; `caller`: subject or name."""
    found = _visible(principal)
    if state:
        found = found.filter(state=state)
    if agent:
        found = found.filter(agent=access_agent(principal, agent))
    if context_id:
        found = found.filter(context_id=context_id)
    if caller:
        found = found.filter(Q(owner=caller) | Q(owner_label=caller))
    return found


def _visible(principal: Principal) -> QuerySet[Task]:
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


def messages(principal: Principal, agent_ref: str = "", limit: int = 100) -> list[Message]:
    """The newest messages, newest first, with one agent or all; one's own, or everybody's for who may see all.

    An agent that answers with artifacts has said nothing A2A calls a message: its answer stands here as an unsaved
    `Message` made of them. Raises `InvalidInput` for a limit outside 1 to 1000.
    """
    if not 1 <= limit <= 1000:
        raise InvalidInput(_("limit must be from 1 to 1000."), fields={"limit": _("1 to 1000")})
    mine = tasks(principal, agent=agent_ref)
    said = Message.objects.filter(task__in=mine).select_related("agent")
    rows = list(said.order_by("-created", "-id")[:limit])
    answered = mine.filter(closed__isnull=False).exclude(artifacts=[])
    answers = [_answer(task) for task in answered.order_by("-closed", "-id")[:limit]]
    newest = sorted(rows + answers, key=lambda each: (each.created, each.role != "agent"))
    return newest[: -limit - 1 : -1]


def _answer(task: Task) -> Message:
    parts = [part for artifact in task.artifacts for part in artifact["parts"]]
    message_id = f"artifacts-{task.id}"
    message = {
        "messageId": message_id,
        "contextId": task.context_id,
        "taskId": str(task.id),
        "role": "ROLE_AGENT",
        "parts": parts,
    }
    return Message(
        id=task.id,
        message_id=message_id,
        task=task,
        agent=task.agent,
        owner=task.owner,
        context_id=task.context_id,
        role=Message.Role.AGENT,
        message=message,
        created=task.closed or task.updated,
    )


def task_key(task_id: str | UUID) -> UUID | None:
    """None for what cannot be the id of a task."""
    if isinstance(task_id, UUID):
        return task_id
    try:
        return UUID(task_id)
    except ValueError:
        return None
