"""What an operator does with a plugin. Each only says what is wanted; the supervisors make it so."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app.models import MAX_REPLICAS, AutoscalePolicy, Plugin, PluginEvent
from plugins_app.services.events import record_event, tell_plugin
from plugins_app.services.placement import forgive, place, wake_nodes
from plugins_app.services.settling import lock_plugin, settle
from security import audit, permissions
from security.errors import Conflict, InvalidInput
from security.principals import Principal

_VERBS = {
    Plugin.Desired.RUNNING: "plugin.started",
    Plugin.Desired.STOPPED: "plugin.stopped",
    Plugin.Desired.PAUSED: "plugin.paused",
}


@transaction.atomic
def set_desired(principal: Principal, ref: str | UUID, desired: str) -> Plugin:
    """Start, stop, pause or (running again) resume. Starting also tries again what was given up."""
    principal.require(permissions.PLUGINS_OPERATE)
    if desired not in Plugin.Desired.values:
        told = _("%(desired)r cannot be wanted.") % {"desired": desired}
        raise InvalidInput(told, fields={"desired": _("unknown")})
    plugin = lock_plugin(ref)
    if plugin.release_id is None:
        told = _("%(plugin)s has no release that could run.")
        raise Conflict(told % {"plugin": plugin.slug})
    before, plugin.desired = plugin.desired, Plugin.Desired(desired)
    plugin.save(update_fields=["desired", "updated"])
    if desired == Plugin.Desired.RUNNING:
        forgive(plugin)
    was, now = {"desired": before}, {"desired": desired}
    audit.record(principal, _VERBS[plugin.desired], "plugin", plugin.slug, before=was, after=now)
    return _follow(plugin)


@transaction.atomic
def scale(principal: Principal, ref: str | UUID, replicas: int) -> Plugin:
    """Say how many processes are wanted: 1 to 32, and within its autoscale policy's bounds."""
    principal.require(permissions.PLUGINS_OPERATE)
    plugin = lock_plugin(ref)
    _check_replicas(plugin, replicas)
    before = plugin.desired_replicas
    audit.record(
        principal,
        "plugin.scaled",
        "plugin",
        plugin.slug,
        before={"replicas": before},
        after={"replicas": replicas},
    )
    return set_replicas(plugin, replicas, principal.label)


def set_replicas(plugin: Plugin, replicas: int, by: str) -> Plugin:
    """The change itself, for `scale` and the autoscaler: the plugin's row is locked, rights are checked."""
    before, plugin.desired_replicas = plugin.desired_replicas, replicas
    plugin.save(update_fields=["desired_replicas", "updated"])
    if before != replicas:
        message = f"{before} to {replicas} by {by}"
        data = {"from": before, "to": replicas}
        record_event(plugin, None, PluginEvent.Type.SCALED, message, data)
    return _follow(plugin)


@transaction.atomic
def restart(principal: Principal, ref: str | UUID) -> Plugin:
    """Replace its processes, one after the other, without losing a message."""
    principal.require(permissions.PLUGINS_OPERATE)
    plugin = lock_plugin(ref)
    if plugin.desired == Plugin.Desired.STOPPED:
        raise Conflict(_("%(plugin)s is stopped: start it instead.") % {"plugin": plugin.slug})
    audit.record(principal, "plugin.restarted", "plugin", plugin.slug)
    return renew_generation(plugin)


def renew_generation(plugin: Plugin) -> Plugin:
    """Have every process replaced. The plugin's row is locked, rights are checked."""
    plugin.generation += 1
    plugin.save(update_fields=["generation", "updated"])
    forgive(plugin)
    return _follow(plugin)


def _follow(plugin: Plugin) -> Plugin:
    place(plugin)
    settle(plugin)
    wake_nodes(plugin)
    tell_plugin(plugin)
    return plugin


def _check_replicas(plugin: Plugin, replicas: int) -> None:
    if not 1 <= replicas <= MAX_REPLICAS:
        told = _("A plugin has 1 to %(most)d processes; to have none, stop it.")
        raise InvalidInput(told % {"most": MAX_REPLICAS}, fields={"replicas": _("out of range")})
    policy = AutoscalePolicy.objects.filter(plugin=plugin, enabled=True).first()
    if policy and not policy.minimum <= replicas <= policy.maximum:
        told = _(
            "%(plugin)s is scaled automatically between %(least)d and %(most)d: "
            "stay within, or change or disable its autoscale policy."
        ) % {"plugin": plugin.slug, "least": policy.minimum, "most": policy.maximum}
        raise InvalidInput(told, fields={"replicas": _("out of range")})
