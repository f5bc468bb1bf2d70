"""A process that somebody started by hand, under a debugger say, takes the place of a plugin's first one."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app import handshake
from plugins_app.models import Plugin, PluginEvent, PluginInstance
from plugins_app.services.events import record_event
from plugins_app.services.operation import follow
from plugins_app.services.settling import lock_plugin
from security import audit, permissions
from security.crypto import seal
from security.errors import Conflict, InvalidInput
from security.models import AuditEvent
from security.principals import Principal, system

FORMAT = 1  # of the reattach line
LONGEST_TOKEN = 200
LONGEST_PATH = 107  # of a unix socket
UNIX = "unix:/"
Reattach = dict[str, Any]


@transaction.atomic
def attach(principal: Principal, ref: str | UUID, reattach: Reattach) -> Plugin:
    """Have messages go to the process that printed this reattach line.

    The node's supervisor greets it as one of its own, but never ends it. `reattach`: agentx (1), plugin, pid,
    address (unix:/…), launch_id, token, contract. Raises `InvalidInput` naming the fields, `Conflict` when the
    plugin is stopped.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    if wrong := _wrong(plugin, reattach):
        told = _("This is no reattach line of %(plugin)s: %(fields)s.")
        named = {"plugin": plugin.slug, "fields": ", ".join(sorted(wrong))}
        raise InvalidInput(told % named, fields=wrong)
    if plugin.desired == Plugin.Desired.STOPPED:
        raise Conflict(_("%(plugin)s is stopped: start it first.") % {"plugin": plugin.slug})
    shown = {name: reattach[name] for name in ("pid", "address", "contract")}
    shown["launch_id"] = str(UUID(reattach["launch_id"]))
    sealed = {"token_sealed": seal(reattach["token"]), "by": principal.label}
    plugin.attachment = shown | sealed
    plugin.save(update_fields=["attachment", "updated"])
    audit.record(principal, "plugin.attached", "plugin", plugin.slug, after=shown)
    return follow(plugin)


@transaction.atomic
def detach(principal: Principal, ref: str | UUID) -> Plugin:
    """Let the attached process go; an ordinary one takes its place. Raises `Conflict` when none is attached."""
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    if plugin.attachment is None:
        raise Conflict(_("No process is attached to %(plugin)s.") % {"plugin": plugin.slug})
    was = {name: plugin.attachment.get(name) for name in ("pid", "address", "launch_id")}
    plugin.attachment = None
    plugin.save(update_fields=["attachment", "updated"])
    audit.record(principal, "plugin.detached", "plugin", plugin.slug, before=was)
    return follow(plugin)


@transaction.atomic
def lose_attachment(
    instance_id: UUID, launch_id: str, reason: str, *, refused: bool = False
) -> None:
    """It ended, or (`refused`) is not what it said it was: the supervisor's word. Another one stays."""
    plugin = Plugin.objects.select_for_update().filter(instances=instance_id).first()
    if plugin is None or (plugin.attachment or {}).get("launch_id") != launch_id:
        return
    was, plugin.attachment = plugin.attachment or {}, None
    plugin.save(update_fields=["attachment", "updated"])
    instance = PluginInstance.objects.filter(id=instance_id).first()
    type_ = PluginEvent.Type.REFUSED if refused else PluginEvent.Type.DETACHED
    record_event(plugin, instance, type_, reason, {"pid": was.get("pid")})
    if refused:
        _record_refusal(plugin, was, reason)
    follow(plugin)


def _record_refusal(plugin: Plugin, was: Reattach, reason: str) -> None:
    after = {"pid": was.get("pid"), "address": was.get("address"), "reason": reason}
    refused = AuditEvent.Outcome.REFUSED
    us = system("supervisor")
    audit.record(us, "plugin.attached", "plugin", plugin.slug, after=after, outcome=refused)


def _wrong(plugin: Plugin, told: Reattach) -> dict[str, str]:
    """What is wrong with each field of a reattach line."""
    checks = {
        "agentx": (told.get("agentx") == FORMAT, _("must be 1")),
        "plugin": (told.get("plugin") == plugin.slug, _("names another plugin")),
        "pid": (_is_pid(told.get("pid")), _("must be the number of a process")),
        "address": (_is_socket(told.get("address")), _("must be unix: and the path of a socket")),
        "launch_id": (_is_uuid(told.get("launch_id")), _("must be a UUID")),
        "token": (_is_token(told.get("token")), _("must be the token it was started with")),
        "contract": (
            told.get("contract") in handshake.CONTRACTS,
            _("is a version AgentX does not speak"),
        ),
    }
    return {name: problem for name, (holds, problem) in checks.items() if not holds}


def _is_pid(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 1


def _is_socket(value: Any) -> bool:
    if not isinstance(value, str) or not value.startswith(UNIX) or "\0" in value:
        return False
    path = value.removeprefix("unix:")
    return len(path.encode()) <= LONGEST_PATH and ".." not in path.split("/")


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and 16 <= len(value) <= LONGEST_TOKEN and value.isascii()


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
