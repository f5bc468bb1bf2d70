"""The scheduler: how many processes are wanted becomes rows, each bound to a node."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from plugins_app.models import FIRST_ELSEWHERE, Plugin, PluginInstance
from plugins_app.services.events import tell_instance
from plugins_app.services.orders import order_again, order_on
from plugins_app.services.settling import lock_plugin, settle
from registry.models import Node
from security import news

FRESH = {
    "state": PluginInstance.State.STARTING,
    "reason": "",
    "wanted": True,
    "pid": None,
    "process_started": None,
    "address": "",
    "launch_id": None,
    "ready": None,
    "backoff_until": None,
    "failures": [],
}


@dataclass
class Nodes:
    """The nodes that may run processes, and how many each has."""

    active: dict[UUID, Node]
    load: Counter[UUID]

    @classmethod
    def read(cls) -> "Nodes":
        living = Node.objects.filter(state=Node.State.ACTIVE).exclude(labels__has_key=Node.REMOTE)
        active = {node.id: node for node in living}
        counted = (
            PluginInstance.objects.filter(wanted=True).values_list("node").annotate(Count("id"))
        )
        return cls(active, Counter(dict(counted)))

    def least_loaded(self) -> Node | None:
        if not self.active:
            return None
        chosen = min(self.active.values(), key=lambda node: (self.load[node.id], node.name))
        self.load[chosen.id] += 1
        return chosen


def place_instances() -> None:
    """Make the rows of every plugin fit what is wanted of it. Idempotent; safe to run at once in many places."""
    for plugin_id in Plugin.objects.order_by("-priority", "slug").values_list("id", flat=True):
        with transaction.atomic():
            plugin = Plugin.objects.select_for_update().filter(id=plugin_id).first()
            if plugin is not None and place(plugin):
                settle(plugin)


def place(plugin: Plugin) -> bool:
    """The same for one plugin whose row is locked. Says whether anything changed."""
    wanted = 0 if plugin.desired == Plugin.Desired.STOPPED else plugin.desired_replicas
    slots = _slots(plugin)
    nodes = Nodes.read()
    changed = _give_up(slot for number, slot in slots.items() if number >= wanted)
    for ordinal in range(wanted):
        changed += _keep(plugin, ordinal, slots.get(ordinal), nodes)
    for node in {instance.node for instance in changed}:
        news.publish_on_commit(f"node.{node.name}")
    return bool(changed)


def wake_nodes(plugin: Plugin) -> None:
    """Make the supervisors of its processes look at once."""
    names = Node.objects.filter(instances__plugin=plugin).values_list("name", flat=True)
    for name in set(names):
        news.publish_on_commit(f"node.{name}")


def _slots(plugin: Plugin) -> dict[int, PluginInstance]:
    """One row per number: the living one, else the newest. Who joined from elsewhere has none of these numbers."""
    slots: dict[int, PluginInstance] = {}
    ours = plugin.instances.filter(ordinal__lt=FIRST_ELSEWHERE)
    for row in ours.select_related("node").order_by("created"):
        older = slots.get(row.ordinal)
        if older is None or older.state == PluginInstance.State.EXITED:
            slots[row.ordinal] = row
    return slots


def _give_up(slots: Iterable[PluginInstance]) -> list[PluginInstance]:
    """Unwanted: their supervisors drain and end them. What runs nowhere any more is over at once."""
    given_up = [slot for slot in slots if slot.wanted]
    for slot in given_up:
        slot.wanted = False
        if slot.pid is None and slot.node.state != Node.State.ACTIVE:
            slot.state = PluginInstance.State.EXITED
        slot.save(update_fields=["wanted", "state"])
        tell_instance(slot)
    return given_up


def _keep(
    plugin: Plugin, ordinal: int, slot: PluginInstance | None, nodes: Nodes
) -> list[PluginInstance]:
    """See that this slot has a row on a node that lives. A list of none or one that changed."""
    if slot is not None and slot.wanted and not _stranded(slot, nodes):
        return []
    if slot is not None and not slot.wanted and slot.state != PluginInstance.State.EXITED:
        return []  # still draining: it comes back when it has ended
    node = nodes.least_loaded()
    if node is None or plugin.release_id is None:
        return []
    if slot is None:
        placed = _new(plugin, plugin.release_id, ordinal, node)
    else:
        _renew(slot, node, plugin.release_id)
        placed = [slot]
    if plugin.release is not None:  # what came with AgentX was not prepared before
        order_on(plugin.release, [node])
    return placed


def _stranded(slot: PluginInstance, nodes: Nodes) -> bool:
    """Its node is gone for good, and another could have it. A process there ended with its lease."""
    away = slot.node.state in (Node.State.DISCONNECTED, Node.State.INACTIVE)
    return away and bool(nodes.active)


def _new(plugin: Plugin, release_id: UUID, ordinal: int, node: Node) -> list[PluginInstance]:
    try:
        with transaction.atomic():
            row = PluginInstance.objects.create(
                plugin=plugin,
                release_id=release_id,
                node=node,
                ordinal=ordinal,
                generation=plugin.generation,
            )
    except IntegrityError:
        return []  # somebody else filled the slot
    tell_instance(row)
    return [row]


def _renew(slot: PluginInstance, node: Node, release_id: UUID) -> None:
    for name, value in FRESH.items():
        setattr(slot, name, value)
    slot.node, slot.release_id, slot.restarts = node, release_id, 0
    slot.save()
    tell_instance(slot)


def forgive(plugin: Plugin) -> list[PluginInstance]:
    """Try again what was given up: an operator says start or restart."""
    fatal = list(plugin.instances.filter(Q(state=PluginInstance.State.FATAL), wanted=True))
    for slot in fatal:
        slot.state, slot.failures, slot.reason = PluginInstance.State.STARTING, [], ""
        slot.save(update_fields=["state", "failures", "reason"])
        tell_instance(slot)
    order_again(plugin)
    return fatal


__all__ = ["forgive", "lock_plugin", "place", "place_instances", "wake_nodes"]
