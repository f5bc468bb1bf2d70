"""Console page: the releases of a plugin, how far their installation is, and from which to which it changes."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import yaml
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from plugins_app import selectors, services
from plugins_app.models import Plugin, PluginRelease, Preparation
from plugins_app.packages import versions
from plugins_app.selectors import Installation
from plugins_app.views.tabs import tab
from security.pages import deed, done, page, render
from security.principals import Principal

TONES: Final = {"+": "good", "-": "bad", "@": "calm"}


@dataclass(frozen=True, slots=True)
class Row:
    """One release as the table shows it."""

    release: PluginRelease
    installation: Installation
    nodes: list[Preparation]
    is_newer: bool  # than the one it has
    is_kept: bool  # it cannot be removed


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the difference between two manifests."""

    text: str
    tone: str


@page
def releases(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    found, frame = tab(principal, slug, "releases")
    rows = [_row(found, each) for each in selectors.releases_of(principal, slug)]
    told = {
        "rows": rows,
        "under_way": [row for row in rows if _is_under_way(found, row, rows[0].release.id)],
        "newest": selectors.newest_listed(found),
        "compared": _compared(found, rows, request.GET.get("compare", "")),
    }
    return render(request, "plugins_app/releases.html", {**frame, **told})


@deed
def upgrade(
    request: HttpRequest, principal: Principal, slug: str, release: UUID | None = None
) -> HttpResponse:
    """To this release; without one to the newest there is, also in the registry."""
    services.upgrade(principal, slug, str(release) if release else "")
    return done(request, _("The release takes over once it is prepared."), _here(slug))


@deed
def rollback(request: HttpRequest, principal: Principal, slug: str, release: UUID) -> HttpResponse:
    services.rollback(principal, slug, str(release))
    return done(request, _("It goes back to the earlier release."), _here(slug))


@deed
def remove(request: HttpRequest, principal: Principal, slug: str, release: UUID) -> HttpResponse:
    services.remove_release(principal, slug, str(release))
    return done(request, _("The release is forgotten."), _here(slug))


@deed
def uninstall(request: HttpRequest, principal: Principal, slug: str) -> HttpResponse:
    """Its own pages are gone then: one comes to the list of those that are left."""
    services.uninstall(principal, slug)
    messages.success(request, _("%(plugin)s is uninstalled.") % {"plugin": slug})
    return HttpResponseRedirect("/plugins/")


def _here(slug: str) -> str:
    return f"/plugins/{slug}/releases/"


def _row(plugin: Plugin, release: PluginRelease) -> Row:
    current = plugin.release.version if plugin.release else ""
    held = (plugin.release_id, plugin.next_release_id, plugin.good_release_id)
    return Row(
        release=release,
        installation=selectors.progress_of(release),
        nodes=list(release.on_nodes),  # type: ignore[attr-defined]
        is_newer=not current or versions.key(release.version) > versions.key(current),
        is_kept=release.id in held,
    )


def _is_under_way(plugin: Plugin, row: Row, newest: UUID) -> bool:
    """Worth showing in full: on its way, or not to be had although it was the last wish."""
    if row.installation.state == Preparation.State.FAILED:
        return row.release.id in (newest, plugin.release_id, plugin.next_release_id)
    return row.installation.state not in (Preparation.State.READY, selectors.NOT_ASKED)


def _compared(plugin: Plugin, rows: list[Row], which: str) -> dict[str, Any] | None:
    """The manifest of one release beside the one it has."""
    other = next((row.release for row in rows if str(row.release.id) == which), None)
    if other is None or plugin.release is None or other.id == plugin.release_id:
        return None
    return {"release": other, "lines": list(_difference(plugin.release, other))}


def _difference(one: PluginRelease, other: PluginRelease) -> Iterator[Line]:
    before, after = (
        yaml.safe_dump(each.manifest, sort_keys=False, allow_unicode=True).splitlines()
        for each in (one, other)
    )
    for text in list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]:
        yield Line(text, TONES.get(text[:1], ""))
