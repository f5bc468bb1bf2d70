"""Which agents a plugin hosts."""

from typing import Any

from django.utils.translation import gettext as _

from plugins_app.errors import AgentTaken
from plugins_app.manifest import AgentEntry, Manifest
from plugins_app.models import HostedAgent, Plugin
from registry.services import publish_agent, retire_agent
from security.principals import Principal


def host(principal: Principal, plugin: Plugin, manifest: Manifest) -> None:
    """Publish the agents it hosts, retire those it hosts no more."""
    wanted = {entry.slug: entry for entry in manifest.agents}
    for hosted in plugin.hosted_agents.select_related("agent").exclude(agent__slug__in=wanted):
        retire_agent(principal, hosted.agent.slug)
        hosted.delete()
    for entry in wanted.values():
        publish(principal, plugin, entry, manifest)


def publish(
    principal: Principal,
    plugin: Plugin,
    entry: AgentEntry,
    manifest: Manifest,
    *,
    card: dict[str, Any] | None = None,
) -> None:
    """Publish one agent of a plugin; `card` is what a process says of it beyond its manifest."""
    other = HostedAgent.objects.filter(agent__slug=entry.slug).exclude(plugin=plugin).first()
    if other is not None:
        told = _("The agent %(agent)s is hosted by the plugin %(plugin)s.")
        raise AgentTaken(told % {"agent": entry.slug, "plugin": other.plugin.slug})
    agent = publish_agent(
        principal,
        slug=entry.slug,
        name=entry.name,
        description=entry.description,
        version=entry.version,
        framework=manifest.framework,
        capabilities=list(entry.capabilities),
        retry=entry.retry,
        card=_partial_card(entry, card or {}),
        direct_messages=entry.direct_messages,
        keeps_memory=manifest.conversation_memory,
    )
    HostedAgent.objects.get_or_create(plugin=plugin, agent=agent)


def _partial_card(entry: AgentEntry, told: dict[str, Any]) -> dict[str, Any]:
    """The manifest's part of the card, and over it what the process says."""
    card = {"skills": list(entry.skills), **entry.card}
    capabilities = {**card.get("capabilities", {}), **told.get("capabilities", {})}
    card |= {key: value for key, value in told.items() if value}
    return card | {"capabilities": capabilities} if capabilities else card
