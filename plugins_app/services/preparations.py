"""What a node's supervisor writes down about the releases it prepares.

A claim is a conditional update with a lease: who was killed in the middle loses it, and the next one begins again.
Every later word on it names the attempt, so that a supervisor that hung for long changes nothing any more.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.models import (
    PackageFile,
    Plugin,
    PluginEvent,
    PluginRelease,
    Preparation,
)
from plugins_app.selectors.releases import UNDER_WAY, is_prepared, nodes_of
from plugins_app.services import orders, releases
from plugins_app.services.events import record_event, tell_plugin
from registry.models import Node
from security import audit, news
from security.errors import PublicError
from security.models import AuditEvent
from security.principals import system

State = Preparation.State
LEASE_SECONDS: Final = 15
MOST_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """A release that this node prepares now."""

    id: UUID
    attempt: int
    plugin: str
    version: str
    release_id: UUID
    package_id: UUID
    manifest: dict[str, Any]
    digest: str
    trust: str
    lock: str


def claim(node: str, *, but_not: tuple[UUID, ...] = ()) -> Claim | None:
    """The next release that waits on this node; `but_not` those that are at work here. None: nothing waits."""
    while True:
        with transaction.atomic():
            row = _waiting(node).exclude(id__in=but_not).order_by("created").first()
            if row is None:
                return None
            if row.attempts < MOST_ATTEMPTS:
                return _claimed(row)
        told = _("The supervisor of its node ended %(times)d times while it prepared it.")
        failed(row.id, row.attempts, told % {"times": row.attempts}, row.lines)


def _waiting(node: str) -> QuerySet[Preparation]:
    lost = Q(state__in=UNDER_WAY, lease_until__lt=timezone.now())
    rows = Preparation.objects.select_for_update(skip_locked=True, of=("self",))
    return rows.filter(Q(state=State.QUEUED) | lost, node__name=node).select_related(
        "release__plugin", "node"
    )


def _claimed(row: Preparation) -> Claim:
    row.state, row.progress, row.reason, row.lines = State.UNPACKING, 0, "", []
    row.lease_until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    row.attempts += 1
    row.save()
    orders.tell(row)
    release = row.release
    assert release.package_id is not None  # only such are ordered
    return Claim(
        id=row.id,
        attempt=row.attempts,
        plugin=release.plugin.slug,
        version=release.version,
        release_id=release.id,
        package_id=release.package_id,
        manifest=release.manifest,
        digest=release.digest,
        trust=release.trust,
        lock=release.lock,
    )


def content_of(package_id: UUID) -> bytes:
    return bytes(PackageFile.objects.values_list("content", flat=True).get(package_id=package_id))


def renew(preparation_id: UUID, attempt: int) -> bool:
    """Keep the claim. False: it is ours no more, or nobody wants it."""
    until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    return bool(_mine(preparation_id, attempt).update(lease_until=until))


def progress(
    preparation_id: UUID, attempt: int, state: str, percent: int, lines: list[str]
) -> None:
    """How far it is. The caller says it at most twice a second."""
    told = {"state": state, "progress": percent, "lines": lines}
    if _mine(preparation_id, attempt).update(**told):
        _tell(preparation_id)


def agree_lock(release_id: UUID, lock: str) -> str:
    """The first that resolved the requirements decides for all nodes. Answers the lock that holds."""
    PluginRelease.objects.filter(id=release_id, lock="").update(lock=lock)
    found = PluginRelease.objects.filter(id=release_id).values_list("lock", flat=True).first()
    return found or lock


def ready(preparation_id: UUID, attempt: int, path: str, environment: str) -> None:
    """It can be started here. With the last node that was waited for, it takes over."""
    fields = {"state": State.READY, "progress": 100, "path": path, "environment": environment}
    with transaction.atomic():
        row = _finish(preparation_id, attempt, {**fields, "reason": ""})
        if row is None:
            return
        plugin, release = row.release.plugin, row.release
        told = {"release": str(release.id), "node": row.node.name, "attempt": attempt}
        record_event(plugin, None, PluginEvent.Type.PREPARED, release.version, told)
        news.publish_on_commit(f"node.{row.node.name}")
        _promote(plugin)


def failed(
    preparation_id: UUID, attempt: int, reason: str, lines: list[str], refused: bool = False
) -> None:
    """It cannot be started here. What was to take over is wanted no more; what runs goes on.

    `refused`: it asked for what it may not, which the audit keeps.
    """
    fields = {"state": State.FAILED, "reason": reason, "lines": lines}
    with transaction.atomic():
        row = _finish(preparation_id, attempt, fields)
        if row is None:
            return
        plugin, release = row.release.plugin, row.release
        told = {"release": str(release.id), "node": row.node.name, "lines": lines}
        message = f"{release.version}: {reason}"
        record_event(plugin, None, PluginEvent.Type.NOT_PREPARED, message, told)
        if refused:
            _write_down_refusal(plugin, release, reason)
        news.publish_on_commit(f"node.{row.node.name}")
        if plugin.next_release_id == release.id and _cannot_come(plugin, release):
            releases.drop_next(plugin)
        else:
            tell_plugin(plugin)


def _write_down_refusal(plugin: Plugin, release: PluginRelease, reason: str) -> None:
    record_event(plugin, None, PluginEvent.Type.REFUSED, f"{release.version}: {reason}")
    audit.record(
        system("supervisor"),
        "plugin.preparation_refused",
        "plugin",
        plugin.slug,
        after={"version": release.version, "reason": reason},
        outcome=AuditEvent.Outcome.REFUSED,
    )


def give_back(preparation_id: UUID, attempt: int) -> None:
    """The supervisor was told to stop: that was no fault of the release."""
    fields = {"state": State.QUEUED, "progress": 0, "lease_until": None}
    if _mine(preparation_id, attempt).update(**fields, attempts=F("attempts") - 1):
        _tell(preparation_id)


def let_go(node: str) -> None:
    """This node's supervisor begins, and there is only one: what its predecessor claimed waits again."""
    rows = Preparation.objects.filter(node__name=node, state__in=UNDER_WAY)
    rows.update(lease_until=timezone.now() - timedelta(seconds=1))


