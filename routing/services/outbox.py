"""The push outbox over the event log: what is next for a webhook, and how telling it went, in the order of each task.

Every note is conditional on the claim (`routing.services.claims`).
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from routing.limits import (
    KEEP_DELIVERED_DAYS,
    PUSH_ATTEMPTS,
    PUSH_CLAIM_SECONDS,
    PUSH_FIRST_SECONDS,
    PUSH_PAUSE_SECONDS,
)
from routing.models import PushConfig, PushDelivery, TaskEvent
from routing.services.claims import Errand, claimed
from routing.services.pushes import TASK_ENDED
from routing.signals import PushChanged, push_changed

CLAIM: Final = timedelta(seconds=PUSH_CLAIM_SECONDS)
MAX_ERROR: Final = 300
GONE: Final = 410
NOTED: Final = ("state", "attempts", "status", "error", "updated")
UNUSED: Final = ("task__artifacts", "task__metadata", "task__request", "task__status")


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


def next_event(errand: Errand) -> tuple[PushConfig, TaskEvent] | None:
    """What this webhook is to be told now, with its task; None when there is nothing (the claim is let go)."""
    if errand.replay is not None:
        return _replayed(errand.replay)
    config = claimed(errand).select_related("task").defer(*UNUSED).first()
    if config is None:
        return None
    event = TaskEvent.objects.filter(task=config.task_id, seq__gt=config.delivered_seq)
    if (first := event.order_by("seq").first()) is not None:
        return config, first
    claimed(errand).update(claim=None, due=Now())
    return None


def _replayed(delivery_id: UUID) -> tuple[PushConfig, TaskEvent] | None:
    rows = PushDelivery.objects.filter(id=delivery_id, replay_due__isnull=False)
    delivery = rows.select_related("config__task").first()
    if delivery is None:
        return None
    return delivery.config, TaskEvent.objects.get(task=delivery.config.task_id, seq=delivery.seq)


def _held(errand: Errand) -> PushConfig | None:
    """Locked, with its task as far as it matters here."""
    told = [field.attname for field in PushConfig._meta.concrete_fields]
    rows = claimed(errand).select_for_update(of=("self",)).select_related("task")
    found: PushConfig | None = rows.only(*told, "task__seq", "task__closed").first()
    return found


@transaction.atomic
def pass_over(errand: Errand, seq: int) -> bool:
    """This event is not for webhooks. Whether the claim still holds."""
    config = _held(errand)
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
    config = _held(errand)
    if config is None:  # deleted, replaced, or somebody else's by now
        return False
    attempt = config.attempts + 1
    state = _judged(config, seq, outcome, patience)
    _write_down(config, seq, attempt, state, outcome)
    return state is not PushDelivery.State.PENDING and config.ended is None


def _judged(
    config: PushConfig, seq: int, outcome: Outcome, patience: Patience
) -> PushDelivery.State:
    """What becomes of the event, and of its webhook: on to the next, once more later, or the end."""
    failed = config.attempts + 1
    if not outcome.error:
        config.is_failing = False
        _move_on(config, seq)
        return PushDelivery.State.DELIVERED
    if outcome.status == GONE:
        config.ended, config.end_reason, config.claim = timezone.now(), "gone", None
        config.save(update_fields=["ended", "end_reason", "claim"])
        return PushDelivery.State.DEAD
    if config.is_failing or failed >= patience.attempts:
        config.is_failing = True
        _move_on(config, seq)
        return PushDelivery.State.DEAD
    config.attempts, config.claim = failed, None
    config.due = Now() + timedelta(seconds=patience.pause(failed, outcome.retry_after))
    config.save(update_fields=["attempts", "claim", "due"])
    return PushDelivery.State.PENDING


def _move_on(config: PushConfig, seq: int) -> None:
    """To the next event, with the claim renewed; or to the end, when this was the task's last."""
    config.delivered_seq, config.attempts = seq, 0
    config.due = Now() + CLAIM
    if config.task.closed is not None and config.task.seq <= seq:
        config.ended, config.end_reason, config.claim = timezone.now(), TASK_ENDED, None
    config.save()


def _write_down(
    config: PushConfig, seq: int, attempt: int, state: PushDelivery.State, outcome: Outcome
) -> None:
    delivery = PushDelivery(config=config, seq=seq, state=state, attempts=attempt)
    delivery.status, delivery.error = outcome.status, _short(outcome.error)
    PushDelivery.objects.bulk_create(
        [delivery], update_conflicts=True, unique_fields=("config", "seq"), update_fields=NOTED
    )
    _tell(config, seq, state)


def _short(error: str) -> str:
    """Whatever a webhook made of it, a row can hold it."""
    return error.replace("\0", "")[:MAX_ERROR]


def _note_replay(delivery_id: UUID, outcome: Outcome) -> None:
    rows = PushDelivery.objects.select_for_update(of=("self",)).select_related("config")
    delivery = rows.filter(id=delivery_id, replay_due__isnull=False).first()
    if delivery is None:
        return
    arrived = not outcome.error
    delivery.state = PushDelivery.State.DELIVERED if arrived else PushDelivery.State.DEAD
    delivery.attempts += 1
    delivery.status, delivery.error = outcome.status, _short(outcome.error)
    delivery.updated, delivery.replay_due = timezone.now(), None
    delivery.save()
    _tell(delivery.config, delivery.seq, delivery.state)


def _tell(config: PushConfig, seq: int, outcome: str) -> None:
    change = PushChanged(str(config.task_id), config.config_id, seq, outcome)
    transaction.on_commit(lambda: _send(change))


def _send(change: PushChanged) -> None:
    push_changed.send_robust(sender=PushDelivery, change=change)


def prune_deliveries() -> int:
    """Forget what arrived long ago; dead letters stay as long as their task. How many."""
    before = timezone.now() - timedelta(days=KEEP_DELIVERED_DAYS)
    old = PushDelivery.objects.filter(state=PushDelivery.State.DELIVERED, updated__lt=before)
    return old.delete()[0]
