"""The push outbox over the event log: what is to be told is claimed, told, and noted, in the order of each task.

A claim ends by itself after PUSH_CLAIM_SECONDS: what a lost courier had in hand is then taken up again, so that a
webhook may hear an event twice but misses none. Every note is conditional on the claim.
"""

import json
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from routing.limits import (
    KEEP_DELIVERED_DAYS,
    PUSH_ATTEMPTS,
    PUSH_CLAIM_SECONDS,
    PUSH_FIRST_SECONDS,
    PUSH_PAUSE_SECONDS,
    PUSH_PER_HOST,
)
from routing.models import ACTIVE, PushConfig, PushDelivery, Task, TaskEvent
from routing.services.pushes import TASK_ENDED
from routing.signals import PushChanged, push_changed

CLAIM: Final = timedelta(seconds=PUSH_CLAIM_SECONDS)
MAX_ERROR: Final = 300
GONE: Final = 410
UNUSED: Final = ("task__artifacts", "task__metadata", "task__request", "task__status")

# Oldest first, of each host only as many as may be told at once: one dead host must not fill a courier. While a task is
# direct and not closed, it is open still whether its caller gets a task at all.
CLAIM_DUE: Final = """
WITH ranked AS (
    SELECT c.id, c.host, c.due, row_number() OVER (PARTITION BY c.host ORDER BY c.due, c.id) AS place
    FROM routing_pushconfig c JOIN routing_task t ON t.id = c.task_id
    WHERE c.ended IS NULL AND c.due <= now() - %(overdue)s * interval '1 second' AND t.seq > c.delivered_seq
        AND (NOT t.is_direct OR t.closed IS NOT NULL)
        AND (c.attempts > 0 OR c.is_failing) = %(failing)s
), chosen AS (
    SELECT c.id FROM routing_pushconfig c JOIN ranked r ON r.id = c.id
    WHERE r.place + coalesce((%(busy)s::jsonb ->> r.host)::int, 0) <= %(per_host)s
        AND c.ended IS NULL AND c.due <= now()
    ORDER BY r.due LIMIT %(limit)s FOR UPDATE OF c SKIP LOCKED
)
UPDATE routing_pushconfig c SET claim = %(claim)s, due = now() + %(seconds)s * interval '1 second'
FROM chosen WHERE c.id = chosen.id
RETURNING c.id, c.host, c.task_id
"""
CLAIM_REPLAYS: Final = """
UPDATE routing_pushdelivery d SET replay_due = now() + %(seconds)s * interval '1 second'
FROM (
    SELECT id FROM routing_pushdelivery WHERE replay_due <= now() - %(overdue)s * interval '1 second'
    ORDER BY replay_due LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) chosen, routing_pushconfig c WHERE d.id = chosen.id AND c.id = d.config_id
RETURNING d.id, c.host, c.task_id, d.replay_due
"""


@dataclass(frozen=True, slots=True)
class Errand:
    """A webhook to be told what it has missed (`replay` None), or one delivery to be tried once more."""

    config: UUID
    host: str
    task: UUID
    claim: UUID
    replay: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt. `error` is empty when it arrived; `retry_after` in seconds, as the receiver wishes."""

    status: int | None = None
    error: str = ""
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and after which pauses (seconds)."""

    attempts: int = PUSH_ATTEMPTS
    first: float = PUSH_FIRST_SECONDS
    most: float = PUSH_PAUSE_SECONDS

    def pause(self, failed: int, wished: float = 0.0) -> float:
        """Before the next attempt: exponential, full jitter; later when the receiver wishes so."""
        longest = min(self.most, self.first * 2.0 ** min(failed - 1, 30))
        return max(random.uniform(0, longest), min(wished, self.most))  # noqa: S311 - no secret


def claim_due(
    limit: int, busy: dict[str, int], *, failing: bool, overdue: float = 0.0
) -> list[Errand]:
    """Take at most so many webhooks that have something to hear. `busy`: by host, what the courier has in hand."""
    claim = uuid7()
    parameters = {
        "limit": limit,
        "busy": json.dumps(busy),
        "failing": failing,
        "overdue": overdue,
        "per_host": PUSH_PER_HOST,
        "seconds": PUSH_CLAIM_SECONDS,
        "claim": claim,
    }
    rows = _rows(CLAIM_DUE, parameters)
    return [Errand(config, host, task, claim) for config, host, task in rows]


def claim_replays(limit: int, overdue: float = 0.0) -> list[Errand]:
    parameters = {"limit": limit, "overdue": overdue, "seconds": PUSH_CLAIM_SECONDS}
    found = _rows(CLAIM_REPLAYS, parameters)
    return [Errand(row, host, task, row, replay=row) for row, host, task, _until in found]


