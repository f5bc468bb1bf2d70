"""Wait until a plugin is as wanted."""

import time
from collections.abc import Callable
from itertools import takewhile
from typing import Any, Final

from agentx_site.cli.errors import Failed
from agentx_site.cli.server import Server, at

LOOK_SECONDS: Final = 0.15
BEING_PREPARED: Final = ("unpacking", "environment", "checking")
SERVING: Final = ("running", "degraded")
FIRST_ELSEWHERE: Final = 1000  # as plugins_app.models has it
Plugin = dict[str, Any]


def is_running(plugin: Plugin) -> bool:
    """As many processes as wanted serve, each of the newest generation, and no other is left.

    A paused one whose processes were replaced is there, too, and stays paused.
    Of a plugin that runs on other machines alone none is wanted here.
    """
    processes = _ours(plugin)
    return (
        (plugin["state"] == plugin["desired"] or not plugin["replicas"])
        and len(processes) == plugin["replicas"]
        and all(process["state"] in SERVING for process in processes)
        and all(process["generation"] == plugin["generation"] for process in processes)
    )


def _ours(plugin: Plugin) -> list[Plugin]:
    """Those that the wish is about: who joined from elsewhere comes and goes by itself."""
    return [each for each in plugin["processes"] if each["ordinal"] < FIRST_ELSEWHERE]


def is_stopped(plugin: Plugin) -> bool:
    return bool(plugin["state"] == "unloaded")


def is_paused(plugin: Plugin) -> bool:
    return bool(plugin["state"] == "paused")


def newest_event(server: Server, name: str) -> str:
    """Its id: what happens after a wish comes after this. Empty when nothing happened yet."""
    rows = server.rows(at("plugins", name, "events"), 1)
    return str(rows[0]["id"]) if rows else ""


def until(
    server: Server,
    name: str,
    reached: Callable[[Plugin], bool],
    seconds: float,
    wanted: str,
    seen: str,
) -> Plugin:
    """Ask until it is so. Raises `Failed` with the plugin's own reason when it cannot be or takes too long.

    `seen` is the newest event from before the wish.
    """
    deadline = time.monotonic() + seconds
    while True:
        plugin: Plugin = server.get(at("plugins", name))
        if reached(plugin):
            return plugin
        if plugin["state"] == "error" and wanted != "stopped":
            raise Failed(f"{name} failed: {_why(plugin)} (see `agentx plugin logs {name}`)")
        if wanted == "running":
            deadline = _later(deadline, seconds, plugin)
        if wanted == "running" and (refusal := _refusal(server, plugin, seen)):
            raise Failed(f"{name}: {refusal} (see `agentx plugin logs {name}`)")
        if time.monotonic() > deadline:
            state = "is" if plugin["state"] != wanted else "is in part"
            told = f"{name} is not {wanted} after {seconds:g} s: it {state} {plugin['state']}."
            raise Failed(f"{told} {_why(plugin)}")
        time.sleep(LOOK_SECONDS)


def _later(deadline: float, seconds: float, plugin: Plugin) -> float:
    """Its time begins when its release is prepared. Raises `Failed` when that cannot be."""
    told = plugin["installation"] or {}
    if told.get("state") == "failed" and plugin["state"] != "running":
        raise Failed(f"{plugin['name']} {told['version']} is not installed: {told['reason']}")
    return time.monotonic() + seconds if told.get("state") in BEING_PREPARED else deadline


def _refusal(server: Server, plugin: Plugin, seen: str) -> str:
    """What a replacement ended of since: the earlier process goes on, and waiting is in vain."""
    stale = (p for p in _ours(plugin) if p["generation"] < plugin["generation"])
    if not any(process["reason"] for process in stale):
        return ""
    events = server.rows(at("plugins", plugin["name"], "events"), 20)
    fresh = takewhile(lambda event: event["id"] != seen, events)
    return next((event["message"] for event in fresh if event["type"] == "degraded"), "")


def _why(plugin: Plugin) -> str:
    reasons = [plugin["reason"], *(process["reason"] for process in plugin["processes"])]
    return next((reason for reason in reasons if reason), "No reason was given.")
