"""The list of tasks, and one of them."""

import json
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.selectors import answering
from registry import selectors as registry
from routing import selectors, services
from routing.models import ACTIVE, INTERRUPTED, TERMINAL, Task, TaskState
from routing.picture import Picture, picture
from routing.saying import said
from routing.timeline import entries, spans
from routing.views.pushes import of_task
from security import permissions
from security.keyset import newest_page
from security.pages import deed, done, moment_of, page, render
from security.principals import Principal

TASKS_SHOWN: Final = 50
TASKS_IN_SHORT: Final = 5  # on the page of their agent
EVENTS_SHOWN: Final = 500
MESSAGES_SHOWN: Final = 200


@page
def tasks(request: HttpRequest, principal: Principal) -> HttpResponse:
    found = _asked_for(selectors.tasks(principal), request.GET.dict())
    size = TASKS_IN_SHORT if request.GET.get("rows") else TASKS_SHOWN
    found = found.defer("artifacts", "metadata", "request")
    rows = newest_page(found, request.GET.get("after", ""), by="updated", size=size)
    told = {"title": _("Tasks"), "rows": rows, "live": True}
    told |= {"states": TaskState.choices, "agents": registry.offered_agents(principal)}
    return render(request, "routing/tasks.html", told)


def _asked_for(found: QuerySet[Task], asked: dict[str, str]) -> QuerySet[Task]:
    """The tasks that the filters in the address leave."""
    if state := asked.get("state"):
        wanted = sorted(ACTIVE) if state == "active" else [state]
        found = found.filter(state__in=wanted)
    if agent := asked.get("agent"):
        found = found.filter(agent__slug=agent)
    if caller := asked.get("caller"):
        found = found.filter(Q(owner=caller) | Q(owner_label__icontains=caller))
    if trace := asked.get("trace"):
        found = found.filter(trace=trace)
    if context := asked.get("context"):
        found = found.filter(context_id=context)
    if (since := moment_of(asked.get("since", ""))) is not None:
        found = found.filter(updated__gte=since)
    if (until := moment_of(asked.get("until", ""))) is not None:
        found = found.filter(updated__lte=until)
    return found


@page
def task(request: HttpRequest, principal: Principal, task_id: UUID) -> HttpResponse:
    found = selectors.access_task(principal, task_id)
    running = found.state not in TERMINAL
    messages = found.messages.order_by("-created", "-id")[:MESSAGES_SHOWN]
    told = {
        "title": str(found.id),
        "crumbs": [("/tasks/", _("Tasks"))],
        "live": running,
        "task": found,
        "running": running,
        "waits": found.state in INTERRUPTED and found.owner == principal.subject,
        "may_cancel": running and _may_cancel(principal, found),
        "said": said(list(messages)[::-1]),
        "conversation": selectors.conversation_of(found),
        "curl": _curl(found),
    }
    told |= {"picture": _picture(principal, found), "memory": selectors.memory_of(found)}
    told["may_forget"] = _may_forget(principal, found)
    turns = selectors.turns_of(found)
    told["answered"] = list(dict.fromkeys(turn.by for turn in turns if turn.by))
    told |= _events(request, found, turns) | of_task(principal, found)
    return render(request, "routing/task.html", told)


def _picture(principal: Principal, found: Task) -> Picture | None:
    branches = [(branch.task, branch.depth) for branch in selectors.tree_of(principal, found)]
    ends = {task.id: (task.instance, task.updated) for task, _depth in branches if task.instance}
    return picture(branches, answering(ends), timezone.now())


def _may_forget(principal: Principal, found: Task) -> bool:
    is_own = found.owner == principal.subject and principal.may(permissions.AGENTS_CALL)
    return is_own or principal.may(permissions.PLUGINS_MANAGE)


@page
def answered(request: HttpRequest, principal: Principal, task_id: UUID) -> HttpResponse:
    """Who ended its last turn, in a line: for the place where an agent is tried."""
    found = selectors.access_task(principal, task_id)
    told = {"task": found, "turns": selectors.turns_of(found)[-1:]}
    return render(request, "routing/_answered.html", told)


def _events(
    request: HttpRequest, found: Task, turns: list[selectors.AnsweredTurn]
) -> dict[str, Any]:
    """The newest events, or those before the number that the address names; at the end of a turn, who ended it."""
    before = request.GET.get("before", "")
    rows = found.events.order_by("-seq")
    if before.isdecimal() and len(before) < 10:
        rows = rows.filter(seq__lt=int(before))
    events = list(rows[:EVENTS_SHOWN])[::-1]
    older = events[0].seq if events and events[0].seq > 1 else None
    lines = entries(found, events)
    ended = {turn.seq: turn for turn in turns}
    for line in lines:
        line.turn = ended.get(line.last)
    return {"entries": lines, "older": older, "spans": spans(found, events, timezone.now())}


def _curl(found: Task) -> str:
    call = {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": str(found.id)}}
    lines = (
        f"curl {settings.PUBLIC_URL}/a2a/{found.agent.slug}/",
        "-H 'Content-Type: application/json' -H 'A2A-Version: 1.0'",
        '-H "Authorization: Bearer $KEY"',
        f"-d '{json.dumps(call)}'",
    )
    return " \\\n  ".join(lines)


def _may_cancel(principal: Principal, found: Task) -> bool:
    is_own = found.owner == principal.subject
    return is_own or principal.may(permissions.TASKS_CANCEL_ALL)


@deed
def cancel(request: HttpRequest, principal: Principal, task_id: UUID) -> HttpResponse:
    services.request_cancel(principal, task_id)
    return done(request, _("The task is being canceled."), f"/tasks/{task_id}/")


@deed
def forget(request: HttpRequest, principal: Principal, task_id: UUID) -> HttpResponse:
    """What the agent remembers of the task's conversation."""
    found = selectors.access_task(principal, task_id)
    services.forget_memory(principal, found.agent.slug, found.context_id)
    told = _("%(agent)s has forgotten this conversation.") % {"agent": found.agent.name}
    return done(request, told, f"/tasks/{task_id}/")
