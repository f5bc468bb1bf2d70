"""The list of agents, and the buttons of one."""

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from registry import selectors, services
from registry.models import Agent, Capability, Trust
from security.pages import deed, done, page, render
from security.principals import Principal

PER_PAGE: Final = 50
OFFERED: Final = 200  # to choose from while one types
EXACT: Final = ("state", "framework", "trust", "source")  # filters that name a column


@page
def agents(request: HttpRequest, principal: Principal) -> HttpResponse:
    found = _asked_for(selectors.agents(principal), request)
    rows = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    told = {"title": _("Agents"), "rows": rows, "live": True}
    told |= {"states": Agent.State.choices, "sources": Agent.Source.choices}
    told |= {"trusts": Trust.choices, "frameworks": _frameworks(principal)}
    told["capabilities"] = Capability.objects.values_list("name", flat=True)[:OFFERED]
    return render(request, "registry/agents.html", told)


def _frameworks(principal: Principal) -> list[str]:
    every = selectors.agents(principal).exclude(framework="").prefetch_related(None)
    return list(
        every.order_by("framework").values_list("framework", flat=True).distinct()[:OFFERED]
    )


def _asked_for(found: QuerySet[Agent], request: HttpRequest) -> QuerySet[Agent]:
    """The agents that the filters in the address leave."""
    found = found.select_related("hosted_by__plugin")
    for word in request.GET.get("q", "").split():
        found = found.filter(
            Q(slug__icontains=word) | Q(name__icontains=word) | Q(description__icontains=word)
        )
    for name in EXACT:
        if value := request.GET.get(name):
            found = found.filter(**{name: value})
    if capability := request.GET.get("capability"):
        found = found.filter(capabilities__name=capability)
    return found


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
