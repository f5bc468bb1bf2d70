"""What webhooks were told, and what was given up."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry import selectors as registry
from routing import selectors, services
from routing.models import PushConfig, PushDelivery, Task
from security import permissions
from security.errors import PublicError
from security.keyset import newest_page
from security.pages import deed, done, page, render
from security.principals import Principal

PER_PAGE: Final = 50
CONFIGS_SHOWN: Final = 20
DELIVERIES_SHOWN: Final = 100


@page
def deliveries(request: HttpRequest, principal: Principal) -> HttpResponse:
    asked = request.GET.dict()
    found = _asked_for(selectors.push_deliveries(principal, state=asked.get("state", "")), asked)
    rows = newest_page(found, asked.get("after", ""), by="updated", size=PER_PAGE)
    told: dict[str, Any] = {"title": _("Push notifications"), "rows": rows, "live": True}
    told |= {"states": PushDelivery.State.choices, "agents": registry.offered_agents(principal)}
    told["dead"] = [row for row in rows.rows if row.state == PushDelivery.State.DEAD]
    return render(request, "routing/pushes.html", told)


def _asked_for(found: QuerySet[PushDelivery], asked: dict[str, str]) -> QuerySet[PushDelivery]:
    """The deliveries that the filters in the address leave."""
    if agent := asked.get("agent"):
        found = found.filter(config__task__agent__slug=agent)
    if text := asked.get("url"):
        found = found.filter(config__url__icontains=text)
    return found


def of_task(principal: Principal, task: Task) -> dict[str, Any]:
    """What the task's own page shows: its webhooks, the newest deliveries, and whether there is more to do."""
    configs: list[PushConfig] = list(selectors.push_configs(principal, task.id)[:CONFIGS_SHOWN])
    told: dict[str, Any] = {"push_configs": configs, "push_deliveries": []}
    told["telling"] = any(config.ended is None for config in configs)
    if configs:
        found = selectors.push_deliveries_of(task).order_by("-seq", "-id")[:DELIVERIES_SHOWN]
        told["push_deliveries"] = list(found)
    is_own = task.owner == principal.subject
    told["may_replay"] = is_own or principal.may(permissions.TASKS_CANCEL_ALL)
    return told


@deed
def replay(request: HttpRequest, principal: Principal, delivery_id: UUID) -> HttpResponse:
    services.replay_delivery(principal, delivery_id)
    return done(request, _("It is tried once more."), "/push/")


@deed
def replay_of_task(request: HttpRequest, principal: Principal, task_id: UUID) -> HttpResponse:
    count = services.replay_dead(principal, task_id)
    return done(request, _tried(count), f"/tasks/{task_id}/")


@deed
def replay_chosen(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Those that the page showed. What cannot be tried again, another has seen to meanwhile."""
    count = sum(_replayed(principal, _ids(request.POST.getlist("delivery")[:PER_PAGE])))
    return done(request, _tried(count), "/push/")


def _replayed(principal: Principal, ids: Iterable[UUID]) -> Iterable[bool]:
    for delivery_id in ids:
        try:
            services.replay_delivery(principal, delivery_id)
            yield True
        except PublicError:
            yield False


def _ids(given: list[str]) -> Iterable[UUID]:
    for each in given:
        try:
            yield UUID(each)
        except ValueError:
            continue


def _tried(count: int) -> str:
    told = ngettext("%(count)d is tried once more.", "%(count)d are tried once more.", count)
    return told % {"count": count}
