"""Forget what agents remember of conversations: because somebody says so, or because nobody goes on with them."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.models import Agent
from registry.selectors import access_agent
from routing.limits import PRUNE_BATCH
from routing.models import ConversationMemory
from security import audit, permissions
from security.errors import NotFound
from security.principals import Principal


@transaction.atomic
def forget_memory(principal: Principal, ref: str, context_id: str) -> int:
    """What an agent remembers of this conversation: one's own, or anybody's for who manages plugins. How many it was.

    A turn that is under way goes on with what it was given, and what it ends with is not kept. Raises `NotFound`.
    """
    agent, rows = _forgettable(principal, ref)
    found = rows.filter(context_id=context_id)
    count = _forget(found)
    if not count:
        told = _("The agent %(agent)s remembers nothing of the conversation %(context)s.")
        raise NotFound(told % {"agent": agent.slug, "context": context_id[:100]})
    after = {"context_id": context_id, "count": count}
    audit.record(principal, "memory.forgotten", "agent", agent.slug, after=after)
    return count


@transaction.atomic
def forget_memories(principal: Principal, ref: str) -> int:
    """Everything an agent remembers: of one's own conversations, or of all for who manages plugins. How many it was."""
    agent, rows = _forgettable(principal, ref)
    if count := _forget(rows):
        audit.record(principal, "memory.forgotten", "agent", agent.slug, after={"count": count})
    return count


@transaction.atomic
def prune_memories() -> int:
    """Those that nobody used for AGENTX_MEMORY_DAYS, and those of agents that are gone. At most PRUNE_BATCH; how many."""
    old = Q(agent__retired__isnull=False)
    if settings.MEMORY_DAYS:
        old |= Q(updated__lt=timezone.now() - timedelta(days=settings.MEMORY_DAYS))
    found = ConversationMemory.objects.filter(old).order_by("id")[:PRUNE_BATCH]
    locked = found.select_for_update(skip_locked=True, of=("self",)).values_list("id", flat=True)
    return _deleted(ConversationMemory.objects.filter(id__in=list(locked)))


def _forgettable(
    principal: Principal, ref: str
) -> tuple[Agent, "QuerySet[ConversationMemory, ConversationMemory]"]:
    agent = access_agent(principal, ref)
    rows = ConversationMemory.objects.filter(agent=agent)
    if not principal.may(permissions.PLUGINS_MANAGE):
        principal.require(permissions.AGENTS_CALL)
        rows = rows.filter(owner=principal.subject)
    return agent, rows


def _forget(rows: "QuerySet[ConversationMemory, ConversationMemory]") -> int:
    """Locked in the order in which the journal does. Who has the conversation's turn keeps it, with nothing in it."""
    held = dict(rows.select_for_update(of=("self",)).order_by("id").values_list("id", "turn"))
    at_work = [row for row, turn in held.items() if turn]
    ConversationMemory.objects.filter(id__in=at_work).update(value=b"", revision=F("revision") + 1)
    idle = [row for row, turn in held.items() if not turn]
    _deleted(ConversationMemory.objects.filter(id__in=idle))
    return len(held)


def _deleted(rows: Any) -> int:
    count: int = rows.delete()[0]
    return count
