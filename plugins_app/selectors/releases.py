"""Questions about releases: what is installed of a plugin, and how far the nodes have come with it."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from plugins_app.errors import ReleaseNotFound
from plugins_app.models import (
    FIRST_ELSEWHERE,
    Package,
    Plugin,
    PluginInstance,
    PluginRelease,
    Preparation,
)
from plugins_app.packages import versions
from plugins_app.selectors.plugins import access_plugin
from registry.models import Node
from security.principals import Principal

State = Preparation.State
UNDER_WAY: Final = (State.UNPACKING, State.ENVIRONMENT, State.CHECKING)
NOT_ASKED: Final = "none"  # no node was told to prepare it: that comes with its first start
ADVANCE: Final = (State.FAILED, State.QUEUED, *UNDER_WAY, State.READY)  # the least advanced first


@dataclass(frozen=True, slots=True)
class Installation:
    """How far all nodes together are with one release: as far as the one that is furthest behind."""

    release_id: UUID
    version: str
    state: str
    progress: int
    reason: str


def prepared(release_id: UUID, node_name: str) -> Preparation | None:
    """What this node has made of a release; None: it was never told to."""
    found = Preparation.objects.filter(release_id=release_id, node__name=node_name)
    return found.defer("lines").first()


def prepared_on(node_name: str) -> dict[UUID, Preparation]:
    """The same for all releases of a node at once, by the release's id."""
    found = Preparation.objects.filter(node__name=node_name).defer("lines")
    return {each.release_id: each for each in found}


def releases_of(principal: Principal, ref: str | UUID) -> QuerySet[PluginRelease]:
    """Newest first, each with what the nodes made of it (`on_nodes`)."""
    return _with_nodes(access_plugin(principal, ref).releases)


def access_release(principal: Principal, ref: str | UUID, which: str) -> PluginRelease:
    """One release of a plugin, by its id or its version (the newest of that). Raises `ReleaseNotFound`."""
    return release_of(access_plugin(principal, ref), which)


def release_of(plugin: Plugin, which: str) -> PluginRelease:
    """The same for a plugin at hand."""
    found = _with_nodes(plugin.releases)
    try:
        release = found.filter(id=UUID(which)).first()
    except ValueError:
        release = found.filter(version=which).first()
    if release is None:
        told = _("%(plugin)s has no release %(which)r.")
        raise ReleaseNotFound(told % {"plugin": plugin.slug, "which": which[:100]})
    return release


def _with_nodes(found: Any) -> QuerySet[PluginRelease]:
    nodes = Preparation.objects.select_related("node").order_by("node__name")
    rows: QuerySet[PluginRelease] = found.select_related("signer").order_by("-installed")
    return rows.prefetch_related(Prefetch("preparations", nodes, to_attr="on_nodes"))


def installation_of(plugin: Plugin) -> Installation | None:
    """Of the release that is on its way, else of the one it has; None: it has none."""
    release = plugin.next_release or plugin.release
    return None if release is None else progress_of(release)


def progress_of(release: PluginRelease) -> Installation:
    """How far it is. Reads `on_nodes` where `releases_of` filled it in."""
    rows = getattr(release, "on_nodes", None)
    if rows is None:
        rows = list(release.preparations.defer("lines"))
    if release.package_id is None:
        return Installation(release.id, release.version, State.READY, 100, "")
    if not rows:
        return Installation(release.id, release.version, NOT_ASKED, 0, "")
    last = min(rows, key=lambda row: (ADVANCE.index(State(row.state)), row.progress))
    return Installation(release.id, release.version, last.state, last.progress, last.reason)


def is_prepared(plugin: Plugin, release: PluginRelease) -> bool:
    """Whether every node that runs the plugin has prepared this release; with none running, any node."""
    if release.package_id is None:
        return True
    ready = set(release.preparations.filter(state=State.READY).values_list("node_id", flat=True))
    needed = nodes_of(plugin)
    return needed <= ready if needed else bool(ready)


def newest_listed(plugin: Plugin) -> str:
    """The version in the registry that is newer than the one it has; empty: there is none."""
    listed = Package.objects.filter(name=plugin.slug, listed=True, yanked=None)
    newest = versions.newest(listed.values_list("version", flat=True), "")
    current = plugin.release.version if plugin.release else ""
    is_newer = newest and (not current or versions.key(newest) > versions.key(current))
    return newest if newest and is_newer else ""


def nodes_of(plugin: Plugin) -> set[UUID]:
    """The active nodes that have processes of it, or should. Who joined from elsewhere has its release already."""
    rows = PluginInstance.objects.filter(
        plugin=plugin, wanted=True, node__state=Node.State.ACTIVE, ordinal__lt=FIRST_ELSEWHERE
    )
    return set(rows.values_list("node_id", flat=True))
