"""Questions about processes that joined from elsewhere, and the tokens that let them in."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.db.models.functions import Coalesce

from plugins_app import manifest as manifests
from plugins_app.client.shapes import AgentSpec
from plugins_app.client.target import Target
from plugins_app.models import FIRST_ELSEWHERE, HostedAgent, JoinToken, Plugin, PluginInstance
from plugins_app.selectors.agents import specs_by
from plugins_app.selectors.config import effective_config
from plugins_app.selectors.plugins import target_of
from security import permissions
from security.principals import Principal
from security.rows import database_time

State = PluginInstance.State


@dataclass(frozen=True, slots=True)
class Seat:
    """A joined process as its row has it now."""

    instance_id: UUID
    plugin: str
    node: str
    state: str
    is_wanted: bool
    target: Target
    contract: int
    revision: int  # of the configuration it has
    newest: int  # of the configuration it should have
    agents: dict[str, Any]  # as its row has them


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a process is given before its first message."""

    config: dict[str, Any]
    revision: int
    agents: tuple[AgentSpec, ...]
    drain_seconds: float


def join_tokens(principal: Principal) -> QuerySet[JoinToken]:
    """All of them, newest first; never their text."""
    principal.require(permissions.PLUGINS_MANAGE)
    return JoinToken.objects.select_related("plugin").order_by("-created", "-id")


def is_open() -> bool:
    """Whether the gateway listens for who wants to join."""
    return bool(settings.JOIN_PORT)


def command_of(token: str) -> str:
    """What to run on the other machine, in the plugin's folder."""
    return f"python main.py --join {settings.JOIN_PUBLIC} --token {token}"


def joined() -> QuerySet[PluginInstance]:
    """The slots of joined processes, also of those that left."""
    return PluginInstance.objects.filter(ordinal__gte=FIRST_ELSEWHERE)


def joined_processes(principal: Principal) -> QuerySet[PluginInstance]:
    """Those that are there, newest first."""
    principal.require(permissions.PLUGINS_VIEW)
    rows = joined().exclude(state=State.EXITED).select_related("plugin", "node", "release")
    return rows.order_by("-started", "-id")


def silent(seconds: float) -> list[PluginInstance]:
    """Those that were not heard of for so long."""
    since = database_time() - timedelta(seconds=seconds)
    rows = joined().exclude(state=State.EXITED)
    return list(rows.annotate(heard=Coalesce("sampled", "started")).filter(heard__lt=since))


def seat_of(launch_id: str) -> Seat | None:
    """None: nobody of that launch is here any more."""
    return next(iter(seats([launch_id])), None)


def seats(launch_ids: Iterable[str]) -> list[Seat]:
    """One query for all."""
    rows = joined().filter(launch_id__in=_ids(launch_ids)).exclude(state=State.EXITED)
    return [_seat(row) for row in rows.select_related("plugin", "node")]


def plugin_of_launch(launch_id: str) -> Plugin | None:
    """Whoever's launch it is or was, joined or started here."""
    known = _ids([launch_id])
    row = PluginInstance.objects.filter(launch_id__in=known).select_related("plugin").first()
    return row.plugin if row else None


def outfit_of(instance_id: UUID) -> Outfit:
    """With its secrets: only for the process itself."""
    row = PluginInstance.objects.select_related("plugin__release", "release").get(id=instance_id)
    manifest = manifests.parse(row.release.manifest)
    agents = specs_by({row.plugin_id: row.release.manifest})[row.plugin_id]
    drain = manifest.runtime.shutdown_timeout
    return Outfit(effective_config(row.plugin), row.plugin.revision, agents, drain)


def agents_mark(instance_id: UUID) -> str:
    """Another one when somebody added, changed or removed an agent of its plugin."""
    rows = HostedAgent.objects.filter(plugin__instances=instance_id, agent__retired=None)
    told = rows.aggregate(count=Count("id"), newest=Max("updated"))
    return f"{told['count']} {told['newest']}"


def _ids(launch_ids: Iterable[str]) -> list[UUID]:
    """Those that are ids at all: what others say they are may be anything."""
    found = []
    for each in launch_ids:
        with suppress(ValueError):
            found.append(UUID(each))
    return found


def _seat(row: PluginInstance) -> Seat:
    plugin = row.plugin
    return Seat(
        instance_id=row.id,
        plugin=plugin.slug,
        node=row.node.name,
        state=row.state,
        is_wanted=row.wanted and plugin.desired != Plugin.Desired.STOPPED,
        target=target_of(row),
        contract=row.contract or 1,
        revision=row.revision,
        newest=plugin.revision,
        agents=row.agents,
    )
