"""What a plugin is told to be like, revision by revision."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app import configuration
from plugins_app.configuration import secrets
from plugins_app.errors import ConfigChanged, InvalidConfig, SecretNotFound
from plugins_app.models import ConfigRevision, Plugin, PluginEvent, PluginSecret
from plugins_app.selectors.config import (
    Candidate,
    candidate,
    revision_config,
    seal_again,
)
from plugins_app.services.events import record_event
from plugins_app.services.operation import follow
from plugins_app.services.placement import forgive
from plugins_app.services.settling import lock_plugin
from security import audit, crypto, permissions
from security.principals import Principal

# Secrets that only older revisions refer to are forgotten.
REVISIONS_WITH_SECRETS: Final = 20
MAX_NOTE: Final = 500


@transaction.atomic
def configure(
    principal: Principal,
    ref: str | UUID,
    config: dict[str, Any],
    *,
    note: str = "",
    base: int | None = None,
) -> Plugin:
    """Replace the whole configuration. Its secrets are sealed, and references put in their places.

    Raises `InvalidConfig` that names every field the plugin's schema refuses, and `ConfigChanged` when it is no longer
    at revision `base`.
    """
    plugin = _locked(principal, ref)
    if base is not None and base != plugin.revision:
        raise ConfigChanged(_who_came_first(plugin, base), fields={"base": _("is not the newest")})
    return _take(principal, plugin, candidate(plugin, config), note=note)


@transaction.atomic
def restore_config(principal: Principal, ref: str | UUID, number: int, *, note: str = "") -> Plugin:
    """Go back to a revision, by a new one like it; 0 is what the manifest says."""
    plugin = _locked(principal, ref)
    return go_back(principal, plugin, number, note=note)


def go_back(principal: Principal, plugin: Plugin, number: int, *, note: str = "") -> Plugin:
    """The change itself, for `restore_config` and the automatic rollback: the plugin's row is locked.

    Raises `RevisionNotFound`, and `InvalidConfig` when that revision does not fit any more.
    """
    found = candidate(plugin, revision_config(plugin, number))
    return _take(principal, plugin, found, note=note, restored=number)


@transaction.atomic
def set_secret(principal: Principal, ref: str | UUID, name: str, value: Any) -> Plugin:
    """Set the secret of a dotted field, by a new revision; the field need not look like a secret."""
    plugin = _locked(principal, ref)
    path = _path(name)
    found = candidate(plugin, _with(plugin.config, path, value), also=frozenset((name,)))
    return _take(principal, plugin, found, note=_("Secret of %(field)s set") % {"field": name})


@transaction.atomic
def remove_secret(principal: Principal, ref: str | UUID, name: str) -> Plugin:
    """Take a secret away everywhere, older revisions included, and its field out of the configuration."""
    plugin = _locked(principal, ref)
    _path(name)
    names = [
        each
        for each in plugin.secrets.values_list("name", flat=True)
        if secrets.field_of(each) == name
    ]
    if not names:
        told = _("%(plugin)s has no secret %(name)r.")
        raise SecretNotFound(told % {"plugin": plugin.slug, "name": name[:100]})
    left = secrets.without(plugin.config, names)
    found = candidate(plugin, left)
    plugin = _take(
        principal, plugin, found, note=_("Secret of %(field)s taken away") % {"field": name}
    )
    plugin.secrets.filter(name__in=names).delete()
    return plugin


def keep_up(plugin: Plugin, manifest_config: dict[str, Any]) -> None:
    """With the release that it gets: what nobody configured goes on being as plugin.yaml says. The caller saves it."""
    if plugin.revision == 0:
        plugin.config = manifest_config


@transaction.atomic
def seal_open_secrets(principal: Principal) -> int:
    """Seal what lies open in configurations from before secrets were sealed; answers in how many. At every start."""
    found = 0
    for plugin in Plugin.objects.select_for_update().filter(revision__gt=0).order_by("id"):
        taken = seal_again(plugin)
        if not taken.fresh:
            continue
        found += 1
        _keep(plugin, taken.fresh)
        plugin.config = taken.config
        plugin.save(update_fields=["config", "updated"])
        plugin.revisions.filter(number=plugin.revision).update(config=taken.config)
        after = {"fields": sorted(secrets.field_of(name) for name in taken.fresh)}
        audit.record(principal, "plugin.secrets_sealed", "plugin", plugin.slug, after=after)
    return found


def problems_with(plugin: Plugin, schema: Mapping[str, Any]) -> dict[str, str]:
    """What a release with this `config_schema` would refuse of the plugin's configuration, by dotted field."""
    return candidate(plugin, plugin.config, schema=dict(schema)).problems


