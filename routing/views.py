"""Console pages: tasks."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry import selectors as registry
from routing import selectors, services
from routing.models import ACTIVE, TERMINAL, Task, TaskState
from security import permissions
from security.keyset import newest_page
from security.pages import deed, done, moment_of, page, render
from security.principals import Principal

EVENTS_SHOWN = 500


@page
def tasks(request: HttpRequest, principal: Principal) -> HttpResponse:
    found = _asked_for(selectors.tasks(principal), request.GET.dict())
    rows = newest_page(
        found.defer("artifacts", "metadata"), request.GET.get("after", ""), by="updated"
    )
    may_list = principal.may(permissions.AGENTS_VIEW)
    agents = registry.agents(principal).values_list("slug", flat=True) if may_list else []
    told = {"title": _("Tasks"), "rows": rows, "live": True}
    told |= {"states": TaskState.choices, "agents": list(agents)}
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
    told = {
        "title": str(found.id),
        "crumbs": [("/tasks/", _("Tasks"))],
        "live": running,
        "task": found,
        "running": running,
        "may_cancel": running and _may_cancel(principal, found),
        "events": selectors.events_of(found)[:EVENTS_SHOWN],
        "said": found.messages.order_by("created", "id"),
    }
    return render(request, "routing/task.html", told)


def _may_cancel(principal: Principal, found: Task) -> bool:
    is_own = found.owner == principal.subject
    return is_own or principal.may(permissions.TASKS_CANCEL_ALL)


@deed
def cancel(request: HttpRequest, principal: Principal, task_id: UUID) -> HttpResponse:
    services.request_cancel(principal, task_id)
    return done(request, _("The task is being canceled."), f"/tasks/{task_id}/")
