"""Tasks whose process was lost: their lease ended and nobody renewed it."""

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from routing.record import now, timestamp
from routing.services.endings import closed, tell

LOST: Final = "The process that ran this task was lost."

# Only what is still running and still without a lease at that moment; its number, event and end in one statement.
REAP: Final = """
WITH lost AS (
    SELECT id FROM routing_task
    WHERE closed IS NULL AND state IN ('SUBMITTED', 'WORKING') AND lease_until < now()
    ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED
), ended AS (
    UPDATE routing_task t
    SET state = 'FAILED', reason = 'lease_lost', seq = t.seq + 1, lease_owner = '', lease_until = NULL,
        cancel_requested = NULL, updated = %(time)s, closed = %(time)s,
        status = jsonb_build_object('state', 'TASK_STATE_FAILED', 'timestamp', %(timestamp)s::text,
            'message', jsonb_build_object('messageId', t.id::text || '-' || (t.seq + 1), 'role', 'ROLE_AGENT',
                'taskId', t.id::text, 'contextId', t.context_id,
                'parts', jsonb_build_array(jsonb_build_object('text', %(text)s::text))))
    FROM lost WHERE t.id = lost.id
    RETURNING t.id, t.agent_id, t.seq, t.status, t.door, t.created
), event AS (
    INSERT INTO routing_taskevent (id, task_id, seq, kind, payload, time)
    SELECT gen_random_uuid(), id, seq, 'status', status, %(time)s FROM ended
)
SELECT e.id::text, a.slug, e.door, e.created FROM ended e JOIN registry_agent a ON a.id = e.agent_id
"""


def reap_lost_tasks() -> int:
    """End the tasks whose runner did not renew its lease: FAILED, with a reason and an event. How many."""
    moment = now()
    parameters: dict[str, str | datetime] = {
        "time": moment,
        "timestamp": timestamp(moment),
        "text": LOST,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REAP, parameters)
        rows = cursor.fetchall()
        told = [
            closed(task_id, slug, door, "FAILED", created, moment)
            for task_id, slug, door, created in rows
        ]
        if told:
            transaction.on_commit(lambda: tell(told))
    return len(rows)
