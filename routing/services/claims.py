"""Which webhooks are to be told next, and who has them in hand.

A claim ends by itself after PUSH_CLAIM_SECONDS: what a lost courier had in hand is then taken up again, so that a
webhook may hear an event twice but misses none.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from routing.limits import PUSH_CLAIM_SECONDS, PUSH_PER_HOST
from routing.models import ACTIVE, PushConfig, PushDelivery

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
WITH ranked AS (
    SELECT d.id, c.host, c.task_id, row_number() OVER (PARTITION BY c.host ORDER BY d.replay_due, d.id) AS place
    FROM routing_pushdelivery d JOIN routing_pushconfig c ON c.id = d.config_id
    WHERE d.replay_due <= now() - %(overdue)s * interval '1 second'
), chosen AS (
    SELECT d.id, r.host, r.task_id FROM routing_pushdelivery d JOIN ranked r ON r.id = d.id
    WHERE r.place + coalesce((%(busy)s::jsonb ->> r.host)::int, 0) <= %(per_host)s AND d.replay_due <= now()
    ORDER BY d.replay_due LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
)
UPDATE routing_pushdelivery d SET replay_due = now() + %(seconds)s * interval '1 second'
FROM chosen WHERE d.id = chosen.id
RETURNING d.id, chosen.host, chosen.task_id
"""


@dataclass(frozen=True, slots=True)
class Errand:
    """A webhook to be told what it has missed (`replay` None), or one delivery to be tried once more."""

    config: UUID
    host: str
    task: UUID
    claim: UUID
    is_failing: bool = False
    replay: UUID | None = None


def claim_due(
    limit: int, busy: dict[str, int], *, failing: bool = False, overdue: float = 0.0
) -> list[Errand]:
    """Take at most so many webhooks that have something to hear. `busy`: by host, what the courier has in hand;
    `failing`: those that could not be told the last time, or only the others.
    """
    if not limit:
        return []
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
    return [Errand(config, host, task, claim, failing) for config, host, task in rows]


def claim_replays(limit: int, busy: dict[str, int], overdue: float = 0.0) -> list[Errand]:
    if not limit:
        return []
    parameters = {
        "limit": limit,
        "busy": json.dumps(busy),
        "overdue": overdue,
        "per_host": PUSH_PER_HOST,
        "seconds": PUSH_CLAIM_SECONDS,
    }
    found = _rows(CLAIM_REPLAYS, parameters)
    return [Errand(row, host, task, row, True, row) for row, host, task in found]


def claim(hands: int, failing: int, busy: dict[str, int], overdue: float = 0.0) -> list[Errand]:
    """All that is due, for so many free hands, and so many for what failed before or is replayed."""
    held = Counter(busy)
    found = claim_due(hands, held, overdue=overdue)
    held.update(each.host for each in found)
    again = claim_due(failing, held, failing=True, overdue=overdue)
    held.update(each.host for each in again)
    return found + again + claim_replays(failing - len(again), held, overdue)


def _rows(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[Any] = cursor.fetchall()
    return found


def claimed(errand: Errand) -> Any:
    """Its config, as long as the claim holds."""
    return PushConfig.objects.filter(id=errand.config, claim=errand.claim, ended=None)


def release(errands: list[Errand]) -> None:
    """A courier that goes home lets others take up at once what it had in hand."""
    for errand in errands:
        if errand.replay is not None:
            rows = PushDelivery.objects.filter(id=errand.replay, replay_due__isnull=False)
            rows.update(replay_due=Now())
        else:
            claimed(errand).update(claim=None, due=Now())


def watched_tasks(most: int) -> list[str]:
    """The running tasks that have webhooks, newest first."""
    rows = PushConfig.objects.filter(ended=None, task__state__in=sorted(ACTIVE))
    return [str(each) for each in rows.order_by("-id").values_list("task_id", flat=True)[:most]]
