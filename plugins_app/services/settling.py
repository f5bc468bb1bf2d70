"""A plugin's state, and its agents', follow from what is wanted and from its processes."""

from uuid import UUID

from django.utils.translation import gettext as _

from plugins_app import states
from plugins_app.errors import PluginNotFound
from plugins_app.models import Plugin, PluginEvent
from plugins_app.selectors import by_ref, current_instances
from plugins_app.services.events import record_event, tell_plugin
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
    processes = list(
        current_instances().filter(plugin=plugin, wanted=True).values_list("state", "reason")
    )
    if plugin.desired == Plugin.Desired.STOPPED:
        processes = list(current_instances().filter(plugin=plugin).values_list("state", "reason"))
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
    agents = list(plugin.hosted_agents.values_list("agent_id", flat=True))
    set_agent_states(agents, states.agent_state(plugin.desired, processes))
    news.publish_on_commit("routes", {"plugin": plugin.slug})
