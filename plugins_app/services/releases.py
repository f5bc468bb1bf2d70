"""Which release a plugin has: one is wanted, prepared by the nodes, then takes over."""

from typing import Any

from django.utils.translation import gettext as _

from plugins_app import manifest as manifests
from plugins_app.errors import AgentTaken
from plugins_app.manifest import Manifest
from plugins_app.models import HostedAgent, Plugin, PluginEvent, PluginRelease
from plugins_app.selectors import current_instances
from plugins_app.selectors.releases import is_prepared
from plugins_app.services.config import keep_up
from plugins_app.services.events import record_event, tell_plugin
from plugins_app.services.hosting import host
from plugins_app.services.operation import renew_generation
from plugins_app.services.orders import order
from plugins_app.services.settling import settle
from security import audit, permissions
from security.principals import Principal, system


def want(principal: Principal, plugin: Plugin, release: PluginRelease) -> Plugin:
    """Have the plugin run this release. Its row is locked, rights are checked; `accept` calls it.

    With nothing running it is the release at once, and the nodes prepare it then. Else it waits as `next_release`
    until every node that runs the plugin has prepared it, and what runs goes on meanwhile. Raises `AgentTaken`.
    """
    manifest = manifests.parse(release.manifest)
    _check_agents(plugin, manifest)
    if _waits_for_its_start(plugin, release):
        return activate(principal, plugin, release)
    order(release)
    if plugin.release_id == release.id:
        return drop_next(plugin)
    if not _is_running(plugin) or is_prepared(plugin, release):
        return activate(principal, plugin, release)
    plugin.next_release, plugin.next_is_asked = release, False
    plugin.save(update_fields=["next_release", "next_is_asked", "updated"])
    tell_plugin(plugin)
    return plugin


def ask_now(plugin: Plugin) -> Plugin:
    """An operator asked for what was wanted last: no reload strategy holds it back. Its row is locked."""
    plugin.next_is_asked = plugin.next_release_id is not None
    if not plugin.next_is_asked:
        plugin.asked_generation = plugin.generation
    plugin.save(update_fields=["next_is_asked", "asked_generation", "updated"])
    return plugin


def activate(
    principal: Principal, plugin: Plugin, release: PluginRelease, *, asked: bool = False
) -> Plugin:
    """From now on this is what it runs: processes change over one after the other, agents are published.

    `asked`: now, whatever the reload strategy.
    """
    before, plugin.release = plugin.release, release
    plugin.next_release, plugin.next_is_asked = None, False
    manifest = manifests.parse(release.manifest)
    _describe(plugin, release, manifest)
    # Who may change releases need not be one who may publish agents: rights were checked where it was wanted.
    ours = principal if principal.may(permissions.AGENTS_MANAGE) else system("supervisor")
    host(ours, plugin, manifest)
    if before is not None and before.id != release.id:
        _record(principal, plugin, before, release)
    if plugin.desired != Plugin.Desired.STOPPED and before != release:
        return renew_generation(plugin, asked=asked)
    settle(plugin)
    tell_plugin(plugin)
    return plugin


def drop_next(plugin: Plugin) -> Plugin:
    """What was on its way is wanted no more."""
    if plugin.next_release_id is not None:
        plugin.next_release, plugin.next_is_asked = None, False
        plugin.save(update_fields=["next_release", "next_is_asked", "updated"])
    tell_plugin(plugin)
    return plugin


def _waits_for_its_start(plugin: Plugin, release: PluginRelease) -> bool:
    """What comes with AgentX costs a node nothing until somebody wants it to run."""
    return release.source == PluginRelease.Source.BUNDLED and not _is_running(plugin)


def _is_running(plugin: Plugin) -> bool:
    wanted = plugin.desired != Plugin.Desired.STOPPED
    return wanted or current_instances().filter(plugin=plugin).exists()


def _check_agents(plugin: Plugin, manifest: Manifest) -> None:
    """Said now: once its environment is made it would be too late."""
    slugs = [entry.slug for entry in manifest.agents]
    others = HostedAgent.objects.filter(agent__slug__in=slugs).exclude(plugin=plugin)
    if other := others.select_related("plugin", "agent").first():
        told = _("The agent %(agent)s is hosted by the plugin %(plugin)s.")
        raise AgentTaken(told % {"agent": other.agent.slug, "plugin": other.plugin.slug})


def _describe(plugin: Plugin, release: PluginRelease, manifest: Manifest) -> None:
    """Trust is the release's, which a signature or a review decided, not what its manifest says of itself."""
    plugin.description = manifest.description
    plugin.kind = Plugin.Kind(manifest.kind)
    plugin.priority = Plugin.Priority(manifest.priority)
    plugin.framework = manifest.framework
    plugin.trust = release.trust
    plugin.reload = Plugin.Reload(manifest.reload)
    keep_up(plugin, manifest.config)
    plugin.save()


def _record(
    principal: Principal, plugin: Plugin, before: PluginRelease, release: PluginRelease
) -> None:
    was, now = _named(before), _named(release)
    audit.record(principal, "plugin.upgraded", "plugin", plugin.slug, before=was, after=now)
    message = f"{before.version} to {release.version}"
    data = {"from": str(before.id), "to": str(release.id)}
    record_event(plugin, None, PluginEvent.Type.UPGRADED, message, data)


def _named(release: PluginRelease) -> dict[str, Any]:
    return {"release": str(release.id), "version": release.version, "digest": release.digest}
