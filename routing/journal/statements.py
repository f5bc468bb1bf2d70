"""The SQL of the message path. Each statement is one transaction; rows travel as one JSON document each way in.

One document instead of an array per column: it is dumped once by orjson, and Postgres unpacks it as quickly.
"""

from typing import Final

# One round trip for everything that waits. A change applies only where number and holder are still the expected ones, an
# opening whose message is to be taken once only where it was not taken yet; the statement answers with the tasks whose
# change applied, and with the openings of that kind that did. Foreign keys are checked at its end. Events and messages
# are ordered by the database's clock: those of web processes differ. What is to be taken once is inserted in one order
# by everybody, so that two batches never wait for each other.
#
# A task that another task's turn asked for is opened only while that one is at work: its token ends with it.
_WRITE: Final = """
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(opened)s) AS o(
        id uuid, tenant uuid, agent_id uuid, owner text, owner_label text, scope text, context_id text, state text,
        status jsonb, metadata jsonb, is_direct boolean, request jsonb, door text, request_id text, lease_owner text,
        "time" timestamptz, event_id uuid, conversation_id uuid, message_row uuid, message_id text, role text,
        intent text, message jsonb, once_row uuid, once_id text, digest text, parent uuid, trace text,
        remembers boolean, memory_row uuid)
    WHERE o.parent IS NULL OR EXISTS (
        SELECT FROM routing_task p WHERE p.id = o.parent AND p.closed IS NULL AND p.lease_owner <> '')
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
        "time" timestamptz, closed boolean, events jsonb, messages jsonb, once_row uuid, once_id text, digest text,
        usage jsonb, remembers boolean, memory text, revision int, asker uuid)
), applied AS (
    UPDATE routing_task t
    SET state = c.state, status = c.status, artifacts = coalesce(c.artifacts, t.artifacts), seq = c.next_seq,
        reason = c.reason, is_direct = c.is_direct, request = c.request, deliveries = c.deliveries,
        upstream = c.upstream, usage = coalesce(c.usage, t.usage), parent_id = coalesce(c.asker, t.parent_id), instance = coalesce(c.instance, t.instance), updated = c."time",
        lease_owner = c.lease_owner,
        lease_until = CASE WHEN c.lease_owner <> '' THEN now() + %(lease)s * interval '1 second' END,
        cancel_requested = CASE WHEN c.lease_owner <> '' THEN t.cancel_requested END,
        closed = CASE WHEN c.closed THEN c."time" END
    FROM changed c
    WHERE t.id = c.id AND t.seq = c.seq AND t.lease_owner = c.holder AND t.closed IS NULL
        AND (c.asker IS NULL OR EXISTS (
            SELECT FROM routing_task p WHERE p.id = c.asker AND p.closed IS NULL AND p.lease_owner <> ''))
    RETURNING t.id, t.agent_id, t.owner, t.scope, t.context_id, c.events, c.messages, c."time",
        c.once_row, c.once_id, c.digest, c.remembers AND c.lease_owner = '' AS ends, c.memory, c.revision
@BEGIN@), new_conversation AS (
    INSERT INTO routing_conversation (id, context_id, tenant, owner, scope, agent_id, created)
    SELECT conversation_id, context_id, tenant, owner, scope, agent_id, "time" FROM opened ON CONFLICT DO NOTHING
), new_task AS (
    INSERT INTO routing_task (id, tenant, agent_id, owner, owner_label, scope, context_id, state, status, artifacts,
        metadata, is_direct, request, seq, door, request_id, reason, lease_owner, lease_until, created, updated,
        parent_id, trace)
    SELECT id, tenant, agent_id, owner, owner_label, scope, context_id, state, status, '[]',
        metadata, is_direct, request, 1, door, request_id, '', lease_owner, now() + %(lease)s * interval '1 second',
        "time", "time", parent, trace
    FROM @TASKS@
), first_event AS (
    INSERT INTO routing_taskevent (id, task_id, seq, kind, payload, time)
    SELECT event_id, id, 1, 'status', status, clock_timestamp() FROM @TASKS@
), first_message AS (
    INSERT INTO routing_message (id, message_id, task_id, agent_id, owner, context_id, role, intent, message, created)
    SELECT message_row, message_id, id, agent_id, owner, context_id, role, intent, message, clock_timestamp()
    FROM opened
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
@END@)
SELECT id::text AS id FROM applied UNION ALL SELECT task_id::text FROM taken
UNION ALL SELECT id::text FROM opened WHERE parent IS NOT NULL
"""
WRITE: Final = _WRITE.replace("@BEGIN@", "").replace("@END@", "").replace("@TASKS@", "opened")

