"""Console page: what is around a plugin's processes, and what of it could not be had."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from plugins_app import selectors
from plugins_app.isolation.profiles import size
from plugins_app.models import Plugin, PluginInstance
from plugins_app.views.tabs import tab
from registry.models import Trust
from security.pages import page, render
from security.principals import Principal

NAMES: Final = {
    "core_dumps": _("No core dumps"),
    "privileges": _("No new privileges"),
    "open_files": _("Open files"),
    "processes": _("Processes and threads"),
    "memory": _("Memory"),
    "cpu": _("Processor"),
    "disk": _("Working directory"),
    "files": _("AgentX's and others' files out of sight"),
    "other_processes": _("Cannot look into other processes"),
    "signals": _("Cannot signal other processes"),
    "others_limits": _("Cannot set other processes' limits"),
    "syscalls": _("Dangerous system calls refused"),
    "network": _("Network"),
}
POLICIES: Final = {
    "all": _("May talk to everybody"),
    "none": _("May talk to nobody"),
    "loopback": _("May talk to this machine alone"),
    "hosts": _("May talk to the listed hosts alone"),
}
BARS: Final = (
    ("memory", _("Memory")),
    ("disk", _("Working directory")),
    ("processes", _("Processes and threads")),
)
NEARLY: Final = 80  # percent


@page
def isolated(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    found, frame = tab(principal, slug, "isolation")
    told = {
        "processes": [_process(row) for row in selectors.instances_of(found)],
        "choices": _choices(found),
    }
    return render(request, "plugins_app/isolation.html", {**frame, **told})


def _choices(plugin: Plugin) -> list[dict[str, Any]]:
    """The hosts that a public plugin lists, and which of them an admin let it have."""
    if plugin.trust != Trust.PUBLIC or plugin.release is None:
        return []
    listed = plugin.release.manifest.get("network", {}).get("hosts", ())
    return [{"host": host, "is_allowed": host in plugin.allowed_hosts} for host in listed]


def _process(row: PluginInstance) -> dict[str, Any]:
    told = row.isolation
    return {
        "row": row,
        "trust": told.get("trust", ""),
        "network": POLICIES.get(told.get("network", ""), ""),
        "hosts": told.get("hosts", []),
        "asked": _asked(told),
        "measures": [
            {**each, "title": NAMES.get(each["name"], each["name"])}
            for each in told.get("measures", ())
        ],
        "bars": _bars(told),
    }


def _asked(told: dict[str, Any]) -> str:
    """What its manifest asks for, where its trust gives less."""
    asked = told.get("asked", {})
    if asked.get("network", "") in ("", told.get("network")):
        return ""
    return ", ".join([str(POLICIES[asked["network"]]), *asked.get("hosts", ())])


def _bars(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each limit how much is used."""
    bars = []
    for name, title in BARS:
        used, limit = told.get("use", {}).get(name), told.get("limits", {}).get(name)
        if used is not None and limit:
            percent = min(100, round(100 * used / limit))
            words = (used, limit) if name == "processes" else (size(used), size(limit))
            bar = {"title": title, "used": words[0], "limit": words[1], "percent": percent}
            bars.append({**bar, "tone": "warn" if percent >= NEARLY else "good"})
    return bars
