"""Console pages: agents and nodes."""

from typing import Final

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry import selectors, services
from registry.models import Agent
from registry.profile import Profile
from security import permissions
from security.pages import deed, done, page, render
from security.principals import Principal

AGENTS_PER_PAGE: Final = 50
ENVELOPE_BYTES: Final = 256 * 1024  # of a message, beside its files in base64


@page
def agents(request: HttpRequest, principal: Principal) -> HttpResponse:
    found = selectors.agents(principal)
    frameworks = sorted({f for f in found.values_list("framework", flat=True) if f})
    rows = Paginator(_asked_for(found, request), AGENTS_PER_PAGE).get_page(request.GET.get("page"))
    told = {"title": _("Agents"), "rows": rows, "live": True}
    told |= {"states": Agent.State.choices, "frameworks": frameworks}
    return render(request, "registry/agents.html", told)


def _asked_for(found: QuerySet[Agent], request: HttpRequest) -> QuerySet[Agent]:
    found = found.select_related("hosted_by__plugin")
    for word in request.GET.get("q", "").split():
        found = found.filter(
            Q(slug__icontains=word) | Q(name__icontains=word) | Q(description__icontains=word)
        )
    for name in ("state", "framework"):
        if value := request.GET.get(name):
            found = found.filter(**{name: value})
    return found


@page
def agent(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    principal.require(permissions.AGENTS_VIEW)
    found = selectors.access_agent(principal, slug)
    told = {
        "title": found.name,
        "crumbs": [("/agents/", _("Agents"))],
        "live": True,
        "agent": found,
        "card": selectors.served_card(found),
        "profile": Profile.from_json(found.profile),
        "file_limit": (settings.MAX_BODY_BYTES - ENVELOPE_BYTES) * 3 // 4,
        "versions": selectors.cards_of(principal, slug).defer("card")[:20],
        "address": f"{settings.PUBLIC_URL}/a2a/{found.slug}/",
    }
    return render(request, "registry/agent.html", told)


@deed
def open_agent(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.set_agent_open(principal, slug, True)
    return done(request, _("Anybody may call %(agent)s now.") % {"agent": slug})


@deed
def close_agent(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    services.set_agent_open(principal, slug, False)
    told = _("Only callers with a key or a login may call %(agent)s now.") % {"agent": slug}
    return done(request, told)


@page
def nodes(request: HttpRequest, principal: Principal) -> HttpResponse:
    alive = Q(instances__state__in=("starting", "running", "degraded", "draining"))
    rows = selectors.nodes(principal).annotate(processes=Count("instances", filter=alive))
    told = {"title": _("Nodes"), "rows": rows, "live": True}
    return render(request, "registry/nodes.html", told)
