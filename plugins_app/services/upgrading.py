"""From one release to another, as an operator wishes, and what is forgotten of those that went before."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from plugins_app import manifest as manifests
from plugins_app.errors import ReleaseInUse, ReleaseNotFound
from plugins_app.models import (
    Plugin,
    PluginEvent,
    PluginRelease,
    Preparation,
)
from plugins_app.packages import versions
from plugins_app.selectors.releases import newest_listed, release_of
from plugins_app.services import dependencies
from plugins_app.services.acceptance import market_install
from plugins_app.services.config import require_fit
from plugins_app.services.events import record_event, tell_plugin
from plugins_app.services.forgetting import forget, forget_packages, kept
from plugins_app.services.releases import ask_now, drop_next, want
from plugins_app.services.settling import lock_plugin
from security import audit, permissions
from security.errors import Conflict
from security.principals import Principal


@transaction.atomic
def upgrade(principal: Principal, ref: str | UUID, which: str = "") -> Plugin:
    """To one of its releases (by id or version) or a version from the registry; empty: the newest of all.

    Processes change over at once, whatever its reload strategy. Raises `ReleaseNotFound`, `PackageNotFound`,
    and `InvalidConfig` for one whose schema refuses what is configured.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    release = _found(plugin, which) if which else _newest_release(plugin)
    listed = "" if release and which else which or newest_listed(plugin)
    if release is None or (listed and versions.key(listed) > versions.key(release.version)):
        if not listed:
            raise Conflict(_("%(plugin)s has no newer release.") % {"plugin": plugin.slug})
        return ask_now(market_install(principal, plugin.slug, listed))
    require_fit(plugin, release.manifest)
    return _change(principal, plugin, release)


@transaction.atomic
def rollback(principal: Principal, ref: str | UUID, which: str = "") -> Plugin:
    """Back to an earlier release (by id or version), at once; empty: the last good one, else the one before.

    Raises `ReleaseNotFound`.
    """
    principal.require(permissions.PLUGINS_OPERATE)
    plugin = lock_plugin(ref)
    release = release_of(plugin, which) if which else _before(plugin)
    if release is None:
        told = _("%(plugin)s has no earlier release.")
        raise ReleaseNotFound(told % {"plugin": plugin.slug})
    if release.id == plugin.release_id and plugin.next_release_id is None:
        told = _("%(plugin)s runs %(version)s.")
        raise Conflict(told % {"plugin": plugin.slug, "version": release.version})
    before = plugin.release.version if plugin.release else ""
    was, now = {"version": before}, {"version": release.version}
    audit.record(principal, "plugin.rolled_back", "plugin", plugin.slug, before=was, after=now)
    message = f"{before} to {release.version} by {principal.label}"
    record_event(plugin, None, PluginEvent.Type.ROLLED_BACK, message, {"from": was, "to": now})
    return _change(principal, plugin, release)


@transaction.atomic
def remove_release(principal: Principal, ref: str | UUID, which: str) -> None:
    """Forget a release; the nodes remove its folder. One that is on its way is broken off.

    Raises `ReleaseInUse`, `ReleaseNotFound`.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    release = release_of(plugin, which)
    if release.id == plugin.next_release_id:
        drop_next(plugin)
    if release.id in kept(plugin):
        told = _(
            "%(plugin)s %(version)s is in use, or where a bad release would be rolled back to."
        )
        names = {"plugin": plugin.slug, "version": release.version}
        raise ReleaseInUse(told % names)
    before: dict[str, Any] = {"version": release.version, "digest": release.digest}
    audit.record(principal, "plugin.release_removed", "plugin", plugin.slug, before=before)
    forget([release])
    forget_packages()
    tell_plugin(plugin)


def _change(principal: Principal, plugin: Plugin, release: PluginRelease) -> Plugin:
    dependencies.allow(manifests.parse(release.manifest))
    return ask_now(want(principal, plugin, release))


def _found(plugin: Plugin, which: str) -> PluginRelease | None:
    try:
        return release_of(plugin, which)
    except ReleaseNotFound:
        return None


def _newest_release(plugin: Plugin) -> PluginRelease | None:
    """The newest installed one that is newer than the one it has."""
    current = plugin.release.version if plugin.release else ""
    newer = [
        each
        for each in plugin.releases.order_by("installed")
        if not current or versions.key(each.version) > versions.key(current)
    ]
    return max(newer, key=lambda each: versions.key(each.version), default=None)


def _before(plugin: Plugin) -> PluginRelease | None:
    """The last good one where that is another, else the one before that could be prepared."""
    if plugin.good_release_id not in (None, plugin.release_id):
        return plugin.good_release
    if plugin.release is None:
        return None
    earlier = plugin.releases.filter(installed__lt=plugin.release.installed)
    usable = Q(package=None) | Q(preparations__state=Preparation.State.READY)
    return earlier.filter(usable).distinct().order_by("-installed").first()
