"""Questions about what plugins are told to be like."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from plugins_app import configuration
from plugins_app.configuration import secrets
from plugins_app.configuration.sealing import Sealing, taken_out
from plugins_app.errors import InvalidConfig, RevisionNotFound
from plugins_app.models import ConfigRevision, Plugin, PluginSecret
from plugins_app.selectors.models import completed, mark_of
from plugins_app.selectors.plugins import access_plugin
from security import crypto, permissions
from security.principals import Principal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Effective:
    """What a process of the plugin gets, with the secrets in it; `trouble` says why there is nothing to give it."""

    config: Json = field(default_factory=dict, repr=False)
    trouble: str = ""
    model_mark: str = ""  # another one when another default model is in it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration that is not in force: with references, with the values they stand for, and what is wrong with it."""

    sealed: Json
    effective: Json = field(repr=False)
    fresh: Json = field(repr=False)  # secrets that came with it, by name
    changes: list[configuration.Change]
    problems: dict[str, str]
    revision: int  # the number it would get


@dataclass(frozen=True, slots=True)
class Revision:
    """For eyes. `older` is the number of the one it is compared with."""

    plugin: Plugin
    row: ConfigRevision  # of revision 0, which plugin.yaml has, no row of the table
    config: Json
    older: int
    changes: list[configuration.Change]


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret as it may be told: `field` is the dotted field it is for, `used` that the newest revision has it."""

    field: str
    name: str
    used: bool
    updated: datetime


def effective_config(plugin: Plugin) -> Json:
    """With the secrets in their places: only for the plugin itself. Raises `InvalidConfig` when one cannot be had."""
    told = effective_configs([plugin])[plugin.id]
    if told.trouble:
        raise InvalidConfig(told.trouble)
    return told.config


def effective_configs(plugins: Iterable[Plugin]) -> dict[UUID, Effective]:
    """The same for many, by plugin id: one query, or none when nobody has secrets."""
    rows = {plugin.id: plugin for plugin in plugins}
    wanted = {
        plugin.id: {name for _path, name in secrets.references(plugin.config)}
        for plugin in rows.values()
    }
    sealed = _sealed_of([plugin_id for plugin_id, names in wanted.items() if names])
    found = {
        plugin_id: _effective(plugin.config, wanted[plugin_id], sealed[plugin_id])
        for plugin_id, plugin in rows.items()
    }
    return {key: _completed(rows[key], each) for key, each in found.items()}


def _completed(plugin: Plugin, told: Effective) -> Effective:
    """With what AgentX adds: a plugin may be told nothing, and has a model all the same."""
    config = told.config if told.trouble else completed(plugin, told.config)
    return replace(told, config=config, model_mark=mark_of(plugin))


def shown_config(principal: Principal, ref: str | UUID) -> Json:
    """For who may change it: references, never values."""
    return config_shown(_managed(principal, ref))


def config_shown(plugin: Plugin) -> Json:
    """A plugin's configuration without its secrets, for pages that found the plugin already."""
    return secrets.redacted(schema_of(plugin), plugin.config)


def candidate(
    plugin: Plugin, config: Json, *, also: frozenset[str] = frozenset(), schema: Json | None = None
) -> Candidate:
    """What would become of this configuration; changes nothing. `also`: dotted fields that are secret, too.

    `schema`: that of another release, to know before an upgrade what it would refuse.
    """
    schema = schema_of(plugin) if schema is None else schema
    number = 1 + max(plugin.revision, newest_revision(plugin))
    sealed = _sealed_of([plugin.id])[plugin.id]
    return weighed(schema, config, held=plugin.config, sealed=sealed, number=number, also=also)


def weighed(
    schema: Json,
    config: Json,
    *,
    held: Json,
    sealed: dict[str, str],
    number: int,
    also: frozenset[str] = frozenset(),
) -> Candidate:
    """The same of any configuration: `held` is the one in force, `sealed` its secrets by name."""
    values, broken = opened(sealed)
    taken = taken_out(schema, config, held=held, known=values | broken, revision=number, also=also)
    effective, missing = filled_in(taken.config, values | secrets.hidden(taken.fresh), broken)
    return Candidate(
        sealed=taken.config,
        effective=effective,
        fresh=taken.fresh,
        changes=configuration.changes(
            secrets.redacted(schema, held), secrets.redacted(schema, taken.config)
        ),
        problems={**configuration.problems(schema, effective), **missing, **taken.problems},
        revision=number,
    )


def seal_again(plugin: Plugin) -> Sealing:
    """The configuration in force, with the secrets taken out that still lie open in it."""
    values, broken = opened(_sealed_of([plugin.id])[plugin.id])
    return taken_out(
        schema_of(plugin),
        plugin.config,
        held=plugin.config,
        known=values | broken,
        revision=plugin.revision,
    )


