"""Console pages: the agents of a plugin, and the form that makes or changes one."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from plugins_app import selectors, services
from plugins_app.configuration import formats
from plugins_app.models import HostedAgent, Plugin
from plugins_app.selectors import ModelTold
from plugins_app.services.agents import UNDO_SECONDS
from plugins_app.views.agent_editing import Editing, begun, posted
from plugins_app.views.tabs import tab
from security import permissions
from security.pages import deed, done, form_page, page, render
from security.principals import Principal

PER_PAGE: Final = 50
TOOLS_SHOWN: Final = 8
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    hosted: HostedAgent
    model: ModelTold | None
    tools: list[str]
    more_tools: int
    is_changed: bool  # one of plugin.yaml that somebody told to be otherwise
    is_removable: bool


@page
def agents(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    found, frame = tab(principal, slug, "agents")
    words = request.GET.get("q", "")[:200]
    hosted = selectors.hosted_agents(principal, found.id, words)
    rows = Paginator(hosted, PER_PAGE).get_page(request.GET.get("page"))
    told = {
        "rows": rows,
        "agents": [_row(found, each) for each in rows],
        "removed": found.removed_agents.filter(slug=request.GET.get("removed", "")).first(),
        "undo_seconds": int(UNDO_SECONDS),
        "schema": selectors.agent_schema_of(found),
        "model": selectors.model_told(found),
        "needs_model": _needs_model(found),
    }
    return render(request, "plugins_app/agents.html", {**frame, **told})


@page
def model(request: HttpRequest, principal: Principal, slug: str, agent: str) -> HttpResponse:
    """What an agent thinks with, in a line: for the place where it is tried."""
    found = selectors.access_plugin(principal, slug)
    hosted = selectors.access_hosted(principal, slug, agent)
    told: Json = {"plugin": found, "model": selectors.model_told(found, hosted)}
    told["needs_model"] = _needs_model(found)
    return render(request, "plugins_app/_model_told.html", told)


@form_page
def add(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """An agent of one's own; `?like=` begins with the configuration of another."""
    principal.require(permissions.PLUGINS_MANAGE)
    found, frame = tab(principal, slug, "agents")
    like = request.GET.get("like", "")
    other = selectors.access_hosted(principal, slug, like) if like else None
    editing = begun(request, found, None, other)
    return _edited(request, principal, found, frame, editing)


@form_page
def change(request: HttpRequest, principal: Principal, slug: str, agent: str) -> HttpResponse:
    principal.require(permissions.PLUGINS_MANAGE)
    found, frame = tab(principal, slug, "agents")
    hosted = selectors.access_hosted(principal, slug, agent)
    return _edited(request, principal, found, frame, begun(request, found, hosted))


def _edited(
    request: HttpRequest, principal: Principal, plugin: Plugin, frame: Json, editing: Editing
) -> HttpResponse:
    if request.method == "POST":
        saved = posted(request, principal, plugin, editing)
        if saved is not None:
            told = _("%(agent)s is saved. Its state says what the plugin made of it.")
            messages.success(request, told % {"agent": saved.agent.slug})
            return HttpResponseRedirect(f"/plugins/{plugin.slug}/agents/")
    told_of = {
        **frame,
        "editing": editing,
        "schema": selectors.agent_schema_of(plugin),
        "formats": formats.FORMATS,
        "model": selectors.model_told(plugin, editing.hosted),
    }
    return render(request, "plugins_app/agent.html", told_of)


@deed
def remove(request: HttpRequest, principal: Principal, slug: str, agent: str) -> HttpResponse:
    services.remove_agent(principal, slug, agent)
    messages.success(request, _("%(agent)s is removed. Its tasks stay.") % {"agent": agent})
    return HttpResponseRedirect(f"/plugins/{slug}/agents/?removed={agent}")


@deed
def restore(request: HttpRequest, principal: Principal, slug: str, agent: str) -> HttpResponse:
    services.restore_agent(principal, slug, agent)
    messages.success(request, _("%(agent)s is back.") % {"agent": agent})
    return HttpResponseRedirect(f"/plugins/{slug}/agents/")


@deed
def reset(request: HttpRequest, principal: Principal, slug: str, agent: str) -> HttpResponse:
    services.reset_agent(principal, slug, agent)
    told = _("%(agent)s is as its plugin.yaml has it again.") % {"agent": agent}
    return done(request, told, f"/plugins/{slug}/agents/")


def _needs_model(plugin: Plugin) -> bool:
    return bool(plugin.release and plugin.release.manifest.get("needs_model"))


def _row(plugin: Plugin, hosted: HostedAgent) -> Row:
    config = selectors.agent_config(hosted)
    tools = [_tool(each) for each in _listed(config.get("tools"))]
    is_own = hosted.origin == HostedAgent.Origin.PERSON
    return Row(
        hosted,
        selectors.model_told(plugin, hosted),
        tools[:TOOLS_SHOWN],
        max(0, len(tools) - TOOLS_SHOWN),
        is_changed=not is_own and hosted.config is not None,
        is_removable=is_own,
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tool(told: Any) -> str:
    """A tool by its name: of one that is described, what is said of it first."""
    if not isinstance(told, dict):
        return str(told)
    return str(told.get("name") or told.get("agent") or told.get("code") or "?")
