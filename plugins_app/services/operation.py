"""What an operator does with a plugin. Each only says what is wanted; the supervisors make it so."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.models import (
    MAX_REPLICAS,
    MAX_STANDBY,
    AutoscalePolicy,
    Plugin,
    PluginEvent,
)
from plugins_app.selectors import is_behind
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
_STOPPED = PluginEvent.Type.STOPPED, "It was asked to stop."
_PAUSED = PluginEvent.Type.PAUSED, "It takes no new messages."
_RESUMED = PluginEvent.Type.RESUMED, "It takes messages again."


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
    _record_turn(plugin, before)
    return follow(plugin)


def _record_turn(plugin: Plugin, before: str) -> None:
    """What an operator's word begins; that it was reached is told by the state's change."""
    match before, plugin.desired:
        case _, Plugin.Desired.STOPPED if before != Plugin.Desired.STOPPED:
            record_event(plugin, None, *_STOPPED)
        case _, Plugin.Desired.PAUSED if before != Plugin.Desired.PAUSED:
            record_event(plugin, None, *_PAUSED)
        case Plugin.Desired.PAUSED, Plugin.Desired.RUNNING:
            record_event(plugin, None, *_RESUMED)


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
    return follow(plugin)


@transaction.atomic
def restart(principal: Principal, ref: str | UUID) -> Plugin:
    """Replace its processes, one after the other, without losing a message."""
    principal.require(permissions.PLUGINS_OPERATE)
    plugin = _startable(ref)
    audit.record(principal, "plugin.restarted", "plugin", plugin.slug)
    return renew_generation(plugin, asked=True)


@transaction.atomic
def reload(principal: Principal, ref: str | UUID) -> Plugin:
    """Do now what its reload strategy holds back; with nothing held back, replace its processes all the same."""
    principal.require(permissions.PLUGINS_OPERATE)
    plugin = _startable(ref)
    audit.record(principal, "plugin.reloaded", "plugin", plugin.slug)
    if plugin.asked_generation >= plugin.generation or not is_behind(plugin):
        return renew_generation(plugin, asked=True)
    plugin.asked_generation = plugin.generation
    plugin.save(update_fields=["asked_generation", "updated"])
    forgive(plugin)
    return follow(plugin)


@transaction.atomic
def set_standby(principal: Principal, ref: str | UUID, standby: int) -> Plugin:
    """Say how many warm processes wait to take the place of one that ends: 0 to 4."""
    principal.require(permissions.PLUGINS_OPERATE)
    if not 0 <= standby <= MAX_STANDBY:
        told = _("A plugin has 0 to %(most)d warm standby processes.") % {"most": MAX_STANDBY}
        raise InvalidInput(told, fields={"standby": _("out of range")})
    plugin = lock_plugin(ref)
    was, plugin.standby = {"standby": plugin.standby}, standby
    plugin.save(update_fields=["standby", "updated"])
    now = {"standby": standby}
    audit.record(principal, "plugin.standby", "plugin", plugin.slug, before=was, after=now)
    return follow(plugin)


def renew_generation(plugin: Plugin, *, asked: bool = False) -> Plugin:
    """Have every process replaced, when its reload strategy says or (`asked`) now. Its row is locked, rights checked."""
    plugin.generation += 1
    plugin.changed = timezone.now()
    if asked:
        plugin.asked_generation = plugin.generation
    plugin.save(update_fields=["generation", "changed", "asked_generation", "updated"])
    forgive(plugin)
    return follow(plugin)


def _startable(ref: str | UUID) -> Plugin:
    """Its row, locked. Raises `Conflict` when there is nothing to replace."""
    plugin = lock_plugin(ref)
    if plugin.desired == Plugin.Desired.STOPPED:
        raise Conflict(_("%(plugin)s is stopped: start it instead.") % {"plugin": plugin.slug})
    return plugin


def follow(plugin: Plugin) -> Plugin:
    """Bring rows and supervisors in line with what is wanted. The plugin's row is locked."""
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
