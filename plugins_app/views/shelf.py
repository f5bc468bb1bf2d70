"""How far each plugin of the catalogue is on its way from a click to an agent that answers."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from plugins_app import selectors
from plugins_app.models import HostedAgent, Plugin, PluginRelease, Preparation
from plugins_app.selectors import NOT_ASKED
from registry.models import Agent
from security.principals import Principal

LINES_SHOWN: Final = 8
SERVING: Final = (Plugin.State.RUNNING, Plugin.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Showcase:
    """What people choose a framework for. `megabytes`: that its environment takes on the disk, bytecode too, about."""

    title: str
    chosen_for: Any
    megabytes: int


SHOWCASES: Final = {
    "langchain": Showcase(
        "LangChain", _("Agents with tools and middleware: approvals, limits, redaction."), 140
    ),
    "langgraph": Showcase(
        "LangGraph", _("Graphs that branch, ask people, and go on from any checkpoint."), 140
    ),
    "autogen": Showcase(
        "AutoGen", _("Teams that talk it over: round robin, selector, swarm, graph."), 110
    ),
    "crewai": Showcase("CrewAI", _("Crews of roles that work through tasks, and flows."), 980),
    "semantic-kernel": Showcase(
        "Semantic Kernel", _("Agents with kernel functions, and orchestrations of them."), 510
    ),
    "agent-framework": Showcase(
        "Microsoft Agent Framework", _("Agents, and workflows with approvals, from Microsoft."), 90
    ),
    "mastra": Showcase("Mastra", _("Agents, sub-agents and workflows in TypeScript's world."), 160),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`step`: new, idle, preparing, failed, starting, running or error. `agents`: addresses of those that answer."""

    step: str = "new"
    state: str = ""  # of its preparation
    progress: int = 0
    reason: str = ""
    lines: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)

    @property
    def is_prepared(self) -> bool:
        return self.state == Preparation.State.READY


def standings(principal: Principal, names: Collection[str]) -> dict[str, Standing]:
    """Of the installed ones among these, in a handful of queries."""
    nodes = Preparation.objects.select_related("node").order_by("node__name")
    releases = PluginRelease.objects.prefetch_related(
        Prefetch("preparations", nodes, to_attr="on_nodes")
    )
    hosted = HostedAgent.objects.filter(agent__retired=None).select_related("agent")
    rows = Plugin.objects.filter(slug__in=names).prefetch_related(
        Prefetch("release", releases),
        Prefetch("next_release", releases),
        Prefetch("hosted_agents", hosted.order_by("agent__slug")),
    )
    return {plugin.slug: _standing(plugin) for plugin in rows}


def _standing(plugin: Plugin) -> Standing:
    told = selectors.installation_of(plugin)
    state, progress = (told.state, told.progress) if told else (NOT_ASKED, 0)
    if state == Preparation.State.FAILED:
        return Standing("failed", state, progress, told.reason if told else "", _lines(plugin))
    if state not in (Preparation.State.READY, NOT_ASKED):
        return Standing("preparing", state, progress, lines=_lines(plugin)[-1:])
    if plugin.desired == Plugin.Desired.STOPPED:
        return Standing("idle", state)
    if plugin.state == Plugin.State.ERROR:
        return Standing("error", state, reason=plugin.reason)
    if plugin.state in SERVING:
        return Standing("running", state, agents=_answering(plugin))
    return Standing("starting", state, reason=plugin.reason)


def _lines(plugin: Plugin) -> list[str]:
    """What the installer said last, on the node that is furthest behind or failed."""
    release = plugin.next_release or plugin.release
    rows: list[Preparation] = list(getattr(release, "on_nodes", ()))
    rows.sort(key=lambda row: (row.state != Preparation.State.FAILED, row.progress))
    return [str(line) for line in rows[0].lines[-LINES_SHOWN:]] if rows else []


def _answering(plugin: Plugin) -> list[str]:
    ready = (Agent.State.READY, Agent.State.BUSY)
    agents = [hosted.agent for hosted in plugin.hosted_agents.all()]
    return [agent.slug for agent in agents if agent.state in ready]