def require_fit(plugin: Plugin, manifest: Mapping[str, Any]) -> None:
    """Raises `InvalidConfig` when what somebody configured does not fit the release of this manifest."""
    if plugin.revision and (found := problems_with(plugin, manifest.get("config_schema") or {})):
        raise InvalidConfig.of(found)


def _locked(principal: Principal, ref: str | UUID) -> Plugin:
    principal.require(permissions.PLUGINS_MANAGE)
    return lock_plugin(ref)


def _take(
    principal: Principal,
    plugin: Plugin,
    found: Candidate,
    *,
    note: str = "",
    restored: int | None = None,
) -> Plugin:
    if found.problems:
        raise InvalidConfig.of(found.problems)
    if configuration.same(plugin.config, found.sealed):
        return plugin
    before = plugin.revision
    _keep(plugin, found.fresh)
    ConfigRevision.objects.create(
        plugin=plugin,
        number=found.revision,
        config=found.sealed,
        author=principal.label[:200],
        note=note[:MAX_NOTE],
        restored=restored,
    )
    plugin.config, plugin.revision = found.sealed, found.revision
    plugin.save(update_fields=["config", "revision", "updated"])
    _forget_old(plugin)
    _tell(principal, plugin, found, before, restored)
    forgive(plugin)
    return follow(plugin)


def _keep(plugin: Plugin, fresh: Mapping[str, Any]) -> None:
    PluginSecret.objects.bulk_create(
        PluginSecret(plugin=plugin, name=name, sealed=crypto.seal(configuration.as_json(value)))
        for name, value in fresh.items()
    )


def _forget_old(plugin: Plugin) -> None:
    """Secrets that no revision one may soon go back to refers to."""
    newest = plugin.revisions.order_by("-number")[:REVISIONS_WITH_SECRETS]
    kept = [plugin.config, *(row.config for row in newest)]
    if plugin.good_revision:
        kept += plugin.revisions.filter(number=plugin.good_revision).values_list(
            "config", flat=True
        )
    names = {name for config in kept for _path, name in secrets.references(config)}
    plugin.secrets.exclude(name__in=names).delete()


def _tell(
    principal: Principal, plugin: Plugin, found: Candidate, before: int, restored: int | None
) -> None:
    # Names only: a value may be a secret.
    fields = [change.path for change in found.changes]
    after: dict[str, Any] = {"revision": plugin.revision, "changed": fields}
    if restored is not None:
        after["restored"] = restored
    audit.record(
        principal,
        "plugin.configured",
        "plugin",
        plugin.slug,
        before={"revision": before},
        after=after,
    )
    told = _("revision %(number)d: %(fields)s")
    message = told % {"number": plugin.revision, "fields": ", ".join(fields)}
    record_event(plugin, None, PluginEvent.Type.CONFIGURED, message, {"keys": fields, **after})


def _who_came_first(plugin: Plugin, base: int) -> str:
    newest = plugin.revisions.filter(number=plugin.revision).first()
    told = _(
        "The configuration of %(plugin)s is at revision %(now)d, by %(who)s, no longer at %(base)d: "
        "look at it and change it again."
    )
    who = newest.author if newest and newest.author else _("its plugin.yaml")
    return told % {"plugin": plugin.slug, "now": plugin.revision, "who": who, "base": base}


def _path(name: str) -> list[str]:
    """Of the objects a dotted field lies in."""
    path = name.split(".")
    if not name or not all(path) or len(name) > secrets.MAX_NAME:
        raise InvalidConfig(_("That is no name of a field."), fields={"name": _("no field")})
    return path


def _with(config: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """A copy in which the field has this value; objects on the way are made."""
    first, *rest = path
    if not rest:
        return {**config, first: value}
    inner = config.get(first, {})
    if not isinstance(inner, dict) or secrets.is_reference(inner):
        told = _("%(field)s is no object that could hold a secret.") % {"field": first}
        raise InvalidConfig(told, fields={first: _("no object")})
    return {**config, first: _with(inner, rest, value)}
