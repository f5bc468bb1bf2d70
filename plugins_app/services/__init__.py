"""Deeds on plugins: an operator's, the scheduler's, and the supervisor's marks (`services.marks`)."""

from plugins_app.services.config import configure
from plugins_app.services.events import record_event
from plugins_app.services.installation import install
from plugins_app.services.operation import restart, scale, set_desired, set_replicas
from plugins_app.services.placement import place_instances
from plugins_app.services.removal import uninstall

__all__ = [
    "configure",
    "install",
    "place_instances",
    "record_event",
    "restart",
    "scale",
    "set_desired",
    "set_replicas",
    "uninstall",
]
