"""Processes that AgentX did not start: who may call home, and as what they come in.

A joined process is a row like any other, on a node of its machine's name, with a number from `FIRST_ELSEWHERE` on, so
that the scheduler never counts it: joined processes are extra to the ones that are wanted here.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.errors import JoinRefused
from plugins_app.handshake import CONTRACTS
from plugins_app.models import (
    FIRST_ELSEWHERE,
    Plugin,
    PluginEvent,
    PluginInstance,
    PluginRelease,
)
from plugins_app.selectors.joining import joined, plugin_of_launch
from plugins_app.services import join_tokens, marks
from plugins_app.services.events import record_event, tell_instance
from plugins_app.services.settling import lock_plugin
from registry.models import Node
from registry.services import heartbeat_node
from security import audit
from security.authority import Authority, authority
from security.crypto import seal
from security.models import AuditEvent
from security.principals import system
from security.throttle import JOINS

MOST_JOINED: Final = 64  # processes of one plugin
MACHINE: Final = re.compile(r"[^a-z0-9.-]+")
State = PluginInstance.State
GATEWAY: Final = system("gateway")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a process says of itself when it calls home, and where the call came from."""

    token: str = field(repr=False)
    csr_pem: bytes
    plugin: str
    version: str
    machine: str
    pid: int
    sdk: str
    framework: str
    contracts: tuple[int, ...]
    source: str = ""  # an IP address


@dataclass(frozen=True, slots=True)
class Joined:
    """What it is given: everything it needs to serve, and to be known again."""

    instance_id: UUID
    launch_id: str
    token: str = field(repr=False)
    certificate_pem: bytes
    root_pem: bytes
    contract: int


def admit(asking: Asking) -> Joined:
    """Let a process in for its token.

    Raises `JoinRefused`, which uses nothing up and is audited, `InvalidInput`, or `TooManyRequests` for a place that was
    refused too often.
    """
    JOINS.count(asking.source)
    vouching = authority()
    try:
        admitted = _admit(asking, vouching)
        JOINS.take_back(asking.source)
        return admitted
    except JoinRefused as refusal:
        refuse(join_tokens.plugin_of(asking.token), refusal.message, asking.source)


def refuse_claim(launch_id: str, source: str) -> NoReturn:
    """Somebody says that it is a launch which its certificate is not of. Raises `JoinRefused` or `TooManyRequests`."""
    JOINS.count(source)
    refuse(plugin_of_launch(launch_id), _("This launch id belongs to another process."), source)


def refuse(plugin: Plugin | None, reason: str, source: str) -> NoReturn:
    """Write down who was turned away, and why, and turn them away. Raises `JoinRefused`."""
    _write_down(plugin, reason, source)
    raise JoinRefused(reason)


@transaction.atomic
def _admit(asking: Asking, vouching: Authority) -> Joined:
    token = join_tokens.usable(asking.token)
    plugin = lock_plugin(token.plugin_id)
    release = _release(plugin, asking)
    contract = max(set(asking.contracts) & set(CONTRACTS), default=None)
    if contract is None:
        raise JoinRefused(_("It speaks none of the contracts that AgentX speaks: upgrade it."))
    row = _row(plugin, release, _node(asking))
    launch_id, opener = str(uuid4()), secrets.token_hex(32)
    leaf = vouching.sign_request(asking.csr_pem, launch_id)
    _begin(
        row,
        release=release,
        generation=plugin.generation,
        launch_id=launch_id,
        contract=contract,
        token_sealed=seal(opener),
        certificate_expires=leaf.expires,
        pid=asking.pid,
    )
    join_tokens.use(token)
    told = {"node": row.node.name, "token": token.name, "sdk": asking.sdk, "source": asking.source}
    record_event(plugin, row, PluginEvent.Type.JOINED, f"{row.node.name}, pid {row.pid}", told)
    audit.record(GATEWAY, "plugin.joined", "plugin", plugin.slug, after=told)
    tell_instance(row)
    return Joined(row.id, launch_id, opener, leaf.cert_pem, vouching.root_pem, contract)


def _release(plugin: Plugin, asking: Asking) -> PluginRelease:
    """The one it runs: the plugin must be installed here in that version, and wanted."""
    if asking.plugin != plugin.slug:
        told = _("This join token is for %(plugin)s, not for %(other)s.")
        raise JoinRefused(told % {"plugin": plugin.slug, "other": asking.plugin[:64]})
    if plugin.desired == Plugin.Desired.STOPPED:
        raise JoinRefused(_("%(plugin)s is stopped: start it first.") % {"plugin": plugin.slug})
    known = plugin.releases.filter(version=asking.version).order_by("-installed")
    release = min(known, key=lambda each: each.id != plugin.release_id, default=None)
    if release is None:
        told = _("It is %(plugin)s %(version)s, which is not installed here: install it first.")
        raise JoinRefused(told % {"plugin": plugin.slug, "version": asking.version[:64]})
    return release


def _node(asking: Asking) -> Node:
    """Of its machine's name; never one that has a supervisor of ours."""
    name = MACHINE.sub("-", asking.machine.lower()).strip("-.")[:100] or "elsewhere"
    found = Node.objects.filter(name=name).first()
    if found is not None and Node.REMOTE not in found.labels:
        name = f"{name}-remote"
    return heartbeat_node(name, {"labels": {Node.REMOTE: "true"}, "address": asking.source})


def _row(plugin: Plugin, release: PluginRelease, node: Node) -> PluginInstance:
    """One that ended on that machine, else a new one."""
    rows = joined().filter(plugin=plugin)
    if rows.exclude(state=State.EXITED).count() >= MOST_JOINED:
        told = _("%(plugin)s has %(most)d joined processes already.")
        raise JoinRefused(told % {"plugin": plugin.slug, "most": MOST_JOINED})
    ended = rows.filter(node=node, state=State.EXITED).order_by("ordinal").first()
    if ended is not None:
        ended.node = node
        return ended
    last = rows.aggregate(last=Max("ordinal"))["last"]
    ordinal = FIRST_ELSEWHERE if last is None else last + 1
    return PluginInstance(plugin=plugin, release=release, node=node, ordinal=ordinal)


def _begin(row: PluginInstance, **launch: Any) -> None:
    """This launch takes the row; nothing of the one before it stays there."""
    fresh = {"state": State.STARTING, "wanted": True, "reason": "", "failures": []}
    fresh |= {"started": timezone.now(), "sampled": None}
    for name, value in (marks.NO_PROCESS | fresh | launch).items():
        setattr(row, name, value)
    row.save()


@transaction.atomic
def _write_down(plugin: Plugin | None, reason: str, source: str) -> None:
    visitor = GATEWAY.seen_from(source_ip=source, request_id="")
    target = plugin.slug if plugin else "?"
    audit.record(
        visitor,
        "plugin.join_refused",
        "plugin",
        target,
        after={"reason": reason},
        outcome=AuditEvent.Outcome.REFUSED,
    )
    if plugin is not None:
        record_event(plugin, None, PluginEvent.Type.REFUSED, reason, {"source": source})
