"""Console pages: the overview, alerts and their rules."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from monitoring import selectors, services
from monitoring.catalogue import METRICS
from monitoring.forms import RuleForm
from monitoring.models import Alert, AlertRule
from plugins_app import selectors as plugins
from plugins_app.models import Plugin, PluginInstance
from registry import selectors as registry
from security import permissions
from security.pages import back, deed, done, form_page, page, render, tried
from security.principals import Principal

LATEST: Final = 8
MAPPED: Final = 12  # as many as static/console/map.js draws


@page
def overview(request: HttpRequest, principal: Principal) -> HttpResponse:
    told = {
        "title": _("Overview"),
        "live": True,
        "snapshot": selectors.overview(principal),
        "map": _map(principal),
        "alerts": _if(principal, permissions.ALERTS_VIEW, _latest_alerts),
        "events": _if(principal, permissions.PLUGINS_VIEW, _latest_events),
    }
    return render(request, "monitoring/overview.html", told)


def _if(principal: Principal, permission: str, ask: Callable[[Principal], Any]) -> Any:
    return ask(principal) if principal.may(permission) else None


def _latest_alerts(principal: Principal) -> list[Alert]:
    return list(selectors.alerts(principal)[:LATEST])


def _latest_events(principal: Principal) -> Any:
    return plugins.latest_events(principal)[:LATEST]


def _map(principal: Principal) -> dict[str, Any]:
    """What the drawing shows: doors, agents, plugins with their processes, and who hosts whom."""
    if not principal.may(permissions.PLUGINS_VIEW) or not principal.may(permissions.AGENTS_VIEW):
        return {}
    installed = list(plugins.plugins(principal))
    hosts = {h.agent_id: p.slug for p in installed for h in p.hosted_agents.all()}
    # Hosted ones first, and of those the ones at work: the drawing has room for a few, and there may be ten thousand.
    agents = registry.agents(principal).prefetch_related(None)
    rank = Case(When(hosted_by__isnull=True, then=2), When(state="shutdown", then=1), default=0)
    first = agents.order_by(rank, "hosted_by__plugin__slug", "slug").only("slug", "state")[:MAPPED]
    return {
        "agents": [
            {"slug": agent.slug, "state": agent.state, "plugin": hosts.get(agent.id, "")}
            for agent in first
        ],
        "count": agents.count(),
        "plugins": [
            {"slug": p.slug, "state": p.state, "processes": _process_states(p)} for p in installed
        ],
    }


def _process_states(plugin: Plugin) -> list[str]:
    current: list[PluginInstance] = plugin.current  # type: ignore[attr-defined]  # see selectors
    return [each.state for each in current]


@page
def alerts(request: HttpRequest, principal: Principal) -> HttpResponse:
    state = request.GET.get("state", "")
    found = selectors.alerts(principal, state)
    rows = Paginator(found, 50).get_page(request.GET.get("page"))
    states = [("open", _("open")), *Alert.State.choices]
    rules = selectors.alert_rules(principal)
    told = {"title": _("Alerts"), "live": True, "rows": rows, "states": states, "rules": rules}
    return render(request, "monitoring/alerts.html", {**told, "metrics": METRICS})


@deed
def acknowledge(request: HttpRequest, principal: Principal, alert_id: UUID) -> HttpResponse:
    services.acknowledge_alert(principal, alert_id)
    return back(request, "/alerts/")


@form_page
def new_rule(request: HttpRequest, principal: Principal) -> HttpResponse:
    principal.require(permissions.ALERTS_MANAGE)
    form = RuleForm(request.POST or None)
    if form.is_bound and form.is_valid() and _created(principal, form):
        return done(request, _("The rule is made."), "/alerts/")
    return _show_form(request, form, _("New rule"))


@form_page
def rule(request: HttpRequest, principal: Principal, name: str) -> HttpResponse:
    principal.require(permissions.ALERTS_MANAGE)
    found = selectors.access_rule(principal, name)
    form = RuleForm(request.POST or None, instance=found)
    if form.is_bound and form.is_valid() and _updated(principal, form, name):
        return done(request, _("The rule is saved."), "/alerts/")
    return _show_form(request, form, name, found)


def _show_form(
    request: HttpRequest, form: RuleForm, title: str, found: AlertRule | None = None
) -> HttpResponse:
    told = {"title": title, "crumbs": [("/alerts/", _("Alerts"))], "form": form, "rule": found}
    return render(request, "monitoring/rule.html", told)


def _created(principal: Principal, form: RuleForm) -> bool:
    return tried(form, lambda: services.create_rule(principal, **form.cleaned_data))


def _updated(principal: Principal, form: RuleForm, name: str) -> bool:
    return tried(form, lambda: services.update_rule(principal, name, **form.cleaned_data))


@deed
def switch_rule(request: HttpRequest, principal: Principal, name: str, switch: str) -> HttpResponse:
    services.update_rule(principal, name, enabled=switch == "enable")
    return back(request, "/alerts/")


@deed
def delete_rule(request: HttpRequest, principal: Principal, name: str) -> HttpResponse:
    services.delete_rule(principal, name)
    return done(request, _("The rule %(name)s is deleted.") % {"name": name}, "/alerts/")
