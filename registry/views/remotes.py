"""Take in an agent that lives elsewhere: look at its card first, then register it."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from registry import services
from registry.connections import headers_of
from registry.fetching import find_card
from registry.forms import RemoteForm
from registry.models import Agent
from registry.services.credentials import checked
from registry.services.previews import Preview
from registry.sightings import FoundCard
from security import permissions
from security.pages import form_page, render, tried
from security.principals import Principal

Made = TypeVar("Made")


@form_page
def register(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The form; its first button shows the card and keeps nothing, its second registers what was shown."""
    principal.require(permissions.AGENTS_MANAGE)
    form = RemoteForm(request.POST or None)
    preview = _attempt(form, lambda: _look(principal, form)) if form.is_valid() else None
    known = form.cleaned_data["digest"] if preview else ""
    if preview and "register" in request.POST and known == preview.found.digest:
        agent = _attempt(form, lambda: _register(principal, form, preview.found))
        if agent is not None:
            return _registered(request, agent)
    told: dict[str, Any] = {"title": _("Register an agent"), "form": form}
    told["crumbs"] = [("/agents/", _("Agents"))]
    told |= {"preview": preview, "changed": preview and known not in ("", preview.found.digest)}
    answer = render(request, "registry/register.html", told)
    answer["Cache-Control"] = "no-store"
    return answer


def _registered(request: HttpRequest, agent: Agent) -> HttpResponse:
    messages.success(request, _("%(agent)s is registered.") % {"agent": agent.slug})
    return HttpResponseRedirect(f"/agents/{agent.slug}/")


def _attempt(form: RemoteForm, deed: Callable[[], Made]) -> Made | None:
    """What comes of it; None, and why in the form, when it is refused."""
    made: list[Made] = []
    return made[0] if tried(form, lambda: made.append(deed())) else None


def _look(principal: Principal, form: RemoteForm) -> Preview:
    """Wait for the network, holding no database connection, then say what registering would make of it."""
    given = form.credentials()
    headers = headers_of(checked(given)) if given else {}
    if not connection.in_atomic_block:
        connection.close()
    found = asyncio.run(find_card(form.cleaned_data["card_url"], headers, None))
    return services.preview_of(principal, found, name=form.cleaned_data["name"])


def _register(principal: Principal, form: RemoteForm, found: FoundCard) -> Agent:
    name, credentials = form.cleaned_data["name"], form.credentials()
    return services.register_remote_agent(
        principal, name=name, found=found, credentials=credentials
    )
