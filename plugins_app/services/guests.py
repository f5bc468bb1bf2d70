"""What becomes of processes that called home, from their first configuration to their last word."""

from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app.models import Plugin, PluginInstance
from plugins_app.selectors.joining import joined, silent
from plugins_app.services import marks
from plugins_app.services.events import tell_instance
from plugins_app.services.settling import lock_plugin
from registry.models import Node
from registry.services import heartbeat_node, rest_node
from security import audit, news, permissions
from security.errors import NotFound
from security.principals import Principal

LEASE_SECONDS: Final = 60  # a process and its row outlive the last gateway that spoke with them
State = PluginInstance.State
# What is around a process that somebody else started is not ours to say.
ISOLATION: Final[dict[str, Any]] = {"remote": True}


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


@transaction.atomic
def mark_arrived(
    instance_id: UUID,
    launch_id: str,
    address: str,
    *,
    revision: int,
    agents: dict[str, Any],
    again: bool,
) -> bool:
    """It has its configuration and agents, and may be sent messages. False: it was given up meanwhile."""
    row = _held(instance_id, launch_id)
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
        agents=agents,
        isolation=ISOLATION,
        certificate_expires=row.certificate_expires,
        token_sealed=row.token_sealed,
    )
    if again:
        marks.mark_adopted(instance_id, running)
    else:
        marks.mark_running(instance_id, running, restarted=False)
    return True


def mark_revision(instance_id: UUID, launch_id: str, revision: int) -> None:
    """This launch has this configuration in force."""
    joined().filter(id=instance_id, launch_id=launch_id).update(revision=revision)


@transaction.atomic
def mark_leaving(instance_id: UUID, launch_id: str, reason: str) -> None:
    """No more messages for it. It may have ended before this is written: then nothing is marked."""
    if _held(instance_id, launch_id) is not None:
        marks.mark_draining(instance_id, reason)


@transaction.atomic
def mark_left(instance_id: UUID, launch_id: str, reason: str) -> None:
    """It is gone. Nothing is marked of a launch that another one took over from."""
    row = _held(instance_id, launch_id)
    if row is None:
        return
    PluginInstance.objects.filter(id=row.id, launch_id=launch_id).update(wanted=False)
    marks.mark_exited(row.id, reason)
    if not joined().filter(node=row.node).exclude(state=State.EXITED).exists():
        rest_node(row.node.name)


def give_up_silent() -> None:
    """Those that no gateway has heard of for a lease are gone. Idempotent; safe at once in many places."""
    for row in silent(LEASE_SECONDS):
        mark_left(row.id, str(row.launch_id), f"It was not heard of for {LEASE_SECONDS} s.")


def keep_node(name: str) -> None:
    """A machine with a process that attends is a node that lives."""
    heartbeat_node(name, {"labels": {Node.REMOTE: "true"}})


def _held(instance_id: UUID, launch_id: str) -> PluginInstance | None:
    """Its row, locked as every mark locks it; None when this launch is over."""
    Plugin.objects.select_for_update().filter(instances=instance_id).first()
    rows = joined().select_related("node").filter(id=instance_id, launch_id=launch_id)
    return rows.exclude(state=State.EXITED).first()
