"""Questions about tasks, their events and messages. `access_task` is the one door to a task."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from registry.selectors import access_agent
from routing.errors import TaskNotFound
from routing.limits import MAX_HISTORY_MESSAGES
from routing.models import TERMINAL, Message, Task, TaskEvent
from routing.record import Event, Json, Kind, Record
from routing.requests import Listing
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
    key = _key(task_id)
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


# ---- For the message path: records. Scoped to the caller's own tasks with one agent.


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `total` counts what matches before paging; `next_after` is None on the last page."""

    records: list[Record]
    total: int
    next_after: tuple[Any, str] | None


def record(owner: str, agent_id: str, task_id: str, history: int | None = None) -> Record:
    """The caller's task with this agent, with its newest `history` messages (None: all that are told)."""
    key = _key(task_id)
    found = _owned(owner, agent_id).filter(id=key).first() if key else None
    if found is None:
        raise TaskNotFound(_("There is no task %(id)s.") % {"id": task_id})
    return _record(found, _histories([found], history).get(found.id, []))


def known_record(task_id: str) -> Record:
    """The task whoever's it is, for who already holds it."""
    task = Task.objects.select_related("agent").get(id=task_id)
    return _record(task, _histories([task], None).get(task.id, []))


def page(owner: str, agent_id: str, listing: Listing) -> Page:
    """One page of the caller's tasks with this agent."""
    found = _owned(owner, agent_id)
    if listing.context_id:
        found = found.filter(context_id=listing.context_id)
    if listing.state:
        found = found.filter(state=listing.state)
    if listing.updated_from:
        found = found.filter(updated__gte=listing.updated_from)
    total = found.count()
    if listing.after:
        moment, last = listing.after
        found = found.filter(Q(updated__lt=moment) | Q(updated=moment, id__lt=last))
    rows = list(found.order_by("-updated", "-id")[: listing.page_size + 1])
    shown = rows[: listing.page_size]
    histories = _histories(shown, listing.history_length)
    more = len(rows) > len(shown)
    return Page(
        records=[_record(task, histories.get(task.id, [])) for task in shown],
        total=total,
        next_after=(shown[-1].updated, str(shown[-1].id)) if more else None,
    )


def news_of(task_id: str, after: int) -> tuple[list[Event], bool]:
    """The task's events after that number, and whether it has ended."""
    closed = Task.objects.filter(id=task_id, state__in=sorted(TERMINAL)).exists()
    rows = TaskEvent.objects.filter(task_id=task_id, seq__gt=after).order_by("seq")
    return [Event(row.seq, _kind(row.kind), row.payload) for row in rows], closed


def is_foreign_context(owner: str, agent_id: str, context_id: str) -> bool:
    """Whether this contextId belongs to somebody else: agents key their memory by it."""
    held = Task.objects.filter(context_id=context_id, agent_id=agent_id)
    return held.exclude(owner=owner).exists()


def _owned(owner: str, agent_id: str) -> QuerySet[Task]:
    return Task.objects.select_related("agent").filter(owner=owner, agent_id=agent_id)


def _histories(found: Iterable[Task], length: int | None) -> dict[UUID, list[Json]]:
    """Messages by task, oldest first."""
    if length == 0:
        return {}
    said: dict[UUID, list[Json]] = {}
    rows = Message.objects.filter(task__in=[task.id for task in found]).order_by("created", "id")
    for task_id, message in rows.values_list("task_id", "message"):
        said.setdefault(task_id, []).append(message)
    return {task_id: history[-MAX_HISTORY_MESSAGES:] for task_id, history in said.items()}


def _record(task: Task, history: list[Json]) -> Record:
    return Record(
        id=str(task.id),
        agent_id=str(task.agent_id),
        agent_slug=task.agent.slug,
        owner=task.owner,
        owner_label=task.owner_label,
        tenant=str(task.tenant) if task.tenant else None,
        context_id=task.context_id,
        state=task.state,
        status=task.status,
        updated=task.updated,
        opened=task.created,
        seq=task.seq,
        door=task.door,
        request_id=task.request_id,
        lease_owner=task.lease_owner,
        reason=task.reason,
        metadata=task.metadata,
        artifacts=task.artifacts,
        history=history,
    )


def _kind(kind: str) -> Kind:
    return "status" if kind == "status" else "artifact" if kind == "artifact" else "message"


def _key(task_id: str | UUID) -> UUID | None:
    if isinstance(task_id, UUID):
        return task_id
    try:
        return UUID(task_id)
    except ValueError:
        return None
