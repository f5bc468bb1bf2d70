"""Questions of the message path: tasks as records. Scoped to the caller's own tasks with one agent, in one A2A tenant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from routing.errors import TaskNotFound
from routing.limits import MAX_EVENTS_READ, MAX_HISTORY_MESSAGES
from routing.models import IdempotencyKey, Message, Task
from routing.record import Event, Json, Kind, Record
from routing.requests import Listing
from routing.selectors.tasks import task_key
from security.errors import Conflict
from security.principals import Principal

# Events of many tasks, each after its own number. Oldest first within a task.
NEWER: Final = """
SELECT e.task_id::text, e.seq, e.kind, e.payload
FROM unnest(%(ids)s::uuid[], %(seqs)s::int[]) AS w(id, seq)
JOIN routing_taskevent e ON e.task_id = w.id AND e.seq > w.seq
ORDER BY e.task_id, e.seq LIMIT %(limit)s
"""
OPEN: Final = "SELECT id::text FROM routing_task WHERE id = ANY(%(ids)s::uuid[]) AND closed IS NULL"


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `total` counts what matches before paging; `next_after` is None on the last page."""

    records: list[Record]
    total: int
    next_after: tuple[Any, str] | None


def record(principal: Principal, agent_id: str, task_id: str, history: int | None = None) -> Record:
    """The caller's task with this agent, with its newest `history` messages (None: all that are told)."""
    key = task_key(task_id)
    found = _owned(principal, agent_id).filter(id=key).first() if key else None
    if found is None:
        raise TaskNotFound(_("There is no task %(id)s.") % {"id": task_id})
    return _record(found, _histories([found], history).get(found.id, []))


def known_record(task_id: str) -> Record:
    """The task whoever's it is, for who already holds it."""
    task = Task.objects.select_related("agent").get(id=task_id)
    return _record(task, _histories([task], None).get(task.id, []))


def page(principal: Principal, agent_id: str, listing: Listing) -> Page:
    """One page of the caller's tasks with this agent."""
    found = _owned(principal, agent_id)
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


class Newer(NamedTuple):
    """Events by task, oldest first; the tasks that have ended with them; whether these are all there are."""

    events: dict[str, list[Event]]
    ended: set[str]
    is_all: bool


def newer(watched: Mapping[str, int]) -> Newer:
    """The events of these tasks after the number each has, at most MAX_EVENTS_READ."""
    ids, seqs = list(watched), list(watched.values())
    told: dict[str, list[Event]] = {}
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"ids": ids})
        open_ids = {row[0] for row in cursor.fetchall()}
        cursor.execute(NEWER, {"ids": ids, "seqs": seqs, "limit": MAX_EVENTS_READ})
        rows = cursor.fetchall()
    for task_id, seq, kind, payload in rows:
        told.setdefault(task_id, []).append(Event(seq, _kind(kind), orjson.loads(payload)))
    is_all = len(rows) < MAX_EVENTS_READ
    return Newer(told, set(ids) - open_ids if is_all else set(), is_all)


def events_after(task_id: str, seq: int) -> list[Event]:
    """The task's next events, at most MAX_EVENTS_READ."""
    return newer({task_id: seq}).events.get(task_id, [])


def sent_before(principal: Principal, agent_id: str, message_id: str) -> tuple[str, Record] | None:
    """The digest and the task of a message that was to be taken once, if it was taken.

    Raises `Conflict` for an agent that names a message which its caller, or another agent, sent before.
    """
    kept = IdempotencyKey.objects.filter(
        owner=principal.subject, scope=principal.scope, agent_id=agent_id, message_id=message_id
    )
    found = kept.values_list("digest", "task_id", "task__parent__agent__slug").first()
    if found is None:
        return None
    if principal.turn and found[2] != principal.turn.agent:
        raise Conflict(_("This messageId is taken: give the message an id of its own."))
    return found[0], known_record(str(found[1]))


def is_foreign_context(
    owner: str, scope: str, agent_id: str, context_id: str, asker: str = ""
) -> bool:
    """Whether this contextId belongs to somebody else: agents key their memory by it.

    `asker`: an agent that asks in its caller's name. The conversations of that caller with the other agent, or those
    that another agent began, are none of its own.
    """
    held = Task.objects.filter(context_id=context_id, agent_id=agent_id)
    own = {"owner": owner, "scope": scope} | ({"parent__agent__slug": asker} if asker else {})
    if not asker:
        return held.exclude(**own).exists()
    return held.exclude(id__in=held.filter(**own)).exists()


def _owned(principal: Principal, agent_id: str) -> QuerySet[Task]:
    """Not those that were answered with a message: they are no tasks to callers."""
    found = Task.objects.select_related("agent").filter(
        owner=principal.subject, scope=principal.scope, agent_id=agent_id, is_direct=False
    )
    if principal.turn:  # an agent sees in its caller's name what it asked for itself
        found = found.filter(parent__agent__slug=principal.turn.agent)
    return found


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
        scope=task.scope,
        is_direct=task.is_direct,
        request=task.request,
        deliveries=task.deliveries,
        upstream=task.upstream,
        keeps_memory=task.agent.keeps_memory,
        parent=str(task.parent_id) if task.parent_id else None,
        trace=task.trace,
        usage=task.usage,
        artifacts=task.artifacts,
        history=history,
    )


def _kind(kind: str) -> Kind:
    return "status" if kind == "status" else "artifact" if kind == "artifact" else "message"
