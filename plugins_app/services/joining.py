"""Processes that AgentX did not start: who may call home, as what they come in, and what becomes of them.

A joined process is a row like any other, on a node of its machine's name, with a number from `FIRST_ELSEWHERE` on, so
that the scheduler never counts it: joined processes are extra to the ones that are wanted here.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NoReturn
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from plugins_app.errors import JoinRefused
from plugins_app.handshake import CONTRACTS
from plugins_app.models import (
    FIRST_ELSEWHERE,
    JoinToken,
    Plugin,
    PluginEvent,
    PluginInstance,
    PluginRelease,
)
from plugins_app.selectors.joining import joined, plugin_of_launch, silent
from plugins_app.services import marks
from plugins_app.services.events import record_event, tell_instance
from plugins_app.services.settling import lock_plugin
from registry.models import Node
from registry.services import heartbeat_node, rest_node
from security import audit, news, permissions
from security.authority import Authority, authority
from security.crypto import seal
from security.errors import InvalidInput, NotFound
from security.models import AuditEvent
from security.principals import Principal, system
from security.throttle import JOINS

MARK: Final = "agxj_"
SECRET_BYTES: Final = 32
MOST_JOINED: Final = 64  # processes of one plugin
LONGEST: Final = timedelta(days=365)
LEASE_SECONDS: Final = (
    60  # how long a process and its row outlive the last gateway that spoke with them
)
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


@transaction.atomic
def create_token(
    principal: Principal,
    ref: str | UUID,
    *,
    name: str,
    seconds: int = 3600,
    uses: int | None = 1,
) -> tuple[JoinToken, str]:
    """A token, and its text, which is shown this once: the secret, and the sha256 of our authority's certificate.

    By the one we know the process, by the other it knows us. `uses` None: as often as wanted until it ends.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    _check_token(name, seconds, uses)
    plugin, secret = lock_plugin(ref), secrets.token_urlsafe(SECRET_BYTES)
    token = JoinToken.objects.create(
        name=name.strip(),
        plugin=plugin,
        digest=digest_of(secret),
        expires=timezone.now() + timedelta(seconds=seconds),
        uses_left=uses,
        created_by=principal.label,
    )
    told = {"plugin": plugin.slug, "expires": token.expires.isoformat(), "uses": uses}
    audit.record(principal, "join_token.created", "join_token", token.name, after=told)
    return token, f"{MARK}{secret}.{authority().fingerprint}"


@transaction.atomic
def revoke_token(principal: Principal, token_id: UUID) -> JoinToken:
    """End a token for good. Who joined with it stays."""
    principal.require(permissions.PLUGINS_MANAGE)
    token = JoinToken.objects.select_for_update().filter(id=token_id).first()
    if token is None:
        raise NotFound(_("There is no such join token."))
    if token.revoked is None:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
        audit.record(principal, "join_token.revoked", "join_token", token.name)
    return token


@transaction.atomic
def dismiss(principal: Principal, instance_id: UUID) -> PluginInstance:
    """Ask one joined process to finish its messages and leave, for good."""
    principal.require(permissions.PLUGINS_OPERATE)
    row = joined().select_related("plugin", "node").filter(id=instance_id).first()
    if row is None or row.state == State.EXITED:
        raise NotFound(_("There is no such joined process."))
    lock_plugin(row.plugin_id)
    PluginInstance.objects.filter(id=row.id).update(wanted=False)
    row.wanted = False
    where = {"plugin": row.plugin.slug, "node": row.node.name}
    audit.record(principal, "plugin.dismissed", "plugin", row.plugin.slug, after=where)
    tell_instance(row)
    news.publish_on_commit(f"node.{row.node.name}")
    return row


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


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
        token = JoinToken.objects.select_related("plugin").filter(digest=digest_of(asking.token))
        found = token.first()
        refuse(found.plugin if found else None, refusal.message, asking.source)


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
    token = _usable(asking)
    plugin = lock_plugin(token.plugin_id)
    release = _release(plugin, asking)
    contract = max(set(asking.contracts) & set(CONTRACTS), default=None)
    if contract is None:
        raise JoinRefused(_("It speaks none of the contracts that AgentX speaks: upgrade it."))
    row = _row(plugin, release, _node(asking))
    launch_id, opener = str(uuid4()), secrets.token_hex(32)
    leaf = vouching.sign_request(asking.csr_pem, launch_id)
    fresh: dict[str, Any] = marks.NO_PROCESS | {
        "state": State.STARTING,
        "wanted": True,
        "reason": "",
        "release": release,
        "generation": plugin.generation,
        "launch_id": launch_id,
        "contract": contract,
        "token_sealed": seal(opener),
        "certificate_expires": leaf.expires,
        "pid": asking.pid,
        "started": timezone.now(),
        "sampled": None,
        "failures": [],
    }
    for name, value in fresh.items():
        setattr(row, name, value)
    row.save()
    _use(token)
    told = {"node": row.node.name, "token": token.name, "sdk": asking.sdk, "source": asking.source}
    record_event(plugin, row, PluginEvent.Type.JOINED, f"{row.node.name}, pid {row.pid}", told)
    audit.record(GATEWAY, "plugin.joined", "plugin", plugin.slug, after=told)
    tell_instance(row)
    return Joined(row.id, launch_id, opener, leaf.cert_pem, vouching.root_pem, contract)


