"""Wait until a plugin is as wanted."""

import time
from collections.abc import Callable
from typing import Any, Final

from agentx_site.cli.errors import Failed
from agentx_site.cli.server import Server, at

LOOK_SECONDS: Final = 0.15
SERVING: Final = ("running", "degraded")
Plugin = dict[str, Any]


def is_running(plugin: Plugin) -> bool:
    """As many processes as wanted serve, each of the newest generation, and no other is left."""
    processes = plugin["processes"]
    return (
        plugin["state"] == "running"
        and len(processes) == plugin["replicas"]
        and all(process["state"] in SERVING for process in processes)
        and all(process["generation"] == plugin["generation"] for process in processes)
    )


def is_stopped(plugin: Plugin) -> bool:
    return bool(plugin["state"] == "unloaded")


def is_paused(plugin: Plugin) -> bool:
    return bool(plugin["state"] == "paused")


def until(
    server: Server, name: str, reached: Callable[[Plugin], bool], seconds: float, wanted: str
) -> Plugin:
    """Ask until it is so. Raises `Failed` with the plugin's own reason when it cannot be or takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        plugin: Plugin = server.get(at("plugins", name))
        if reached(plugin):
            return plugin
        if plugin["state"] == "error" and wanted != "stopped":
            raise Failed(f"{name} failed: {_why(plugin)} (see `agentx plugin logs {name}`)")
        if time.monotonic() > deadline:
            raise Failed(
                f"{name} is not {wanted} after {seconds:g} s: it is {plugin['state']}. {_why(plugin)}"
            )
        time.sleep(LOOK_SECONDS)


def _why(plugin: Plugin) -> str:
    reasons = [plugin["reason"], *(process["reason"] for process in plugin["processes"])]
    return next((reason for reason in reasons if reason), "No reason was given.")
