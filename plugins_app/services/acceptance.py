"""The one door by which a package becomes a plugin, wherever it came from."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from plugins_app import configuration
from plugins_app.errors import InvalidConfig, InvalidManifest, InvalidPackage, PackageNotFound
from plugins_app.manifest import Manifest
from plugins_app.models import Package, Plugin, PluginEvent, PluginRelease
from plugins_app.packages import archive, versions
from plugins_app.packages.archive import Opened
from plugins_app.selectors.bundled import bundled_named
from plugins_app.selectors.market import chosen_package
from plugins_app.services import dependencies, keeping, orders, trust
from plugins_app.services.config import configure
from plugins_app.services.events import record_event
from plugins_app.services.forgetting import forget_superseded
from plugins_app.services.installation import plugin_row, set_policy
from plugins_app.services.releases import want
from plugins_app.services.trust import Lent
from security import audit, permissions
from security.errors import Conflict
from security.principals import Principal

Source = PluginRelease.Source
Config = dict[str, Any]


def accept(
    principal: Principal,
    content: bytes,
    *,
    source: str = Source.PACKAGE,
    signature: str = "",
    config: Config | None = None,
) -> Plugin:
    """Take in a package, a new release of a plugin or the first. It is wanted from now on; nodes prepare it.

    Raises `InvalidPackage`, `InvalidManifest`, `NotSigned`, `Needed`, `AgentTaken`, and `InvalidConfig` when the
    configuration, given or already there, does not fit.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    found = keeping.looked_at(principal, content)
    lent = _lent(principal, found, source, signature)
    with transaction.atomic():
        keeping.lock_name(found.manifest.name)
        # Who uninstalls it in this moment takes its packages along: wait, then bring them anew.
        Plugin.objects.select_for_update().filter(slug=found.manifest.name).first()
        package = keeping.keep(principal, found, content, signature, lent)
        _raise_to(package, lent)
        keeping.require_trusted_program(found, package.trust)
        return _install(principal, package, found.manifest, source, config)


def accept_folder(
    principal: Principal,
    folder: Path,
    *,
    source: str = Source.PACKAGE,
    config: Config | None = None,
) -> Plugin:
    """The same with what lies in a folder of this machine: it is packed first."""
    principal.require(permissions.PLUGINS_MANAGE)
    try:
        built = archive.build(folder.resolve())
    except (InvalidPackage, InvalidManifest) as error:
        keeping.note_refusal(principal, "", error)
        raise
    return accept(principal, built.content, source=source, config=config)


def market_install(
    principal: Principal, name: str, spec: str = "", *, config: Config | None = None
) -> Plugin:
    """Install the newest listed version that fits `spec`; its signature is checked again.

    A yanked one comes only by its exact version. What another registry has is fetched first, then accepted.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    package = chosen_package(principal, name, spec)
    content = bytes(package.file.content)
    plugin = accept(
        principal, content, source=Source.MARKET, signature=package.signature, config=config
    )
    count_download(package)
    return plugin


def install_named(
    principal: Principal, name: str, spec: str = "", *, config: Config | None = None
) -> Plugin | None:
    """Install what this AgentX itself has under that name: in its registry, else bundled. None: nothing that fits.

    Who asks for a bundled one by its name wants it soon: it is prepared now, not at its first start.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    try:
        return market_install(principal, name, spec, config=config)
    except PackageNotFound:
        shipped = bundled_named(name)
        if shipped is None or not versions.fits(shipped.version, spec):
            return None
    plugin = accept_folder(principal, shipped.folder, source=Source.BUNDLED, config=config)
    with transaction.atomic():
        if release := plugin.next_release or plugin.release:
            orders.order(release)
    return plugin


def warnings_of(plugin: Plugin) -> list[str]:
    """What whoever installed it last should know: that this version was taken back, that it waits for a review."""
    release = plugin.next_release or plugin.release
    package = release.package if release else None
    if package is None:
        return []
    told = []
    if package.yanked is not None:
        told.append(_("This version was yanked: %(why)s") % {"why": package.yank_reason})
    if package.review == Package.Review.PENDING:
        names = {"asked": package.wanted_trust, "trust": package.trust}
        told.append(
            _("It asks for the trust %(asked)s and has %(trust)s until somebody reviews it.")
            % names
        )
    return told


def count_download(package: Package) -> None:
    Package.objects.filter(id=package.id).update(downloads=F("downloads") + 1)


def _lent(principal: Principal, found: Opened, source: str, signature: str) -> Lent:
    """What ships with AgentX is as good as AgentX."""
    if source == Source.BUNDLED:
        return Lent(found.manifest.trust, None)
    return keeping.lent_to(principal, found, signature)


def _raise_to(package: Package, lent: Lent) -> None:
    """The same bytes are as good from wherever they come, and no better than who looked at them said."""
    if package.review == Package.Review.APPROVED:
        return
    better = trust.greater(package.trust, lent.trust)
    if better != package.trust:
        package.trust = better
        package.save(update_fields=["trust"])


def _install(
    principal: Principal, package: Package, manifest: Manifest, source: str, config: Config | None
) -> Plugin:
    dependencies.allow(manifest)
    plugin = plugin_row(manifest)
    _require_fitting(plugin, manifest, config)
    release = _release(principal, plugin, package, source)
    set_policy(plugin, manifest)
    after = {"version": package.version, "digest": package.digest, "trust": package.trust}
    audit.record(principal, "plugin.installed", "plugin", plugin.slug, after=after)
    record_event(plugin, None, PluginEvent.Type.INSTALLED, package.version, after)
    plugin = want(principal, plugin, release)
    forget_superseded(plugin)
    if config is None:
        return plugin
    if plugin.release_id != release.id:
        told = _(
            "%(plugin)s runs: configure it once the new release has taken over, or stop it first."
        )
        raise Conflict(told % {"plugin": plugin.slug})
    return configure(principal, plugin.id, config)


def _release(principal: Principal, plugin: Plugin, package: Package, source: str) -> PluginRelease:
    """The release that this package is; the same again is prepared anew, should its files have been changed."""
    told = {
        "source": source,
        "package": package,
        "path": "",
        "manifest": package.manifest,
        "trust": package.trust,
        "signer": package.signer,
        "installed_by": principal.label,
    }
    release, made = PluginRelease.objects.update_or_create(
        plugin=plugin, version=package.version, digest=package.contents, defaults=told
    )
    if not made:
        orders.order_afresh(release)
    return release


def _require_fitting(plugin: Plugin, manifest: Manifest, config: Config | None) -> None:
    """The configuration that is there must fit a new release too, before anything is changed over."""
    held = config
    if held is None:  # what nobody changed changes with the release
        held = plugin.config if plugin.revision else manifest.config
    if not held:
        return
    schema = {"type": "object", **manifest.config_schema}
    if found := configuration.problems(schema, held):
        listed = "; ".join(f"{name} {why}".strip() for name, why in found.items())
        told = _("The configuration does not fit %(plugin)s %(version)s: %(problems)s")
        names = {"plugin": plugin.slug, "version": manifest.version, "problems": listed}
        raise InvalidConfig(told % names, fields=found)
