"""The console's sidebar: each reader sees the pages that their roles open."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from monitoring import selectors
from security import permissions
from security.pages import principal_of

Item = tuple[Any, str, str, str]  # title, icon, URL name, permission
GROUPS: tuple[tuple[Any, tuple[Item, ...]], ...] = (
    (
        "",
        (
            (_("Overview"), "space_dashboard", "page-overview", permissions.METRICS_VIEW),
            (_("Agents"), "smart_toy", "page-agents", permissions.AGENTS_VIEW),
            (_("Plugins"), "deployed_code", "page-plugins", permissions.PLUGINS_VIEW),
            (_("Catalogue"), "storefront", "page-catalogue", permissions.PLUGINS_VIEW),
            (_("Tasks"), "forum", "page-tasks", permissions.TASKS_VIEW),
        ),
    ),
    (
        _("Operations"),
        (
            (_("Alerts"), "notifications", "page-alerts", permissions.ALERTS_VIEW),
            (_("Autoscaling"), "stacked_line_chart", "page-scaling", permissions.AUTOSCALING_VIEW),
            (_("Push notifications"), "webhook", "page-pushes", permissions.TASKS_VIEW),
            (_("Nodes"), "dns", "page-nodes", permissions.NODES_VIEW),
        ),
    ),
    (
        _("Access"),
        (
            (_("Audit"), "history", "page-audit", permissions.AUDIT_VIEW),
            (_("API keys"), "key", "page-keys", permissions.KEYS_OWN),
            (_("Join tokens"), "vpn_key", "page-join-tokens", permissions.PLUGINS_MANAGE),
            (_("Card keys"), "signature", "page-card-keys", permissions.KEYS_MANAGE),
            (_("Users"), "group", "page-users", permissions.USERS_MANAGE),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation: groups of items, without what the reader may not open."""
    groups = []
    for title, items in GROUPS:
        shown = [_item(request, item) for item in items if principal_of(request).may(item[3])]
        if shown:
            groups.append({"title": title, "items": shown})
    return groups


def _item(request: HttpRequest, item: Item) -> dict[str, Any]:
    title, icon, name, _permission = item
    link = reverse(name)
    entry = {"title": title, "icon": icon, "link": link, "active": partial(_is_here, link)}
    if name == "page-alerts" and (
        firing := selectors.alerts(principal_of(request), "firing").count()
    ):
        entry |= {"badge": firing, "badge_variant": "danger"}
    return entry


def _is_here(link: str, request: HttpRequest) -> bool:
    """Of the pages below it, too; a plugin's page about its agents is a plugin's."""
    return request.path == link or (link != "/" and request.path.startswith(link))
