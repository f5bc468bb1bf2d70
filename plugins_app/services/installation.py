"""Install, configure, uninstall."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app import manifest as manifests
from plugins_app.errors import AgentTaken, InvalidConfig, InvalidManifest
from plugins_app.manifest import AgentEntry, Manifest
from plugins_app.models import AutoscalePolicy, HostedAgent, Plugin, PluginEvent, PluginRelease
from plugins_app.services.events import record_event, tell_plugin
from plugins_app.services.operation import renew_generation
from plugins_app.services.placement import wake_nodes
from plugins_app.services.settling import lock_plugin, settle
from registry.services import publish_agent, retire_agent
from security import audit, news, permissions
from security.principals import Principal

NOT_PART: Final = {"__pycache__", ".venv", "node_modules", ".git", ".pytest_cache"}


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
    plugin = _row(manifest)
    release, fresh = PluginRelease.objects.get_or_create(
        plugin=plugin,
        version=manifest.version,
        digest=digest,
        defaults={"path": str(folder), "manifest": raw},
    )
    if release.path != str(folder):
        release.path = str(folder)
        release.save(update_fields=["path"])
        fresh = True
    changed, plugin.release = plugin.release_id != release.id or fresh, release
    _describe(plugin, manifest)
    if changed or plugin.hosted_agents.count() != len(manifest.agents):
        _host(principal, plugin, manifest)
    _set_policy(plugin, manifest)
    if changed:
        after = {"version": manifest.version, "digest": digest}
        audit.record(principal, "plugin.installed", "plugin", plugin.slug, after=after)
        record_event(plugin, None, PluginEvent.Type.INSTALLED, manifest.version, after)
    if changed and plugin.desired != Plugin.Desired.STOPPED:
        return renew_generation(plugin)
    settle(plugin)
    tell_plugin(plugin)
    return plugin


def _row(manifest: Manifest) -> Plugin:
    """The plugin's row, locked; a new one takes the replicas and the configuration of its manifest."""
    defaults = {"desired_replicas": manifest.replicas, "config": manifest.config}
    plugin, _made = Plugin.objects.get_or_create(slug=manifest.name, defaults=defaults)
    return lock_plugin(plugin.id)


def _describe(plugin: Plugin, manifest: Manifest) -> None:
    plugin.description = manifest.description
    plugin.kind = Plugin.Kind(manifest.kind)
    plugin.priority = Plugin.Priority(manifest.priority)
    plugin.framework = manifest.framework
    plugin.trust = manifest.trust
    plugin.reload = Plugin.Reload(manifest.reload)
    plugin.save()


def _host(principal: Principal, plugin: Plugin, manifest: Manifest) -> None:
    """Publish the agents it hosts, retire those it hosts no more."""
    wanted = {entry.slug: entry for entry in manifest.agents}
    for hosted in plugin.hosted_agents.select_related("agent").exclude(agent__slug__in=wanted):
        retire_agent(principal, hosted.agent.slug)
        hosted.delete()
    for entry in wanted.values():
        publish(principal, plugin, entry, framework=manifest.framework)


def publish(
    principal: Principal,
    plugin: Plugin,
    entry: AgentEntry,
    *,
    framework: str,
    card: dict[str, Any] | None = None,
) -> None:
    """Publish one agent of a plugin; `card` is what a process says of it beyond its manifest."""
    other = HostedAgent.objects.filter(agent__slug=entry.slug).exclude(plugin=plugin).first()
    if other is not None:
        told = _("The agent %(agent)s is hosted by the plugin %(plugin)s.")
        raise AgentTaken(told % {"agent": entry.slug, "plugin": other.plugin.slug})
    agent = publish_agent(
        principal,
        slug=entry.slug,
        name=entry.name,
        description=entry.description,
        version=entry.version,
        framework=framework,
        capabilities=list(entry.capabilities),
        retry=entry.retry,
        card=_partial_card(entry, card or {}),
        direct_messages=entry.direct_messages,
    )
    HostedAgent.objects.get_or_create(plugin=plugin, agent=agent)


def _partial_card(entry: AgentEntry, told: dict[str, Any]) -> dict[str, Any]:
    """The manifest's part of the card, and over it what the process says."""
    card = {"skills": list(entry.skills), **entry.card}
    capabilities = {**card.get("capabilities", {}), **told.get("capabilities", {})}
    card |= {key: value for key, value in told.items() if value}
    return card | {"capabilities": capabilities} if capabilities else card


def _set_policy(plugin: Plugin, manifest: Manifest) -> None:
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


@transaction.atomic
def configure(principal: Principal, ref: str | UUID, config: dict[str, Any]) -> Plugin:
    """Replace the whole configuration; running processes are replaced one after the other.

    Raises `InvalidConfig` that names every field the plugin's schema refuses.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    schema = plugin.release.manifest.get("config_schema", {}) if plugin.release else {}
    if problems := manifests.config_problems({"type": "object", **schema}, config):
        listed = "; ".join(f"{name} {problem}".strip() for name, problem in problems.items())
        told = _("The configuration does not fit: %(problems)s") % {"problems": listed}
        raise InvalidConfig(told, fields=problems)
    changed = sorted(
        key
        for key in plugin.config.keys() | config.keys()
        if plugin.config.get(key) != config.get(key)
    )
    if not changed:
        return plugin
    plugin.config = config
    plugin.save(update_fields=["config", "updated"])
    # Names only: a value may be a secret.
    audit.record(principal, "plugin.configured", "plugin", plugin.slug, after={"changed": changed})
    record_event(plugin, None, PluginEvent.Type.CONFIGURED, ", ".join(changed), {"keys": changed})
    return renew_generation(plugin)


@transaction.atomic
def uninstall(principal: Principal, ref: str | UUID) -> None:
    """Remove it. Its processes are drained and ended, its agents retired; their tasks stay."""
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    wake_nodes(plugin)
    for hosted in plugin.hosted_agents.select_related("agent"):
        retire_agent(principal, hosted.agent.slug)
    plugin.desired, plugin.release = Plugin.Desired.STOPPED, None
    plugin.state, plugin.reason = Plugin.State.UNLOADED, "Uninstalled."
    plugin.save()
    tell_plugin(plugin)
    audit.record(principal, "plugin.uninstalled", "plugin", plugin.slug)
    news.publish_on_commit("routes", {"plugin": plugin.slug})
    plugin.instances.all().delete()
    plugin.releases.all().delete()
    Plugin.objects.filter(id=plugin.id).delete()


def digest_of(folder: Path) -> str:
    """sha256 over the names and contents of a plugin's files; what it makes while running is left out."""
    total = hashlib.sha256()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_PART:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path
