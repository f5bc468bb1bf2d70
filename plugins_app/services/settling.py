"""A plugin's state, and its agents', follow from what is wanted and from its processes."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from plugins_app import states
from plugins_app.errors import PluginNotFound
from plugins_app.models import HostedAgent, Plugin, PluginEvent
from plugins_app.selectors import by_ref, current_instances
from plugins_app.services.events import record_event, tell_plugin
from registry.models import Agent
from registry.services import set_agent_states
from security import news


def lock_plugin(ref: str | UUID) -> Plugin:
    """The plugin's row, locked first by everyone who changes it or its processes."""
    plugin = Plugin.objects.select_for_update().filter(by_ref(ref)).first()
    if plugin is None:
        raise PluginNotFound(_("There is no plugin %(ref)r.") % {"ref": str(ref)[:100]})
    return plugin


def settle(plugin: Plugin) -> None:
    """Bring the states in line; tell and record only what changed. In the caller's transaction."""
    rows = current_instances().filter(plugin=plugin)
    if plugin.desired != Plugin.Desired.STOPPED:
        rows = rows.filter(wanted=True)
    found = list(rows.values_list("state", "reason", "agents"))
    processes = [(state, reason) for state, reason, _held in found]
    state, reason = states.plugin_state(plugin.desired, plugin.desired_replicas, processes)
    before = plugin.state
    if (state, reason) != (plugin.state, plugin.reason):
        plugin.state, plugin.reason = state, reason
        plugin.save(update_fields=["state", "reason", "updated"])
        tell_plugin(plugin)
    if state != before:
        record_event(plugin, None, PluginEvent.Type.STATE, reason, {"from": before, "to": state})
        if state == Plugin.State.UNLOADED:
            record_event(plugin, None, PluginEvent.Type.UNLOADED, "Its last process has ended.")
    _settle_agents(
        plugin,
        states.agent_state(plugin.desired, processes),
        [held for state, _reason, held in found if state in states.SERVING],
    )
    news.publish_on_commit("routes", {"plugin": plugin.slug})


def _settle_agents(plugin: Plugin, common: str, processes: list[dict[str, Any]]) -> None:
    """Each agent is as its plugin is; while processes serve, as they could make it."""
    groups: defaultdict[tuple[str, str], list[UUID]] = defaultdict(list)
    for hosted in plugin.hosted_agents.select_related("agent"):
        facts = states.AgentFacts(common, "", False)
        if common == Agent.State.READY:
            facts = states.agent_facts(hosted.agent.slug, hosted.revision, processes)
        if facts.is_newest:
            _note(plugin, hosted, facts)
        groups[facts.state, facts.reason].append(hosted.agent_id)
    for (state, reason), agents in groups.items():
        set_agent_states(agents, state, reason)


def _note(plugin: Plugin, hosted: HostedAgent, facts: states.AgentFacts) -> None:
    """Whether its newest revision could be made; told once for each."""
    failed = hosted.revision if facts.state == Agent.State.ERROR else None
    if failed == hosted.failed_revision:
        return
    hosted.failed_revision = failed
    hosted.save(update_fields=["failed_revision"])
    slug = hosted.agent.slug
    data = {"agent": slug, "revision": hosted.revision}
    if failed is None:
        record_event(plugin, None, PluginEvent.Type.AGENT_READY, slug, data)
    else:
        record_event(plugin, None, PluginEvent.Type.AGENT_FAILED, f"{slug}: {facts.reason}", data)