def _rows(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[Any] = cursor.fetchall()
    return found


def next_event(errand: Errand) -> tuple[PushConfig, TaskEvent] | None:
    """What this webhook is to be told now, with its task; None when there is nothing (the claim is let go)."""
    if errand.replay is not None:
        return _replayed(errand.replay)
    config = _claimed(errand).select_related("task").defer(*UNUSED).first()
    if config is None:
        return None
    event = TaskEvent.objects.filter(task=config.task_id, seq__gt=config.delivered_seq)
    if (first := event.order_by("seq").first()) is not None:
        return config, first
    _claimed(errand).update(claim=None, due=Now())
    return None


def _replayed(delivery_id: UUID) -> tuple[PushConfig, TaskEvent] | None:
    rows = PushDelivery.objects.filter(id=delivery_id, replay_due__isnull=False)
    delivery = rows.select_related("config__task").first()
    if delivery is None:
        return None
    return delivery.config, TaskEvent.objects.get(task=delivery.config.task_id, seq=delivery.seq)


def _claimed(errand: Errand) -> Any:
    return PushConfig.objects.filter(id=errand.config, claim=errand.claim, ended=None)


@transaction.atomic
def pass_over(errand: Errand, seq: int) -> bool:
    """This event is not for webhooks. Whether the claim still holds."""
    config = _claimed(errand).select_for_update().first()
    if config is None:
        return False
    _move_on(config, seq)
    return config.ended is None


@transaction.atomic
def note(errand: Errand, seq: int, outcome: Outcome, patience: Patience) -> bool:
    """How an attempt went. Whether the same webhook may be told its next event now."""
    if errand.replay is not None:
        _note_replay(errand.replay, outcome)
        return False
    config = _claimed(errand).select_for_update().first()
    if config is None:  # deleted, replaced, or somebody else's by now
        return False
    failed = config.attempts + 1
    if not outcome.error:
        config.is_failing = False
        state = PushDelivery.State.DELIVERED
        _move_on(config, seq)
    elif outcome.status == GONE:
        state = PushDelivery.State.DEAD
        config.ended, config.end_reason, config.claim = timezone.now(), "gone", None
        config.save(update_fields=["ended", "end_reason", "claim"])
    elif config.is_failing or failed >= patience.attempts:
        config.is_failing = True
        state = PushDelivery.State.DEAD
        _move_on(config, seq)
    else:
        state = PushDelivery.State.PENDING
        pause = timedelta(seconds=patience.pause(failed, outcome.retry_after))
        config.attempts, config.claim = failed, None
        config.due = Now() + pause
        config.save(update_fields=["attempts", "claim", "due"])
    _write_down(config, seq, failed, state, outcome)
    return state is not PushDelivery.State.PENDING and config.ended is None


def _move_on(config: PushConfig, seq: int) -> None:
    """To the next event, with the claim renewed; or to the end, when this was the task's last."""
    config.delivered_seq, config.attempts = seq, 0
    config.due = Now() + CLAIM
    closing = Task.objects.filter(id=config.task_id, closed__isnull=False, seq__lte=seq)
    if closing.exists():
        config.ended, config.end_reason, config.claim = timezone.now(), TASK_ENDED, None
    config.save()


def _write_down(
    config: PushConfig, seq: int, attempt: int, state: PushDelivery.State, outcome: Outcome
) -> None:
    told = {
        "state": state,
        "attempts": attempt,
        "status": outcome.status,
        "error": outcome.error[:MAX_ERROR],
        "updated": timezone.now(),
    }
    delivery, _made = PushDelivery.objects.update_or_create(config=config, seq=seq, defaults=told)
    _tell(delivery, config.task_id)


def _note_replay(delivery_id: UUID, outcome: Outcome) -> None:
    rows = PushDelivery.objects.select_for_update(of=("self",)).select_related("config")
    delivery = rows.filter(id=delivery_id, replay_due__isnull=False).first()
    if delivery is None:
        return
    arrived = not outcome.error
    delivery.state = PushDelivery.State.DELIVERED if arrived else PushDelivery.State.DEAD
    delivery.attempts += 1
    delivery.status, delivery.error = outcome.status, outcome.error[:MAX_ERROR]
    delivery.updated, delivery.replay_due = timezone.now(), None
    delivery.save()
    _tell(delivery, delivery.config.task_id)


def _tell(delivery: PushDelivery, task_id: UUID) -> None:
    change = PushChanged(str(task_id), str(delivery.id), delivery.seq, delivery.state)
    transaction.on_commit(lambda: _send(change))


def _send(change: PushChanged) -> None:
    push_changed.send_robust(sender=PushDelivery, change=change)


def release(errands: list[Errand]) -> None:
    """A courier that goes home lets others take up at once what it had in hand."""
    for errand in errands:
        if errand.replay is not None:
            rows = PushDelivery.objects.filter(id=errand.replay, replay_due__isnull=False)
            rows.update(replay_due=Now())
        else:
            _claimed(errand).update(claim=None, due=Now())


def watched_tasks(most: int) -> list[str]:
    """The running tasks that have webhooks, newest first."""
    rows = PushConfig.objects.filter(ended=None, task__state__in=sorted(ACTIVE))
    return [str(each) for each in rows.order_by("-id").values_list("task_id", flat=True)[:most]]


def prune_deliveries() -> int:
    """Forget what arrived long ago; dead letters stay as long as their task. How many."""
    before = timezone.now() - timedelta(days=KEEP_DELIVERED_DAYS)
    old = PushDelivery.objects.filter(state=PushDelivery.State.DELIVERED, updated__lt=before)
    return old.delete()[0]
