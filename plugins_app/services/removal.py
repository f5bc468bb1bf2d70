"""Uninstall."""

from uuid import UUID

from django.db import transaction

from plugins_app.models import Plugin
from plugins_app.services.dependencies import require_unneeded
from plugins_app.services.events import tell_plugin
from plugins_app.services.forgetting import forget_packages
from plugins_app.services.placement import wake_nodes
from plugins_app.services.settling import lock_plugin
from registry.services import retire_agent
from security import audit, news, permissions
from security.principals import Principal


@transaction.atomic
def uninstall(principal: Principal, ref: str | UUID) -> None:
    """Remove it. Its processes are drained and ended, its agents retired; their tasks stay.

    Its folders, its logs and what it kept in its working directories are removed by the nodes, soon after. Raises
    `Needed` while another plugin needs it.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    require_unneeded(plugin)
    wake_nodes(plugin)
    for hosted in plugin.hosted_agents.filter(agent__retired=None).select_related("agent"):
        retire_agent(principal, hosted.agent.slug)
    plugin.desired, plugin.release = Plugin.Desired.STOPPED, None
    plugin.state, plugin.reason = Plugin.State.UNLOADED, "Uninstalled."
    plugin.save()
    tell_plugin(plugin)
    audit.record(principal, "plugin.uninstalled", "plugin", plugin.slug)
    news.publish_on_commit("routes", {"plugin": plugin.slug})
    plugin.instances.all().delete()
    plugin.releases.all().delete()
    Plugin.objects.filter(id=plugin.id).delete()
    forget_packages()
