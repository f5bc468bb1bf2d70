"""Agents that say themselves that they are there: a lease, renewed by heartbeats, over when they fall silent."""

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from registry.models import Agent
from registry.selectors import access_agent
from registry.services.writing import locked, tell
from security import audit, permissions
from security.errors import InvalidInput
from security.principals import Principal, system
from security.rows import database_time

MIN_LEASE: Final = 5  # seconds
MAX_LEASE: Final = 24 * 3600
MAX_LAPSED: Final = 500  # agents that one sweep takes
# What an agent may say of itself; all else is AgentX's or an operator's word.
SAID: Final = (Agent.State.READY, Agent.State.BUSY, Agent.State.SHUTDOWN)
# An operator's word: heartbeats come in and change nothing of it.
KEPT: Final = (Agent.State.MAINTENANCE,)


@transaction.atomic
def heartbeat_agent(
    principal: Principal, ref: str, *, state: str = "ready", lease_seconds: int | None = None
) -> Agent:
    """It is there, says an agent that lives elsewhere, and how: ready, busy or shutdown (which ends its lease).

    Its lease runs anew; `lease_seconds` gives it another length. Told on only when its state is another one.
    """
    principal.require(permissions.AGENTS_MANAGE)
    agent = locked(access_agent(principal, ref))
    if agent.source != Agent.Source.REMOTE:
        told = _("The agent %(slug)r is hosted here: its plugin says how it is.")
        raise InvalidInput(told % {"slug": agent.slug})
    if state not in SAID:
        known = ", ".join(SAID)
        told = _("An agent says that it is one of: %(known)s.") % {"known": known}
        raise InvalidInput(told, fields={"state": _("unknown")})
    before, fields = agent.state, _lease(agent, lease_seconds)
    if state == Agent.State.SHUTDOWN:
        fields["lease_until"] = None
    if before not in KEPT:
        fields["state"] = Agent.State(state)
    _write(agent, fields, has_moved=fields.get("state", before) != before)
    return agent


def _lease(agent: Agent, lease_seconds: int | None) -> dict[str, Any]:
    seconds = agent.lease_seconds if lease_seconds is None else checked_lease(lease_seconds)
    now = database_time()
    until = now + timedelta(seconds=seconds) if seconds else None
    return {"heartbeat": now, "lease_seconds": seconds, "lease_until": until}


def start_lease(agent: Agent, lease_seconds: int | None) -> None:
    """Of an agent that was just registered; None: it has none."""
    fields = _lease(agent, lease_seconds) if lease_seconds else {}
    for name, value in ({"lease_seconds": None, "lease_until": None} | fields).items():
        setattr(agent, name, value)
    agent.save(update_fields=["heartbeat", "lease_seconds", "lease_until"])


def checked_lease(seconds: int) -> int:
    if not MIN_LEASE <= seconds <= MAX_LEASE:
        told = _("A lease lasts %(least)d to %(most)d seconds.")
        limits = {"least": MIN_LEASE, "most": MAX_LEASE}
        raise InvalidInput(told % limits, fields={"lease_seconds": _("out of range")})
    return seconds


def _write(agent: Agent, fields: dict[str, Any], *, has_moved: bool) -> None:
    """A heartbeat that says nothing new touches only what is not searched or listed by."""
    for name, value in fields.items():
        setattr(agent, name, value)
    agent.save(update_fields=[*fields, "updated"] if has_moved else list(fields))
    if has_moved:
        tell(agent)


@transaction.atomic
def end_silent_leases() -> list[Agent]:
    """Nobody knows how those are whose lease has run out. Once for each; a heartbeat brings it back."""
    now = database_time()
    silent = list(
        Agent.objects.select_for_update(skip_locked=True)
        .filter(lease_until__lt=now, retired__isnull=True)
        .order_by("lease_until")[:MAX_LAPSED]
    )
    moved = [agent for agent in silent if agent.state not in KEPT]
    for agent in silent:
        agent.lease_until = None
    for agent in moved:
        before, agent.state, agent.updated = agent.state, Agent.State.UNKNOWN, now
        heard = agent.heartbeat.isoformat() if agent.heartbeat else None
        audit.record(
            system("leases"),
            "agent.lease_lapsed",
            "agent",
            agent.slug,
            before={"state": before, "heartbeat": heard},
        )
    Agent.objects.bulk_update(silent, ["lease_until", "state", "updated"])
    tell(*moved)
    return moved