def mark_arrived(
    instance_id: UUID, launch_id: str, address: str, *, revision: int, again: bool
) -> bool:
    """It has its configuration and agents, and may be sent messages. False: it was given up meanwhile."""
    row = joined().filter(id=instance_id, launch_id=launch_id).exclude(state=State.EXITED).first()
    if row is None:
        return False
    running = marks.Running(
        pid=row.pid or 0,
        process_started=0,
        boot_id="",
        executable="",
        launch_id=launch_id,
        address=address,
        contract=row.contract or 1,
        generation=row.generation,
        release_id=row.release_id,
        revision=revision,
        isolation=ISOLATION,
        certificate_expires=row.certificate_expires,
        token_sealed=row.token_sealed,
    )
    if again:
        marks.mark_adopted(instance_id, running)
    else:
        marks.mark_running(instance_id, running, restarted=False)
    return True


def mark_left(instance_id: UUID, launch_id: str, reason: str) -> None:
    """It is gone. Nothing is marked of a launch that another one took over from."""
    row = joined().select_related("node").filter(id=instance_id, launch_id=launch_id).first()
    if row is None or row.state == State.EXITED:
        return
    PluginInstance.objects.filter(id=row.id, launch_id=launch_id).update(wanted=False)
    marks.mark_exited(row.id, reason)
    if not joined().filter(node=row.node).exclude(state=State.EXITED).exists():
        rest_node(row.node.name)


def give_up_silent() -> None:
    """Those that no gateway has heard of for a lease are gone. Idempotent; safe at once in many places."""
    for row in silent(LEASE_SECONDS):
        mark_left(row.id, str(row.launch_id), _gone_silent())


def keep_node(name: str) -> None:
    """A machine with a process that attends is a node that lives."""
    heartbeat_node(name, {"labels": {Node.REMOTE: "true"}})


def _gone_silent() -> str:
    return f"It was not heard of for {LEASE_SECONDS} s."


def _check_token(name: str, seconds: int, uses: int | None) -> None:
    wrong = {}
    if not name.strip() or len(name) > 100:
        wrong["name"] = _("1 to 100 characters")
    if not 60 <= seconds <= LONGEST.total_seconds():
        wrong["expires"] = _("one minute to one year")
    if uses is not None and not 1 <= uses <= 10_000:
        wrong["uses"] = _("1 to 10000, or none for no limit")
    if wrong:
        raise InvalidInput(_("This join token cannot be made."), fields=wrong)


def _usable(asking: Asking) -> JoinToken:
    """The token, locked. Who does not hold one learns nothing of those that exist."""
    row = JoinToken.objects.select_for_update().filter(digest=digest_of(asking.token)).first()
    if row is None:
        raise JoinRefused(_("This join token is not known."))
    if row.revoked is not None:
        raise JoinRefused(_("This join token was revoked."))
    if row.expires <= timezone.now():
        raise JoinRefused(_("This join token has ended. Make a new one."))
    if row.uses_left is not None and row.uses_left < 1:
        raise JoinRefused(_("This join token was used up. Make a new one."))
    return row


def _use(token: JoinToken) -> None:
    rows = JoinToken.objects.filter(id=token.id)
    rows.update(used=timezone.now())
    rows.filter(uses_left__isnull=False).update(uses_left=F("uses_left") - 1)


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


# What is around a process that somebody else started is not ours to say.
ISOLATION: Final[dict[str, Any]] = {"remote": True}


def mark_revision(instance_id: UUID, launch_id: str, revision: int) -> None:
    """This launch has this configuration in force."""
    joined().filter(id=instance_id, launch_id=launch_id).update(revision=revision)
