"""What was found by looking at agents elsewhere: kept, judged, told. The looking itself waits on the network, not here."""

import random
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import cards
from registry.models import Agent, HealthCheck, Upstream
from registry.services.found_cards import chosen_interface, partial_of
from registry.services.remotes import adopt, clear_pending
from registry.services.writing import locked, tell
from registry.sightings import FoundCard, Look
from security import audit
from security.errors import PublicError
from security.principals import system

CHECK_SECONDS: Final = 30.0  # between two looks at an agent that answers
SOON_SECONDS: Final = 5.0  # after the first failures
DOWN_SECONDS: Final = 15.0  # while it is down
JITTER: Final = 0.2
MAX_FAILURES: Final = 3  # in a row; then it is down
CLAIM_SECONDS: Final = 60.0  # a look takes less; who claimed it and died is forgotten then
MAX_CLAIMED: Final = 50
KEPT_CHECKS: Final = 100  # of one agent
# States of an agent that a look may change; the others are somebody's word.
OURS: Final = (Agent.State.UNKNOWN, Agent.State.READY, Agent.State.ERROR)


def claim_due_upstreams(limit: int = MAX_CLAIMED, overdue: float = 0.0) -> list[Upstream]:
    """Those that are to be looked at now, or were so many seconds ago; nobody else gets them for CLAIM_SECONDS."""
    now = timezone.now()
    due_since = now - timedelta(seconds=overdue)
    with transaction.atomic():
        due = list(
            Upstream.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("agent")
            .filter(next_check__lte=due_since, agent__retired__isnull=True)
            .order_by("next_check")[:limit]
        )
        until = now + timedelta(seconds=CLAIM_SECONDS)
        Upstream.objects.filter(id__in=[each.id for each in due]).update(next_check=until)
    return due


@transaction.atomic
def note_look(look: Look) -> None:
    """Keep it; move the agent's state when that says something new; notice a card that is not the approved one."""
    upstream = Upstream.objects.select_for_update().filter(id=look.upstream_id).first()
    if upstream is None:
        return
    agent = locked(upstream.agent)
    now = timezone.now()
    before = (upstream.health, upstream.detail, upstream.pending_digest, upstream.revision)
    _count(upstream, look, now)
    if look.found is not None:
        _judge_card(agent, upstream, look.found, now)
    _move(agent, upstream, now)
    upstream.save()
    HealthCheck.objects.create(
        upstream=upstream,
        is_ok=look.is_ok,
        detail=look.detail[:500],
        milliseconds=look.milliseconds,
        time=now,
    )
    _prune(upstream)
    after = (upstream.health, upstream.detail, upstream.pending_digest, upstream.revision)
    if before != after:
        # The route table reads rows that were written.
        Agent.objects.filter(id=agent.id).update(state=agent.state, updated=now)
        tell(agent)


def _count(upstream: Upstream, look: Look, now: datetime) -> None:
    upstream.checked = now
    upstream.failures = 0 if look.is_ok else upstream.failures + 1
    upstream.detail = "" if look.is_ok else (look.detail or _("It does not answer."))[:500]
    seconds = CHECK_SECONDS
    if not look.is_ok:
        seconds = SOON_SECONDS if upstream.failures < MAX_FAILURES else DOWN_SECONDS
    upstream.next_check = now + timedelta(seconds=seconds * (1 + JITTER * random.uniform(-1, 1)))  # noqa: S311 - no secret


def _judge_card(agent: Agent, upstream: Upstream, found: FoundCard, now: datetime) -> None:
    """The approved card stays in use whatever is found; what is found waits for somebody's approval."""
    upstream.fetched, upstream.etag = now, found.etag
    upstream.signature = Upstream.Signature(found.signature)
    upstream.signature_detail = found.signature_detail[:500]
    if upstream.card is None:
        _take_first(agent, upstream, found)
    elif found.digest == upstream.digest:
        clear_pending(upstream)
    elif found.digest not in (upstream.rejected_digest, upstream.pending_digest):
        upstream.pending_card, upstream.pending_digest = found.card, found.digest
        upstream.pending_since = now
        paths = [change.path for change in cards.diff(upstream.card, found.card)]
        about = {"digest": found.digest, "changed": paths[:20]}
        audit.record(system("health"), "agent.card_drifted", "agent", agent.slug, after=about)


def _take_first(agent: Agent, upstream: Upstream, found: FoundCard) -> None:
    """Of an agent registered by its endpoint: the first card that names that endpoint is the one."""
    try:
        chosen_interface(found.card)
        cards.statement(
            slug=agent.slug,
            name=agent.name,
            description=agent.description,
            version=agent.version,
            partial=partial_of(found.card),
        )
    except PublicError as error:
        upstream.detail = error.message[:500]
    else:
        adopt(agent, upstream, found)


def _move(agent: Agent, upstream: Upstream, now: datetime) -> None:
    health = Upstream.Health(upstream.health)
    if upstream.signature == Upstream.Signature.INVALID:
        health = Upstream.Health.ERROR
        upstream.detail = _("The signature of its card is invalid: %(why)s") % {
            "why": upstream.signature_detail
        }
        upstream.detail = upstream.detail[:500]
    elif not upstream.failures:
        health = Upstream.Health.READY
    elif upstream.failures >= MAX_FAILURES:
        health = Upstream.Health.ERROR
    if health != upstream.health:
        upstream.health, upstream.since = health, now
    is_silent = bool(agent.lease_seconds) and agent.lease_until is None
    if health == Upstream.Health.READY and is_silent:
        return  # its port answers, but it does not say itself that it is there
    if health != Upstream.Health.UNKNOWN and agent.state in OURS:
        agent.state = Agent.State(health.value)


def _prune(upstream: Upstream) -> None:
    times = upstream.checks.order_by("-time").values_list("time", flat=True)
    if (oldest := times[KEPT_CHECKS : KEPT_CHECKS + 1].first()) is not None:
        upstream.checks.filter(time__lte=oldest).delete()
