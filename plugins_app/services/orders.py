"""Which node is to prepare which release: the rows that its supervisor works through."""

from collections.abc import Collection
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from plugins_app.models import Plugin, PluginInstance, PluginRelease, Preparation
from plugins_app.signals import preparation_changed
from registry.models import Node
from security import news

State = Preparation.State
AFRESH: Final[dict[str, Any]] = {
    "state": State.QUEUED,
    "progress": 0,
    "reason": "",
    "lines": [],
    "attempts": 0,
    "lease_until": None,
    "finished": None,
}


def order(release: PluginRelease) -> None:
    """Have every active node prepare it: any of them may be asked to run it. One that failed tries again."""
    living = Node.objects.filter(state=Node.State.ACTIVE).exclude(labels__has_key=Node.REMOTE)
    order_on(release, list(living))


def order_on(release: PluginRelease, nodes: Collection[Node]) -> None:
    """The same for these nodes. Does nothing where it is ready or on its way."""
    if release.package_id is None:
        return
    for node in nodes:
        row, made = Preparation.objects.get_or_create(release=release, node=node)
        if made:
            tell(row)
            news.publish_on_commit(f"node.{node.name}")
    _again(release.preparations.filter(node__in=[each.id for each in nodes], state=State.FAILED))


def order_afresh(release: PluginRelease) -> None:
    """It was installed once more: every node that has it looks whether it is still as it was, and mends it."""
    _again(release.preparations.filter(state__in=(State.READY, State.FAILED)))


def order_again(plugin: Plugin) -> None:
    """An operator says start or restart: what could not be prepared of its release is tried again."""
    _again(Preparation.objects.filter(release=plugin.release_id, state=State.FAILED))


def order_missing(node: Node) -> None:
    """What this node is to run, now or next, and was never told to prepare: it took the place of another."""
    placed = PluginInstance.objects.filter(node=node, wanted=True).values("plugin")
    wanted = PluginRelease.objects.filter(Q(current_of__in=placed) | Q(next_of__in=placed))
    for release in wanted.exclude(package=None).exclude(preparations__node=node).distinct():
        order_on(release, [node])


def tell(row: Preparation) -> None:
    """Show it live, once the transaction at hand has been committed."""
    transaction.on_commit(partial(preparation_changed.send_robust, Preparation, preparation=row))


def _again(rows: "QuerySet[Preparation]") -> None:
    for row in rows.select_related("node", "release__plugin"):
        for name, value in AFRESH.items():
            setattr(row, name, value)
        row.save(update_fields=list(AFRESH))
        tell(row)
        news.publish_on_commit(f"node.{row.node.name}")
