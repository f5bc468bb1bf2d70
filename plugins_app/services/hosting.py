"""Which agents a plugin hosts."""

from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _

from plugins_app.errors import AgentTaken
from plugins_app.manifest import AgentEntry, Manifest
from plugins_app.models import HostedAgent, Plugin
from registry.models import Agent
from registry.services import publish_agent, retire_agent
from security.principals import Principal

Origin: Final = HostedAgent.Origin


def host(principal: Principal, plugin: Plugin, manifest: Manifest) -> None:
    """Publish the agents it hosts, retire those that its manifest names no more. What people made stays."""
    wanted = entries_of(plugin, manifest)
    for hosted in plugin.hosted_agents.select_related("agent").exclude(agent__slug__in=wanted):
        if hosted.agent.retired is None:
            retire_agent(principal, hosted.agent.slug)
        hosted.delete()
    for entry in wanted.values():
        publish(principal, plugin, entry, manifest)


def entries_of(plugin: Plugin, manifest: Manifest) -> dict[str, AgentEntry]:
    """The agents of its manifest, called as people call them, and after them those that people made."""
    rows = plugin.hosted_agents.select_related("agent").order_by("agent__slug")
    hosted = {each.agent.slug: each for each in rows}
    entries = {each.slug: _named(each, hosted.get(each.slug)) for each in manifest.agents}
    for slug, each in hosted.items():
        if slug not in entries and each.origin == Origin.PERSON and each.agent.retired is None:
            entries[slug] = entry_of(slug, each.name, each.description, manifest)
    return entries


def entry_of(slug: str, name: str, description: str, manifest: Manifest) -> AgentEntry:
    """An agent that somebody made: in all else as the plugin is."""
    return AgentEntry(
        slug=slug,
        name=name or slug,
        description=description or manifest.description,
        version=manifest.version,
        retry=Agent.Retry.UNDELIVERED,
        capabilities=manifest.capabilities,
        skills=(),
        config={},  # not here: it may have secrets
        card={},
        direct_messages=False,
    )


def _named(entry: AgentEntry, hosted: HostedAgent | None) -> AgentEntry:
    if hosted is None:
        return entry
    name, description = hosted.name or entry.name, hosted.description or entry.description
    return replace(entry, name=name, description=description)


def publish(
    principal: Principal,
    plugin: Plugin,
    entry: AgentEntry,
    manifest: Manifest,
    *,
    card: dict[str, Any] | None = None,
) -> HostedAgent:
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
    hosted, _made = HostedAgent.objects.get_or_create(plugin=plugin, agent=agent)
    return hosted


def _partial_card(entry: AgentEntry, told: dict[str, Any]) -> dict[str, Any]:
    """The manifest's part of the card, and over it what the process says."""
    card = {"skills": list(entry.skills), **entry.card}
    capabilities = {**card.get("capabilities", {}), **told.get("capabilities", {})}
    card |= {key: value for key, value in told.items() if value}
    return card | {"capabilities": capabilities} if capabilities else card
