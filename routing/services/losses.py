"""Tasks whose process was lost: their lease ended and nobody renewed it."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from routing.limits import (
    HOLDERS_FIRST_SECONDS,
    LEASE_SECONDS,
    MAX_DELIVERIES,
    MAX_RESUMES,
    TAKE_OVER_GRACE,
    TAKE_OVERS,
)
from routing.record import now, timestamp
from routing.services.cancels import cancel_children
from routing.services.endings import closed, tell

LOST: Final = "The process that ran this task was lost."
CANCELED: Final = "The task was canceled."

# Without a lease, and at work: whoever ran it is gone; or could not renew it because Postgres was away, and does so now.
IS_LOST: Final = """t.closed IS NULL AND t.state IN ('SUBMITTED', 'WORKING') AND t.lease_until < now()
    AND pg_postmaster_start_time() < now() - %(holders_first)s * interval '1 second'"""
# What may go on: what was certainly not delivered, what may be delivered again, and what a remote agent has in hand.
MAY_GO_ON: Final = f"""t.cancel_requested IS NULL AND a.retired IS NULL AND (
        (t.state = 'SUBMITTED' OR a.retry = 'always') AND t.deliveries < {MAX_DELIVERIES}
        OR a.source = 'remote' AND t.upstream ->> 'taskId' IS NOT NULL AND t.deliveries < {MAX_RESUMES})"""

# One claimer gets a row: the others skip it while it is locked, and find it leased afterwards. Not one's own: a process
# that was stalled goes on with what it has as soon as it can.
TAKE_OVER: Final = f"""
UPDATE routing_task SET lease_owner = %(owner)s, lease_until = now() + {LEASE_SECONDS} * interval '1 second',
    deliveries = deliveries + 1
WHERE id IN (
    SELECT t.id FROM routing_task t JOIN registry_agent a ON a.id = t.agent_id
    WHERE {IS_LOST} AND t.lease_owner <> %(owner)s AND {MAY_GO_ON}
    ORDER BY t.lease_until LIMIT {TAKE_OVERS} FOR UPDATE OF t SKIP LOCKED)
RETURNING id::text
"""  # noqa: S608 - made of constants

# A process that goes down lets others claim at once what may go on; it is the holder still until one does. Not what
# may turn out to be no task: who waits for it is told only by this process.
HAND_OVER: Final = f"""
UPDATE routing_task SET lease_until = now()
WHERE id IN (
    SELECT t.id FROM routing_task t JOIN registry_agent a ON a.id = t.agent_id
    WHERE t.id = ANY(%(ids)s::uuid[]) AND t.lease_owner = %(owner)s AND t.closed IS NULL
    AND t.state IN ('SUBMITTED', 'WORKING') AND NOT t.is_direct AND {MAY_GO_ON}
    FOR UPDATE OF t)
RETURNING id::text
"""  # noqa: S608 - made of constants

# What may not go on at once; what may, when nobody took it over. Its number, event and end in one statement.
REAP: Final = f"""
WITH lost AS (
    SELECT t.id, t.cancel_requested IS NOT NULL AS is_canceled
    FROM routing_task t JOIN registry_agent a ON a.id = t.agent_id
    WHERE {IS_LOST} AND (NOT ({MAY_GO_ON}) OR t.lease_until < now() - {TAKE_OVER_GRACE} * interval '1 second')
    ORDER BY t.lease_until LIMIT 500 FOR UPDATE OF t SKIP LOCKED
), ended AS (
    UPDATE routing_task t
    SET state = CASE WHEN is_canceled THEN 'CANCELED' ELSE 'FAILED' END,
        reason = CASE WHEN is_canceled THEN 'canceled' ELSE 'lease_lost' END,
        seq = t.seq + 1, is_direct = false, lease_owner = '', lease_until = NULL, cancel_requested = NULL,
        updated = %(time)s, closed = %(time)s,
        status = jsonb_build_object(
            'state', CASE WHEN is_canceled THEN 'TASK_STATE_CANCELED' ELSE 'TASK_STATE_FAILED' END,
            'timestamp', %(timestamp)s::text,
            'message', jsonb_build_object('messageId', t.id::text || '-' || (t.seq + 1), 'role', 'ROLE_AGENT',
                'taskId', t.id::text, 'contextId', t.context_id, 'parts', jsonb_build_array(jsonb_build_object(
                    'text', CASE WHEN is_canceled THEN %(canceled)s ELSE %(lost)s END::text))))
    FROM lost WHERE t.id = lost.id
    RETURNING t.id, t.agent_id, t.seq, t.state, t.status, t.door, t.created
), event AS (
    INSERT INTO routing_taskevent (id, task_id, seq, kind, payload, time)
    SELECT gen_random_uuid(), id, seq, 'status', status, %(time)s FROM ended
)
SELECT e.id::text, a.slug, e.door, e.state, e.created FROM ended e JOIN registry_agent a ON a.id = e.agent_id
"""  # noqa: S608 - made of constants


def take_over_lost_tasks(owner: str) -> list[str]:
    """Make the process of this name the one that runs them: what another one ran, and may go on. The tasks' ids."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_OVER, {"owner": owner, "holders_first": HOLDERS_FIRST_SECONDS})
        return [task_id for (task_id,) in cursor.fetchall()]


def hand_over(task_ids: list[str], owner: str) -> set[str]:
    """End the leases of those of these tasks that another process may go on with. Their ids."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HAND_OVER, {"ids": task_ids, "owner": owner})
        return {task_id for (task_id,) in cursor.fetchall()}


def reap_lost_tasks() -> int:
    """End the tasks whose runner did not renew its lease: with a reason and an event. How many."""
    moment = now()
    parameters: dict[str, str | float | datetime] = {
        "holders_first": HOLDERS_FIRST_SECONDS + TAKE_OVER_GRACE,
        "time": moment,
        "timestamp": timestamp(moment),
        "lost": LOST,
        "canceled": CANCELED,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REAP, parameters)
        rows = cursor.fetchall()
        told = [
            closed(task_id, slug, door, state, created, moment)
            for task_id, slug, door, state, created in rows
        ]
        if told:
            cancel_children([change.task_id for change in told])
            transaction.on_commit(lambda: tell(told))
    return len(rows)
