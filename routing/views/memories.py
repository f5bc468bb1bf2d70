"""What an agent remembers of its conversations: how much and since when, never what."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry import selectors as registry
from routing import selectors, services
from security import permissions
from security.keyset import newest_page
from security.pages import deed, done, page, render
from security.principals import Principal

MEMORIES_SHOWN: Final = 50
IN_SHORT: Final = 5  # on the page of their agent


@page
def memories(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    agent = registry.access_agent(principal, slug)
    size = IN_SHORT if request.GET.get("rows") else MEMORIES_SHOWN
    found = selectors.memories(principal, slug)
    told = {
        "title": _("What it remembers"),
        "crumbs": [("/agents/", _("Agents")), (f"/agents/{slug}/", agent.name)],
        "agent": agent,
        "rows": newest_page(found, request.GET.get("after", ""), by="updated", size=size),
        "all_of_them": principal.may(permissions.PLUGINS_MANAGE),
    }
    return render(request, "routing/memories.html", told)


@deed
def forget_all(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """One's own conversations; everybody's for who manages plugins."""
    count = services.forget_memories(principal, slug)
    told = _("%(agent)s has forgotten %(count)d conversations.") % {"agent": slug, "count": count}
    return done(request, told, f"/agents/{slug}/memory/")
