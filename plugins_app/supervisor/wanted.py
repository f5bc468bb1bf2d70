"""What the rows want of this node, as plain values that may leave the thread they were read in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from plugins_app.client.agents import Held, of_row
from plugins_app.client.shapes import AgentSpec
from plugins_app.models import Plugin, PluginInstance, PluginRelease, Preparation
from plugins_app.packages import graph
from plugins_app.process import Identity
from plugins_app.selectors import current_instances
from plugins_app.selectors.agents import specs_of
from plugins_app.selectors.config import effective_configs
from plugins_app.services.proving import is_good, is_new
from plugins_app.states import SERVING
from security.crypto import SealBroken, unseal

RUNNING_OUT = frozenset({*SERVING, PluginInstance.State.DRAINING})


@dataclass(frozen=True, slots=True)
class Known:
    """The process that a row says is there."""

    identity: Identity
    launch_id: str
    address: str
    contract: int
    generation: int
    release_id: UUID
    revision: int
    agents: Held
    model_mark: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A process that was started by hand, and where it says that it listens."""

    pid: int
    address: str
    launch_id: str
    contract: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row of this node."""

    instance_id: UUID
    plugin_id: UUID
    plugin: str
    ordinal: int
    is_wanted: bool
    is_fatal: bool
    generation: int
    release_id: UUID
    manifest: dict[str, Any]
    folder: str
    environment: str  # the folder of its libraries; empty: AgentX's own
    digest: str
    trust: str
    allowed_hosts: tuple[str, ...]
    config: dict[str, Any] = field(repr=False)  # with its secrets
    revision: int
    agents: tuple[AgentSpec, ...]
    model_mark: str  # of the default model that is in `config`
    code_folders: tuple[str, ...]
    failures: tuple[float, ...]
    known: Known | None
    reload: str  # the strategy
    changed: float  # Unix time at which the generation grew
    asked_generation: int  # up to here an operator said: now
    is_good: bool  # it has shown that it works
    is_new: bool  # it has yet to, and something else is known to work
    standby: int  # this slot's share of the plugin's warm processes
    attachment: Attachment | None  # for the first slot alone
    rank: tuple[int, int, int]  # who starts first: what others need, then by priority
    is_prepared: bool
    depends_ready: bool
    waits_for: str  # why it cannot be started now; empty when it can


def wanted_on(node: str) -> list[Wanted]:
    """Every process that this node has or should have."""
    rows = current_instances().filter(node__name=node)
    found = list(rows.select_related("plugin__release", "release"))
    return Reading(node, found).all()


class Reading:
    """What all rows of a node have in common, asked for once."""

    def __init__(self, node: str, rows: Sequence[PluginInstance]) -> None:
        self._rows = rows
        self._needs = {row.plugin.slug: _needs(_release(row)) for row in rows}
        self._layer = _layers(self._needs)
        self._serving = _serving({name for needs in self._needs.values() for name in needs})
        self._prepared = _prepared(node, [_release(row) for row in rows])
        plugins = {row.plugin_id: row.plugin for row in rows}.values()
        self._configs = effective_configs(plugins)
        self._agents = specs_of(plugins)

    def all(self) -> list[Wanted]:
        return [self._wanted(row) for row in self._rows]

    def _wanted(self, row: PluginInstance) -> Wanted:
        plugin, release = row.plugin, _release(row)
        prepared = self._prepared.get(release.id)
        path, environment = _places(release, prepared)
        config = self._configs[plugin.id]
        missing = [name for name in self._needs[plugin.slug] if name not in self._serving]
        return Wanted(
            instance_id=row.id,
            plugin_id=plugin.id,
            plugin=plugin.slug,
            ordinal=row.ordinal,
            is_wanted=row.wanted,
            is_fatal=row.state == PluginInstance.State.FATAL,
            generation=plugin.generation,
            release_id=release.id,
            manifest=release.manifest,
            folder=path,
            environment=environment,
            digest=release.digest,
            trust=plugin.trust,
            allowed_hosts=tuple(plugin.allowed_hosts),
            config=config.config,
            revision=plugin.revision,
            agents=self._agents[plugin.id],
            model_mark=config.model_mark,
            code_folders=tuple(plugin.code_folders),
            failures=tuple(row.failures),
            known=_known(row),
            reload=_strategy(plugin),
            changed=plugin.changed.timestamp(),
            asked_generation=plugin.asked_generation,
            is_good=is_good(plugin),
            is_new=is_new(plugin),
            standby=_share(plugin, row.ordinal),
            attachment=_attachment(plugin) if row.ordinal == 0 else None,
            rank=(self._layer.get(plugin.slug, 0), -plugin.priority, row.ordinal),
            is_prepared=bool(path),
            depends_ready=not missing,
            waits_for=_waits_for(release, path, prepared, missing) or config.trouble,
        )


def _release(row: PluginInstance) -> PluginRelease:
    return row.plugin.release or row.release


def _needs(release: PluginRelease) -> list[str]:
    """The plugins without which this one is of no use."""
    told = release.manifest.get("dependencies") or ()
    return [each["name"] for each in told if not each.get("optional")]


def _layers(needs: dict[str, list[str]]) -> dict[str, int]:
    """0: needs nothing; 1: needs only those; and so on."""
    if not any(needs.values()):
        return {}
    try:
        layers = graph.layers(needs)
    except graph.Cycle:  # refused where plugins are installed; here each would wait for ever anyway
        return {}
    return {name: number for number, layer in enumerate(layers) for name in layer}


def _serving(names: Iterable[str]) -> set[str]:
    """Those that have a process which takes messages, on whatever node."""
    if not names:
        return set()
    rows = PluginInstance.objects.filter(state__in=SERVING, plugin__slug__in=names)
    return set(rows.values_list("plugin__slug", flat=True).distinct())


def _prepared(node: str, releases: Sequence[PluginRelease]) -> dict[UUID, Preparation]:
    packed = {release.id for release in releases if release.package_id is not None}
    if not packed:
        return {}
    rows = Preparation.objects.filter(node__name=node, release__in=packed).defer("lines")
    return {row.release_id: row for row in rows}


def _places(release: PluginRelease, prepared: Preparation | None) -> tuple[str, str]:
    """Its folder on this node and that of its libraries; no folder: not there yet."""
    if release.package_id is None:
        return release.path, ""
    if prepared is None or prepared.state != Preparation.State.READY:
        return "", ""
    return prepared.path, prepared.environment


def _waits_for(
    release: PluginRelease, path: str, prepared: Preparation | None, missing: Sequence[str]
) -> str:
    if not path:
        how_far = "not begun" if prepared is None else f"{prepared.state}, {prepared.progress} %"
        why = f" {prepared.reason}" if prepared is not None and prepared.reason else ""
        return f"It waits until version {release.version} is prepared here ({how_far}).{why}"
    if missing:
        return f"It waits for {' and '.join(missing)}."
    return ""


def _strategy(plugin: Plugin) -> str:
    """Going back to what is known to be good waits for nothing."""
    if plugin.release_id == plugin.good_release_id:
        return Plugin.Reload.IMMEDIATE
    return plugin.reload


def _share(plugin: Plugin, ordinal: int) -> int:
    """The warm processes of a plugin are spread over its slots."""
    each, rest = divmod(plugin.standby, max(1, plugin.desired_replicas))
    return each + (ordinal < rest)


def _attachment(plugin: Plugin) -> Attachment | None:
    told = plugin.attachment
    if not told:
        return None
    try:
        token = unseal(told["token_sealed"])
    except SealBroken:
        return None
    return Attachment(
        told["pid"], told["address"], told["launch_id"], told["contract"], token=token
    )


def _known(row: PluginInstance) -> Known | None:
    alive = row.state in RUNNING_OUT
    if not alive or row.pid is None or row.process_started is None or row.launch_id is None:
        return None
    return Known(
        identity=Identity(row.pid, row.process_started, row.boot_id, row.executable),
        launch_id=str(row.launch_id),
        address=row.address,
        contract=row.contract or 1,
        generation=row.generation,
        release_id=row.release_id,
        revision=row.revision,
        agents=of_row(row.agents),
        model_mark=row.model_digest,
    )
