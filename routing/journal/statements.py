"""The SQL of the message path. Each statement is one transaction; rows travel as one JSON document each way in.

One document instead of an array per column: it is dumped once by orjson, and Postgres unpacks it as quickly.
"""

from typing import Final

# One round trip for everything that waits. A change applies only where number and holder are still the expected ones, an
# opening whose message is to be taken once only where it was not taken yet; the statement answers with the tasks whose
# change applied, and with the openings of that kind that did. Foreign keys are checked at its end. Events and messages
# are ordered by the database's clock: those of web processes differ. What is to be taken once is inserted in one order
# by everybody, so that two batches never wait for each other.
WRITE: Final = """
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(opened)s) AS o(
        id uuid, tenant uuid, agent_id uuid, owner text, owner_label text, scope text, context_id text, state text,
        status jsonb, metadata jsonb, is_direct boolean, request jsonb, door text, request_id text, lease_owner text,
        "time" timestamptz, event_id uuid, conversation_id uuid, message_row uuid, message_id text, role text,
        intent text, message jsonb, once_row uuid, once_id text, digest text)
), taken AS (
    INSERT INTO routing_idempotencykey (id, owner, scope, agent_id, message_id, digest, task_id, created)
    SELECT once_row, owner, scope, agent_id, once_id, digest, id, now() FROM asked WHERE digest IS NOT NULL
    ORDER BY once_id, owner, scope, agent_id
    ON CONFLICT (owner, scope, agent_id, message_id) DO NOTHING
    RETURNING task_id
), opened AS MATERIALIZED (
    SELECT * FROM asked WHERE digest IS NULL OR id IN (SELECT task_id FROM taken)
), changed AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(changed)s) AS c(
        id uuid, seq int, next_seq int, holder text, lease_owner text, state text, status jsonb, artifacts jsonb,
        reason text, is_direct boolean, request jsonb, deliveries int, upstream jsonb, instance uuid,
        "time" timestamptz, closed boolean, events jsonb, messages jsonb, once_row uuid, once_id text, digest text)
), new_conversation AS (
    INSERT INTO routing_conversation (id, context_id, tenant, owner, scope, agent_id, created)
    SELECT conversation_id, context_id, tenant, owner, scope, agent_id, "time" FROM opened ON CONFLICT DO NOTHING
), new_task AS (
    INSERT INTO routing_task (id, tenant, agent_id, owner, owner_label, scope, context_id, state, status, artifacts,
        metadata, is_direct, request, seq, door, request_id, reason, lease_owner, lease_until, created, updated)
    SELECT id, tenant, agent_id, owner, owner_label, scope, context_id, state, status, '[]',
        metadata, is_direct, request, 1, door, request_id, '', lease_owner, now() + %(lease)s * interval '1 second',
        "time", "time"
    FROM opened
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
        reason = c.reason, is_direct = c.is_direct, request = c.request, deliveries = c.deliveries,
        upstream = c.upstream, instance = coalesce(c.instance, t.instance), updated = c."time",
        lease_owner = c.lease_owner,
        lease_until = CASE WHEN c.lease_owner <> '' THEN now() + %(lease)s * interval '1 second' END,
        cancel_requested = CASE WHEN c.lease_owner <> '' THEN t.cancel_requested END,
        closed = CASE WHEN c.closed THEN c."time" END
    FROM changed c
    WHERE t.id = c.id AND t.seq = c.seq AND t.lease_owner = c.holder AND t.closed IS NULL
    RETURNING t.id, t.agent_id, t.owner, t.scope, t.context_id, c.events, c.messages, c."time",
        c.once_row, c.once_id, c.digest
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
), taken_by_change AS (
    INSERT INTO routing_idempotencykey (id, owner, scope, agent_id, message_id, digest, task_id, created)
    SELECT once_row, owner, scope, agent_id, once_id, digest, id, now() FROM applied WHERE digest IS NOT NULL
)
SELECT id::text FROM applied UNION ALL SELECT task_id::text FROM taken
"""

# Was this change applied by an earlier try whose answer got lost with its connection?
KNOWN: Final = "SELECT 1 FROM routing_taskevent WHERE id = %(event)s"

RENEW: Final = """
UPDATE routing_task SET lease_until = now() + %(lease)s * interval '1 second'
WHERE id = ANY(%(ids)s::uuid[]) AND lease_owner = %(owner)s AND closed IS NULL
RETURNING id::text, cancel_requested IS NOT NULL
"""