# What only conversations that are remembered need. The first of the new tasks of a conversation begins its turn unless
# somebody has it; the others wait for theirs, and say so. A turn that ends keeps what is to be remembered, and hands the
# conversation on to who has waited longest. Rows are locked in one order, so that two batches never wait for each other.
_BEGIN: Final = """), beginning AS MATERIALIZED (
    SELECT DISTINCT ON (o.owner, o.scope, o.agent_id, o.context_id)
        o.id, o.owner, o.scope, o.agent_id, o.context_id, o.memory_row, h.id AS hosted_id
    FROM opened o JOIN plugins_app_hostedagent h ON h.agent_id = o.agent_id WHERE o.remembers
    ORDER BY o.owner, o.scope, o.agent_id, o.context_id, o."time", o.id
), held AS MATERIALIZED (
    SELECT m.id, m.owner, m.scope, m.agent_id, m.context_id, m.turn FROM routing_conversationmemory m
    WHERE m.id IN (
        SELECT k.id FROM beginning b JOIN routing_conversationmemory k USING (owner, scope, agent_id, context_id)
        UNION ALL
        SELECT k.id FROM applied a JOIN routing_conversationmemory k USING (owner, scope, agent_id, context_id)
        WHERE a.ends)
    ORDER BY m.id FOR UPDATE
), begun AS (
    INSERT INTO routing_conversationmemory AS m
        (id, owner, scope, agent_id, hosted_id, context_id, value, revision, turn, updated)
    SELECT memory_row, owner, scope, agent_id, hosted_id, context_id, ''::bytea, 0, id, now() FROM beginning b
    WHERE NOT EXISTS (
        SELECT FROM held h WHERE h.turn IS NOT NULL
            AND h.owner = b.owner AND h.scope = b.scope AND h.agent_id = b.agent_id AND h.context_id = b.context_id)
    ORDER BY owner, scope, agent_id, context_id
    ON CONFLICT (owner, scope, agent_id, context_id) DO UPDATE SET turn = excluded.turn, updated = excluded.updated
    WHERE m.turn IS NULL
    RETURNING m.turn, m.value, m.revision
), told AS (
    SELECT o.*, o.remembers AND b.turn IS NULL AS waits FROM opened o LEFT JOIN begun b ON b.turn = o.id
), placed AS (
    SELECT id, tenant, agent_id, owner, owner_label, scope, context_id, metadata, is_direct, request, door, request_id,
        lease_owner, "time", event_id, parent, trace,
        CASE WHEN waits THEN 'SUBMITTED' ELSE state END AS state,
        CASE WHEN waits THEN jsonb_set(status, '{state}', '"TASK_STATE_SUBMITTED"') ELSE status END AS status
    FROM told
"""
_NEXT: Final = """SELECT t.id FROM routing_task t
        WHERE t.context_id = m.context_id AND t.agent_id = m.agent_id AND t.owner = m.owner AND t.scope = m.scope
            AND t.state = 'SUBMITTED' AND t.closed IS NULL AND t.lease_until > now()"""
