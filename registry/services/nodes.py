"""Deeds on nodes: their heartbeats, and what follows when those cease."""

from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from registry.models import Node
from registry.signals import node_changed
from security.rows import database_time

NODE_SILENCE: Final = timedelta(seconds=15)
# What a node may tell of itself with a heartbeat; anything else in `figures` is a mistake.
NODE_FIGURES: Final = frozenset(
    {"boot_id", "address", "cpus", "memory_bytes", "cpu_percent", "memory_used_bytes"}
    | {"labels", "version", "supervisor_pid"}
)


@transaction.atomic
def heartbeat_node(name: str, figures: dict[str, Any]) -> Node:
    """A node says it lives, with its figures (`NODE_FIGURES`). A node in maintenance stays there."""
    if unknown := figures.keys() - NODE_FIGURES:
        raise ValueError(f"not figures of a node: {sorted(unknown)}")
    node = Node.objects.select_for_update().filter(name=name).first() or Node(name=name)
    woke = node.state in (Node.State.INACTIVE, Node.State.DISCONNECTED)
    if woke:
        node.state = Node.State.ACTIVE
    for field, value in figures.items():
        setattr(node, field, value)
    node.heartbeat = database_time()
    node.save()
    transaction.on_commit(partial(node_changed.send_robust, Node, node=node))
    return node


@transaction.atomic
def rest_node(name: str) -> None:
    """A node says that it stops in order. One in maintenance stays there."""
    node = Node.objects.select_for_update().filter(name=name, state=Node.State.ACTIVE).first()
    if node is not None:
        node.state, node.supervisor_pid = Node.State.INACTIVE, None
        node.save(update_fields=["state", "supervisor_pid"])
        transaction.on_commit(partial(node_changed.send_robust, Node, node=node))


@transaction.atomic
def mark_lost_nodes() -> list[Node]:
    """Mark nodes disconnected that have been silent for `NODE_SILENCE`. Idempotent."""
    silent_since = database_time() - NODE_SILENCE
    active = Node.objects.select_for_update(skip_locked=True).filter(state=Node.State.ACTIVE)
    lost = list(active.filter(Q(heartbeat__lt=silent_since) | Q(heartbeat__isnull=True)))
    for node in lost:
        node.state = Node.State.DISCONNECTED
        node.save(update_fields=["state"])
    for node in lost:
        transaction.on_commit(partial(node_changed.send_robust, Node, node=node))
    return lost
