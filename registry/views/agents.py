"""The list of agents, and the buttons of one."""

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from registry import selectors, services
from registry.models import Agent, Capability, Trust
from registry.selectors import Wanted
from security.pages import deed, done, page, render
from security.principals import Principal

Json = dict[str, Any]
PER_PAGE: Final = 50
OFFERED: Final = 200  # to choose from while one types


@page
def agents(request: HttpRequest, principal: Principal) -> HttpResponse:
    """By their addresses; with words to look for, the best first, and why."""
    wanted = _wanted(request.GET.dict())
    told = (
        _found(principal, request, wanted) if wanted.text else _listed(principal, request, wanted)
    )
    told |= {"title": _("Agents"), "live": True, "sources": Agent.Source.choices}
    told |= {"states": Agent.State.choices, "trusts": Trust.choices}
    told["frameworks"] = _frameworks(principal)
    told["capabilities"] = Capability.objects.values_list("name", flat=True)[:OFFERED]
    return render(request, "registry/agents.html", told)


def _wanted(asked: dict[str, str]) -> Wanted:
    """What the filters in the address say."""
    return Wanted(
        capabilities=[each for each in asked.get("capability", "").split(",") if each.strip()],
        tags=[each.strip() for each in asked.get("tag", "").split(",") if each.strip()],
        text=asked.get("q", "").strip(),
        framework=asked.get("framework", ""),
        trust=_one(asked, "trust"),
        states=_one(asked, "state"),
        sources=_one(asked, "source"),
    )


def _one(asked: dict[str, str], name: str) -> list[str]:
    return [asked[name]] if asked.get(name) else []


def _found(principal: Principal, request: HttpRequest, wanted: Wanted) -> Json:
    found = selectors.discover(
        principal, wanted, limit=PER_PAGE, cursor=request.GET.get("cursor", "")
    )
    rows = [each.agent for each in found.found]
    prefetch_related_objects(rows, "hosted_by__plugin")
    because = {each.agent.id: each.because for each in found.found}
    rows_told = [(row, because[row.id]) for row in rows]
    return {"rows": rows_told, "following": found.next, "is_alike": found.way == "alike"}


def _listed(principal: Principal, request: HttpRequest, wanted: Wanted) -> Json:
    found = selectors.wanted_agents(principal, wanted).select_related("hosted_by__plugin")
    pages = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return {"rows": [(row, []) for row in pages], "pages": pages}


def _frameworks(principal: Principal) -> list[str]:
    every = selectors.agents(principal).exclude(framework="").prefetch_related(None)
    return list(
        every.order_by("framework").values_list("framework", flat=True).distinct()[:OFFERED]
    )


@deed
def open_agent(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.set_agent_open(principal, slug, True)
    return done(request, _("Anybody may call %(agent)s now.") % {"agent": slug})


@deed
def close_agent(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.set_agent_open(principal, slug, False)
    told = _("Only callers with a key or a login may call %(agent)s now.") % {"agent": slug}
    return done(request, told)


@deed
def retire(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """Says so on the list: the agent's own page is gone."""
    services.retire_agent(principal, slug)
    messages.success(request, _("%(agent)s is retired. Its tasks stay.") % {"agent": slug})
    return HttpResponseRedirect("/agents/")