_END: Final = f"""), handed_on AS (
    UPDATE routing_conversationmemory m
    SET value = CASE WHEN a.memory IS NOT NULL AND a.revision = m.revision THEN decode(a.memory, 'base64')
            ELSE m.value END,
        revision = m.revision + (a.memory IS NOT NULL AND a.revision = m.revision)::int,
        updated = now(),
        turn = ({_NEXT} AND t.id NOT IN (SELECT id FROM applied) ORDER BY t.updated, t.id LIMIT 1)
    FROM held h JOIN applied a ON a.id = h.turn
    WHERE m.id = h.id AND a.ends
    RETURNING m.turn
"""  # noqa: S608 - made of constants
_KINDS: Final = """
SELECT 'written' AS kind, id, NULL::bytea AS value, NULL::int AS revision FROM ({}) AS written
UNION ALL SELECT 'begun', turn::text, value, revision FROM begun
UNION ALL SELECT 'next', turn::text, NULL, NULL FROM handed_on WHERE turn IS NOT NULL
"""
_whole, _answer = _WRITE.split("\nSELECT id::text AS id FROM applied")
REMEMBERING: Final = _whole.replace("@BEGIN@", _BEGIN).replace("@END@", _END).replace(
    "@TASKS@", "placed"
) + _KINDS.format("SELECT id::text AS id FROM applied" + _answer)  # noqa: S608 - made of constants

# Whose turn it is in the conversations of these tasks of one's own, which wait for theirs. Who has it and is no longer
# at work is passed by: its process was lost, and it has ended. A holder that came while we waited for the row's lock is
# not looked for: its task is younger than what this statement sees.
CLAIM: Final = f"""
WITH asking AS MATERIALIZED (
    SELECT t.id, t.owner, t.scope, t.agent_id, t.context_id, t.updated, h.id AS hosted_id
    FROM routing_task t JOIN plugins_app_hostedagent h ON h.agent_id = t.agent_id
    WHERE t.id = ANY(%(ids)s::uuid[]) AND t.lease_owner = %(owner)s AND t.closed IS NULL
), made AS (
    INSERT INTO routing_conversationmemory
        (id, owner, scope, agent_id, hosted_id, context_id, value, revision, turn, updated)
    SELECT DISTINCT ON (owner, scope, agent_id, context_id)
        gen_random_uuid(), owner, scope, agent_id, hosted_id, context_id, ''::bytea, 0, id, now()
    FROM asking ORDER BY owner, scope, agent_id, context_id, updated, id
    ON CONFLICT DO NOTHING
    RETURNING turn, value, revision
), seen AS MATERIALIZED (
    SELECT DISTINCT ON (m.id) m.id, m.turn, a.id AS first
    FROM asking a JOIN routing_conversationmemory m USING (owner, scope, agent_id, context_id)
    ORDER BY m.id, a.updated, a.id
), held AS MATERIALIZED (
    SELECT m.id, m.turn, m.value, m.revision FROM routing_conversationmemory m
    WHERE m.id IN (SELECT id FROM seen) ORDER BY m.id FOR UPDATE
), handed_on AS (
    UPDATE routing_conversationmemory m
    SET updated = now(), turn = coalesce(({_NEXT} ORDER BY t.updated, t.id LIMIT 1), s.first)
    FROM held h JOIN seen s ON s.id = h.id
    WHERE m.id = h.id AND (h.turn IS NULL OR h.turn = s.turn AND NOT EXISTS (
        SELECT FROM routing_task t WHERE t.id = h.turn AND t.closed IS NULL AND t.lease_owner <> ''
            AND (t.state IN ('SUBMITTED', 'WORKING') OR t.lease_until > now())))
    RETURNING m.id, m.turn, m.value, m.revision
)
SELECT turn::text, value, revision FROM made
UNION ALL SELECT turn::text, value, revision FROM handed_on WHERE turn IS NOT NULL
UNION ALL SELECT turn::text, value, revision FROM held
WHERE turn = ANY(%(ids)s::uuid[]) AND id NOT IN (SELECT id FROM handed_on)
"""  # noqa: S608 - made of constants

# Was this change applied by an earlier try whose answer got lost with its connection?
KNOWN: Final = "SELECT 1 FROM routing_taskevent WHERE id = %(event)s"

RENEW: Final = """
UPDATE routing_task SET lease_until = now() + %(lease)s * interval '1 second'
WHERE id = ANY(%(ids)s::uuid[]) AND lease_owner = %(owner)s AND closed IS NULL
RETURNING id::text, cancel_requested IS NOT NULL
"""
