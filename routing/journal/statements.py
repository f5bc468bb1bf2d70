"""The SQL of the message path. Each statement is one transaction; rows travel as one JSON document each way in.

One document instead of an array per column: it is dumped once by orjson, and Postgres unpacks it as quickly.
"""

from typing import Final

# One round trip for everything that waits. A change applies only where number and holder are still the expected ones;
# the statement answers with the tasks whose change applied. Foreign keys are checked at its end. Events and messages are
# ordered by the database's clock: those of web processes differ.
WRITE: Final = """
WITH opened AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(opened)s) AS o(
        id uuid, tenant uuid, agent_id uuid, owner text, owner_label text, context_id text, state text, status jsonb,
        metadata jsonb, door text, request_id text, lease_owner text, "time" timestamptz, event_id uuid,
        conversation_id uuid, message_row uuid, message_id text, role text, intent text, message jsonb)
), changed AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(changed)s) AS c(
        id uuid, seq int, next_seq int, holder text, lease_owner text, state text, status jsonb, artifacts jsonb,
        reason text, instance uuid, "time" timestamptz, closed boolean, events jsonb, messages jsonb)
), new_conversation AS (
    INSERT INTO routing_conversation (id, context_id, tenant, owner, agent_id, created)
    SELECT conversation_id, context_id, tenant, owner, agent_id, "time" FROM opened ON CONFLICT DO NOTHING
), new_task AS (
    INSERT INTO routing_task (id, tenant, agent_id, owner, owner_label, context_id, state, status, artifacts, metadata,
        seq, door, request_id, reason, lease_owner, lease_until, created, updated)
    SELECT id, tenant, agent_id, owner, owner_label, context_id, state, status, '[]', metadata,
        1, door, request_id, '', lease_owner, now() + %(lease)s * interval '1 second', "time", "time" FROM opened
), first_event AS (
    INSERT INTO routing_taskevent (id, task_id, seq, kind, payload, time)
    SELECT event_id, id, 1, 'status', status, clock_timestamp() FROM opened
), first_message AS (
    INSERT INTO routing_message (id, message_id, task_id, agent_id, owner, context_id, role, intent, message, created)
    SELECT message_row, message_id, id, agent_id, owner, context_id, role, intent, message, clock_timestamp()
    FROM opened
), applied AS (
    UPDATE routing_task t
    SET state = c.state, status = c.status, artifacts = coalesce(c.artifacts, t.artifacts), seq = c.next_seq,
        reason = c.reason, instance = coalesce(c.instance, t.instance), updated = c."time",
        lease_owner = c.lease_owner,
        lease_until = CASE WHEN c.lease_owner <> '' THEN now() + %(lease)s * interval '1 second' END,
        cancel_requested = CASE WHEN c.lease_owner <> '' THEN t.cancel_requested END,
        closed = CASE WHEN c.closed THEN c."time" END
    FROM changed c
    WHERE t.id = c.id AND t.seq = c.seq AND t.lease_owner = c.holder AND t.closed IS NULL
    RETURNING t.id, t.agent_id, t.owner, t.context_id, c.events, c.messages, c."time"
), new_event AS (
    INSERT INTO routing_taskevent (id, task_id, seq, kind, payload, time)
    SELECT e.id, a.id, e.seq, e.kind, e.payload, clock_timestamp()
    FROM applied a, jsonb_to_recordset(a.events) AS e(id uuid, seq int, kind text, payload jsonb)
), new_message AS (
    INSERT INTO routing_message (id, message_id, task_id, agent_id, owner, context_id, role, intent, message, created)
    SELECT m.message_row, m.message_id, a.id, a.agent_id, a.owner, a.context_id, m.role, m.intent, m.message,
        clock_timestamp()
    FROM applied a, jsonb_to_recordset(a.messages)
        AS m(message_row uuid, message_id text, role text, intent text, message jsonb)
)
SELECT id::text FROM applied
"""

# Was this change applied by an earlier try whose answer got lost with its connection?
KNOWN: Final = "SELECT 1 FROM routing_taskevent WHERE id = %(event)s"

RENEW: Final = """
UPDATE routing_task SET lease_until = now() + %(lease)s * interval '1 second'
WHERE id = ANY(%(ids)s::uuid[]) AND lease_owner = %(owner)s AND closed IS NULL
RETURNING id::text, cancel_requested IS NOT NULL
"""