def revisions(principal: Principal, ref: str | UUID) -> QuerySet[ConfigRevision]:
    """Newest first. Revision 0, the manifest's own, is no row."""
    return _managed(principal, ref).revisions.order_by("-number")


def revision_config(plugin: Plugin, number: int) -> Json:
    """The configuration of one revision, references and all; 0 is the manifest's. Raises `RevisionNotFound`."""
    if number == 0:
        return manifest_of(plugin).get("config", {}) or {}
    row = ConfigRevision.objects.filter(plugin=plugin, number=number).first()
    if row is None:
        told = _("%(plugin)s has no configuration revision %(number)d.")
        raise RevisionNotFound(told % {"plugin": plugin.slug, "number": number})
    held: Json = row.config
    return held


def revision(
    principal: Principal, ref: str | UUID, number: int, *, against: int | None = None
) -> Revision:
    """One revision with what it changed since another, or since the one before it. Raises `RevisionNotFound`."""
    plugin = _managed(principal, ref)
    config = secrets.redacted(schema_of(plugin), revision_config(plugin, number))
    older = _before(plugin, number) if against is None else against
    row = plugin.revisions.filter(number=number).first() or ConfigRevision(
        plugin=plugin,
        number=0,
        created=plugin.release.installed if plugin.release else plugin.created,
    )
    return Revision(plugin, row, config, older, revision_changes(plugin, older, number))


def _before(plugin: Plugin, number: int) -> int:
    rows = plugin.revisions.filter(number__lt=number).order_by("-number")
    return rows.values_list("number", flat=True).first() or 0


def revision_changes(plugin: Plugin, older: int, newer: int) -> list[configuration.Change]:
    """What differs between two revisions, without the secrets."""
    schema = schema_of(plugin)
    before, after = (
        secrets.redacted(schema, revision_config(plugin, number)) for number in (older, newer)
    )
    return configuration.changes(before, after)


def newest_revision(plugin: Plugin) -> int:
    """The number of the newest revision; 0 when there is none."""
    found = ConfigRevision.objects.filter(plugin=plugin).aggregate(newest=Max("number"))
    return found["newest"] or 0


def secret_rows(principal: Principal, ref: str | UUID) -> list[SecretRow]:
    """Which secrets a plugin has, by field, the newest first; never what they are."""
    return secrets_of(_managed(principal, ref))


def secrets_of(plugin: Plugin) -> list[SecretRow]:
    used = {name for _path, name in secrets.references(plugin.config)}
    rows = plugin.secrets.order_by("-updated").values_list("name", "updated")
    told = [SecretRow(secrets.field_of(name), name, name in used, when) for name, when in rows]
    return sorted(told, key=lambda row: row.field)


def manifest_of(plugin: Plugin) -> Json:
    manifest: Json = plugin.release.manifest if plugin.release else {}
    return manifest


def schema_of(plugin: Plugin) -> Json:
    schema: Json = manifest_of(plugin).get("config_schema", {}) or {}
    return schema


def _managed(principal: Principal, ref: str | UUID) -> Plugin:
    principal.require(permissions.PLUGINS_MANAGE)
    return access_plugin(principal, ref)


def _sealed_of(plugin_ids: list[UUID]) -> defaultdict[UUID, dict[str, str]]:
    found: defaultdict[UUID, dict[str, str]] = defaultdict(dict)
    if plugin_ids:
        rows = PluginSecret.objects.filter(plugin__in=plugin_ids)
        for plugin_id, name, text in rows.values_list("plugin_id", "name", "sealed"):
            found[plugin_id][name] = text
    return found


def _effective(config: Json, wanted: set[str], sealed: dict[str, str]) -> Effective:
    values, broken = opened({name: sealed[name] for name in wanted if name in sealed})
    effective, missing = filled_in(config, values, broken)
    told = "; ".join(f"{name} {problem}" for name, problem in missing.items())
    if told:
        return Effective(trouble=_("Its configuration cannot be used: %(why)s.") % {"why": told})
    return Effective(effective)


def opened(sealed: dict[str, str]) -> tuple[Json, Json]:
    """Of secrets, the values by name, and those whose seal is broken."""
    values: Json = {}
    broken: Json = {}
    for name, text in sealed.items():
        try:
            values[name] = secrets.hidden(json.loads(crypto.unseal(text)))
        except (crypto.SealBroken, ValueError):
            broken[name] = None
    return values, broken


def filled_in(config: Json, values: Json, broken: Json) -> tuple[Json, dict[str, str]]:
    """With what is known; what is not stays a reference and is told by its field."""
    missing = {
        secrets.dotted(path): _("has a secret whose seal is broken: set it again")
        if name in broken
        else _("has no secret behind it: set it again")
        for path, name in secrets.references(config)
        if name not in values
    }
    known = {name: {secrets.REFERENCE: name} for _path, name in secrets.references(config)}
    filled: Json = secrets.filled(config, {**known, **values})
    return filled, missing