def catch_up(node: str) -> None:
    """What no event brings about: a node took another's place, or the one that was waited for is gone."""
    found = Node.objects.filter(name=node).first()
    if found is not None:
        orders.order_missing(found)
    for plugin_id in Plugin.objects.exclude(next_release=None).values_list("id", flat=True):
        with transaction.atomic():
            plugin = Plugin.objects.select_for_update().filter(id=plugin_id).first()
            if plugin is not None:
                _decide(plugin)


@dataclass(frozen=True, slots=True)
class Referred:
    """What there is in rows: whatever else lies in a node's folders is left over."""

    releases: list[str]  # ids
    environments: list[str]  # folders, of every node: two may have one home
    plugins: list[str]


def referred_to() -> Referred:
    rows = Preparation.objects.exclude(environment="")
    return Referred(
        releases=[str(each) for each in PluginRelease.objects.values_list("id", flat=True)],
        environments=list(rows.values_list("environment", flat=True)),
        plugins=list(Plugin.objects.values_list("slug", flat=True)),
    )


def _decide(plugin: Plugin) -> None:
    """What its nodes have made of what is on its way may mean more by now: processes move, nodes go."""
    release = plugin.next_release
    if release is not None and (failure := _cannot_come(plugin, release)):
        message = f"{release.version}: {failure.reason}"
        record_event(plugin, None, PluginEvent.Type.NOT_PREPARED, message)
        releases.drop_next(plugin)
    else:
        _promote(plugin)


def _cannot_come(plugin: Plugin, release: PluginRelease) -> Preparation | None:
    """The failure that keeps it away: on a node that runs the plugin; with none running, on all that tried."""
    rows = release.preparations.all()
    needed = nodes_of(plugin)
    if not needed and rows.exclude(state=State.FAILED).exists():
        return None
    failed = rows.filter(state=State.FAILED)
    return failed.filter(node__in=needed).first() if needed else failed.first()


def _promote(plugin: Plugin) -> None:
    release = plugin.next_release
    if release is None or not is_prepared(plugin, release):
        return
    try:
        with transaction.atomic():
            asked = plugin.next_is_asked
            releases.activate(system("supervisor"), plugin, release, asked=asked)
    except PublicError as error:
        plugin.refresh_from_db()
        message = f"{release.version}: {error.message}"
        record_event(plugin, None, PluginEvent.Type.NOT_PREPARED, message)
        releases.drop_next(plugin)


def _finish(preparation_id: UUID, attempt: int, fields: dict[str, Any]) -> Preparation | None:
    """The plugin's row is locked first, as everywhere."""
    plugin = (
        Plugin.objects.select_for_update().filter(releases__preparations=preparation_id).first()
    )
    done = {**fields, "lease_until": None, "finished": timezone.now()}
    if plugin is None or not _mine(preparation_id, attempt).update(**done):
        return None
    row = Preparation.objects.select_related("node", "release").get(id=preparation_id)
    row.release.plugin = plugin  # the locked one
    orders.tell(row)
    return row


def _mine(preparation_id: UUID, attempt: int) -> QuerySet[Preparation]:
    return Preparation.objects.filter(id=preparation_id, attempts=attempt, state__in=UNDER_WAY)


def _tell(preparation_id: UUID) -> None:
    row = Preparation.objects.select_related("node", "release__plugin").filter(id=preparation_id)
    for found in row:
        orders.tell(found)
