"""Take in a plugin that lies in a folder."""

from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app import manifest as manifests
from plugins_app.errors import InvalidManifest
from plugins_app.manifest import Manifest
from plugins_app.models import AutoscalePolicy, HostedAgent, Plugin, PluginEvent, PluginRelease
from plugins_app.packages.contents import digest_of
from plugins_app.services.config import configure, keep_up
from plugins_app.services.events import record_event, tell_plugin
from plugins_app.services.hosting import host
from plugins_app.services.operation import renew_generation
from plugins_app.services.settling import lock_plugin, settle
from security import audit, permissions
from security.principals import Principal

Origin: Final = HostedAgent.Origin


def install(principal: Principal, folder: Path, *, config: dict[str, Any] | None = None) -> Plugin:
    """Take in the plugin that lies in this folder, or a new release of it. It starts only when told to.

    A running plugin's processes are replaced one after the other. Raises `InvalidManifest`, `AgentTaken`,
    and `InvalidConfig` for a `config` that does not fit.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    folder = folder.resolve()
    raw = manifests.read(folder)
    manifest = manifests.parse(raw)
    problems = manifests.config_problems(manifest.config_schema, manifest.config)
    if problems and manifest.config:
        told = _("config does not fit config_schema: %(problems)s") % {"problems": problems}
        raise InvalidManifest(told, fields=problems)
    digest = digest_of(folder)
    with transaction.atomic():
        plugin = _take_in(principal, folder, raw, manifest, digest)
        return plugin if config is None else configure(principal, plugin.id, config)


def _take_in(
    principal: Principal, folder: Path, raw: dict[str, Any], manifest: Manifest, digest: str
) -> Plugin:
    plugin = plugin_row(manifest)
    release, fresh = PluginRelease.objects.get_or_create(
        plugin=plugin,
        version=manifest.version,
        digest=digest,
        defaults={"path": str(folder), "manifest": raw, "trust": manifest.trust},
    )
    if release.path != str(folder):
        release.path = str(folder)
        release.save(update_fields=["path"])
        fresh = True
    changed, plugin.release = plugin.release_id != release.id or fresh, release
    _describe(plugin, manifest)
    if changed or plugin.hosted_agents.filter(origin=Origin.MANIFEST).count() < len(
        manifest.agents
    ):
        host(principal, plugin, manifest)
    set_policy(plugin, manifest)
    if changed:
        after = {"version": manifest.version, "digest": digest}
        audit.record(principal, "plugin.installed", "plugin", plugin.slug, after=after)
        record_event(plugin, None, PluginEvent.Type.INSTALLED, manifest.version, after)
    if changed and plugin.desired != Plugin.Desired.STOPPED:
        return renew_generation(plugin)
    settle(plugin)
    tell_plugin(plugin)
    return plugin


def plugin_row(manifest: Manifest) -> Plugin:
    """The plugin's row, locked; a new one takes the replicas and the configuration of its manifest."""
    defaults = {
        "desired_replicas": manifest.replicas,
        "standby": manifest.standby,
        "config": manifest.config,
    }
    plugin, _made = Plugin.objects.get_or_create(slug=manifest.name, defaults=defaults)
    return lock_plugin(plugin.id)


def _describe(plugin: Plugin, manifest: Manifest) -> None:
    plugin.description = manifest.description
    plugin.kind = Plugin.Kind(manifest.kind)
    plugin.priority = Plugin.Priority(manifest.priority)
    plugin.framework = manifest.framework
    plugin.trust = manifest.trust
    plugin.reload = Plugin.Reload(manifest.reload)
    keep_up(plugin, manifest.config)
    plugin.save()


def set_policy(plugin: Plugin, manifest: Manifest) -> None:
    """The manifest's policy is where a plugin begins; from then on it is the operator's."""
    if manifest.autoscale is None:
        return
    told = manifest.autoscale
    AutoscalePolicy.objects.get_or_create(
        plugin=plugin,
        defaults={
            "minimum": told.minimum,
            "maximum": told.maximum,
            "target_in_flight": told.target_in_flight,
            "cooldown_seconds": told.cooldown_seconds,
        },
    )
