"""What the tabs of a plugin's page have in common."""

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from plugins_app import selectors
from plugins_app.models import Plugin
from security import permissions
from security.principals import Principal

# name, title, URL name, permission; in the order in which they are shown
TABS: Final = (
    ("overview", gettext_lazy("Overview"), "page-plugin", permissions.PLUGINS_VIEW),
    ("agents", gettext_lazy("Agents"), "page-plugin-agents", permissions.PLUGINS_VIEW),
    ("processes", gettext_lazy("Processes"), "page-plugin-processes", permissions.PLUGINS_VIEW),
    ("config", gettext_lazy("Config"), "page-plugin-configure", permissions.PLUGINS_MANAGE),
    ("releases", gettext_lazy("Releases"), "page-plugin-releases", permissions.PLUGINS_VIEW),
    ("logs", gettext_lazy("Logs"), "page-plugin-logs", permissions.PLUGINS_LOGS),
    ("events", gettext_lazy("Events"), "page-plugin-events", permissions.PLUGINS_VIEW),
    ("isolation", gettext_lazy("Isolation"), "page-plugin-isolation", permissions.PLUGINS_VIEW),
)


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    title: str
    link: str


def tab(principal: Principal, slug: str, name: str) -> tuple[Plugin, dict[str, Any]]:
    """The plugin, and what the frame of each of its tabs needs (`plugins_app/_frame.html`)."""
    found = selectors.access_plugin(principal, slug)
    told = {
        "title": found.slug,
        "crumbs": [("/plugins/", _("Plugins"))],
        "live": True,
        "plugin": found,
        "tab": name,
        "held_back": selectors.is_held_back(found),
        "tabs": [
            Tab(each, str(title), reverse(url, args=(slug,)))
            for each, title, url, permission in TABS
            if principal.may(permission)
        ],
    }
    return found, told
