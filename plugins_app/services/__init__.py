"""Deeds on plugins: an operator's, the scheduler's, and the supervisor's marks (`services.marks`)."""

from plugins_app.services.agents import (
    add_agent,
    change_agent,
    forget_removed,
    remove_agent,
    reset_agent,
    restore_agent,
)
from plugins_app.services.attachment import attach, detach
from plugins_app.services.config import configure, remove_secret, restore_config, set_secret
from plugins_app.services.events import record_event
from plugins_app.services.folders import allow_folders
from plugins_app.services.forgetting import forget_old
from plugins_app.services.installation import install
from plugins_app.services.network import allow_hosts
from plugins_app.services.operation import (
    reload,
    restart,
    scale,
    set_desired,
    set_replicas,
    set_standby,
)
from plugins_app.services.placement import place_instances
from plugins_app.services.removal import uninstall
from plugins_app.services.upgrading import remove_release, rollback, upgrade

__all__ = [
    "add_agent",
    "allow_folders",
    "allow_hosts",
    "attach",
    "change_agent",
    "configure",
    "detach",
    "forget_old",
    "forget_removed",
    "install",
    "place_instances",
    "record_event",
    "reload",
    "remove_agent",
    "remove_release",
    "remove_secret",
    "reset_agent",
    "restart",
    "restore_agent",
    "restore_config",
    "rollback",
    "scale",
    "set_desired",
    "set_replicas",
    "set_secret",
    "set_standby",
    "uninstall",
    "upgrade",
]
