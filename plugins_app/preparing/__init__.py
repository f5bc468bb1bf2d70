"""From a package to a release that can be started on this machine: unpacked, with its environment. No rows."""

from plugins_app.preparing.collecting import collect, in_use
from plugins_app.preparing.places import alone, reserved, sweep
from plugins_app.preparing.work import Order, Prepared, prepare

__all__ = ["Order", "Prepared", "alone", "collect", "in_use", "prepare", "reserved", "sweep"]
