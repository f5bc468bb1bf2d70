"""Which folders of own code a plugin may read, by an admin's word."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app.models import Plugin, PluginEvent
from plugins_app.services.events import record_event
from plugins_app.services.operation import renew_generation
from plugins_app.services.settling import lock_plugin
from security import audit, permissions
from security.errors import InvalidInput
from security.models import AuditEvent
from security.principals import Principal

MOST_FOLDERS: Final = 20
MOST_CHARACTERS: Final = 400
# What lies in them is the machine's or AgentX's own, and secret in part.
CLOSED: Final = tuple(
    Path(each) for each in ("/dev", "/etc", "/proc", "/run", "/sys", "/var/run", "/var/lib")
)
# They hold such folders, or everybody's: below them there may be a project.
TOO_MUCH: Final = tuple(Path(each) for each in ("/", "/home", "/root", "/usr", "/var", "/tmp"))  # noqa: S108 - a name
# Where people keep keys: in each home, and whole homes hold them.
KEYS: Final = frozenset({".aws", ".azure", ".config", ".docker", ".gnupg", ".kube", ".ssh"})
HOMES: Final = (Path("/home"), Path("/Users"))


def allow_folders(principal: Principal, ref: str | UUID, folders: Collection[str]) -> Plugin:
    """Let its processes read these, and no others; none takes all back. They are replaced now.

    Each must be there, by its absolute path; a link is followed once, now. Raises `InvalidInput` that says which may not
    be read and why, which is audited.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    try:
        wanted = _checked(folders)
    except InvalidInput as refusal:
        _write_down(principal, ref, refusal)
        raise
    return _allow(principal, ref, wanted)


@transaction.atomic
def _allow(principal: Principal, ref: str | UUID, wanted: list[str]) -> Plugin:
    plugin = lock_plugin(ref)
    before, plugin.code_folders = plugin.code_folders, wanted
    if before == wanted:
        return plugin
    plugin.save(update_fields=["code_folders", "updated"])
    was, now = {"folders": before}, {"folders": wanted}
    audit.record(principal, "plugin.folders_allowed", "plugin", plugin.slug, before=was, after=now)
    told = ", ".join(wanted) or _("none")
    record_event(plugin, None, PluginEvent.Type.FOLDERS, told, now)
    if plugin.desired == Plugin.Desired.STOPPED:
        return plugin
    return renew_generation(plugin, asked=True)


@transaction.atomic
def _write_down(principal: Principal, ref: str | UUID, refusal: InvalidInput) -> None:
    plugin = lock_plugin(ref)
    audit.record(
        principal,
        "plugin.folders_allowed",
        "plugin",
        plugin.slug,
        after={"why": refusal.message},
        outcome=AuditEvent.Outcome.REFUSED,
    )
    record_event(plugin, None, PluginEvent.Type.REFUSED, refusal.message)


def _checked(folders: Collection[str]) -> list[str]:
    """As they really are, each once."""
    if len(folders) > MOST_FOLDERS:
        raise _refused(_("A plugin reads at most %(most)d folders.") % {"most": MOST_FOLDERS})
    return list(dict.fromkeys(_looked_at(each) for each in folders))


def _looked_at(folder: str) -> str:
    names = {"folder": repr(folder[:MOST_CHARACTERS])}
    if not folder.startswith("/") or "\0" in folder or len(folder) > MOST_CHARACTERS:
        raise _refused(_("%(folder)s is no absolute path.") % names)
    real = Path(os.path.realpath(folder))
    if not real.is_dir():
        raise _refused(_("There is no folder %(folder)s on this machine.") % names)
    ours = (settings.AGENTX_HOME.resolve(), settings.RUNTIME_DIR.resolve())
    if any(real.is_relative_to(each) or each.is_relative_to(real) for each in ours):
        told = _("%(folder)s is, holds or lies in AgentX's own folder, where its secrets are.")
        raise _refused(told % names)
    closed = any(real.is_relative_to(each) or each.is_relative_to(real) for each in CLOSED)
    if (
        closed
        or real in (*TOO_MUCH, Path.home())
        or real.parent in HOMES
        or not KEYS.isdisjoint(real.parts)
    ):
        told = _("%(folder)s holds more than code of one's own: choose a folder of a project.")
        raise _refused(told % names)
    return str(real)


def _refused(told: str) -> InvalidInput:
    return InvalidInput(told, fields={"folders": told})
