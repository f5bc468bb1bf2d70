"""What the rows want of this node, as plain values that may leave the thread they were read in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from plugins_app.models import PluginInstance
from plugins_app.process import Identity
from plugins_app.selectors import current_instances
from plugins_app.states import SERVING


@dataclass(frozen=True, slots=True)
class Known:
    """The process that a row says is there."""

    identity: Identity
    launch_id: str
    address: str
    contract: int
    generation: int
    release_id: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row of this node."""

    instance_id: UUID
    plugin: str
    ordinal: int
    is_wanted: bool
    is_fatal: bool
    generation: int
    release_id: UUID
    manifest: dict[str, Any]
    folder: str
    config: dict[str, Any]
    failures: tuple[float, ...]
    known: Known | None


def wanted_on(node: str) -> list[Wanted]:
    """Every process that this node has or should have."""
    rows = current_instances().filter(node__name=node)
    return [_wanted(row) for row in rows.select_related("plugin__release", "release")]


def _wanted(row: PluginInstance) -> Wanted:
    release = row.plugin.release or row.release
    return Wanted(
        instance_id=row.id,
        plugin=row.plugin.slug,
        ordinal=row.ordinal,
        is_wanted=row.wanted,
        is_fatal=row.state == PluginInstance.State.FATAL,
        generation=row.plugin.generation,
        release_id=release.id,
        manifest=release.manifest,
        folder=release.path,
        config=row.plugin.config,
        failures=tuple(row.failures),
        known=_known(row),
    )


def _known(row: PluginInstance) -> Known | None:
    alive = row.state in SERVING or row.state == PluginInstance.State.DRAINING
    if not alive or row.pid is None or row.process_started is None or row.launch_id is None:
        return None
    return Known(
        identity=Identity(row.pid, row.process_started, row.boot_id, row.executable),
        launch_id=str(row.launch_id),
        address=row.address,
        contract=row.contract or 1,
        generation=row.generation,
        release_id=row.release_id,
    )
