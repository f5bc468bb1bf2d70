"""How much is too much, on the message path. Each has a test; the body's limit is settings.MAX_BODY_BYTES."""

from typing import Final

MAX_ID: Final = 128  # characters of messageId, taskId, contextId
MAX_PARTS: Final = 1_000  # of one message
MAX_DEPTH: Final = 64  # of JSON inside data parts and metadata
MAX_REFERENCES: Final = 100  # referenceTaskIds, extensions, acceptedOutputModes
MAX_HISTORY_MESSAGES: Final = 1_000  # of a task, told to callers and agents
MAX_HISTORY_BYTES: Final = 4 * 1024 * 1024  # told to the agent: the newest that fit
MAX_URL: Final = 2_048  # characters of a webhook's address
MAX_SCHEME: Final = 64  # of its authentication scheme
MAX_SECRET: Final = 8_192  # of its token or credentials
MAX_BATCH: Final = 100  # calls in one JSON-RPC batch
MAX_BATCH_AT_ONCE: Final = 8  # of them under way
STRANGERS_BYTES: Final = 1024 * 1024  # of a body that tells whether its sender may send it
STRANGERS_STREAMS: Final = 100  # open in one process, of callers without a key at one address
FIRST_EVENT_SECONDS: Final = 5.0  # a stream's status line waits so long for its first event
PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 100

FIND_PROCESS_SECONDS: Final = 10.0  # a message waits so long for a process that can take it
MAX_DELIVERIES: Final = 2  # of one message, by one process of AgentX or several
MAX_TURN_SECONDS: Final = 3_600.0
MAX_TURN_BYTES: Final = 64 * 1024 * 1024  # that an agent says in one turn
EVENT_BYTES: Final = 512  # that each event counts for at least: it is a row of its own
# A change of an artifact writes all of it anew: who has said more than this is heard less often, with a pause after
# each change of so long for each further megabyte.
UNPACED_BYTES: Final = 1024 * 1024
PACE_SECONDS: Final = 0.03
CANCEL_SECONDS: Final = 5.0  # CancelTask waits so long for the process that runs the task

# A process that runs tasks renews their leases; what it no longer renews is taken over or failed: within 10 s of the
# lease's end even when no process takes it over and only the beat looks (TAKE_OVER_GRACE + its 5 s).
LEASE_SECONDS: Final = 15
RENEW_SECONDS: Final = 4.0
# After Postgres was away, who lives renews before others look for the lost.
HOLDERS_FIRST_SECONDS: Final = 6.0
LOST_SECONDS: Final = 2.0  # each process looks so often for tasks that were lost
WITHDRAWN_AT_ONCE: Final = 50  # canceled tasks of which one process tells the agents elsewhere
TAKE_OVER_GRACE: Final = 4.0  # what may go on is left so long to processes that can take it
TAKE_OVERS: Final = 50  # at one look, so that every process gets its share
MAX_RESUMES: Final = 10  # of a remote agent's task: it is listened to again, not sent again
FOLLOW_SECONDS: Final = 1.0  # tasks that run elsewhere are read so often without news
MAX_EVENTS_READ: Final = 2_000  # at once, for streams
IDEMPOTENCY_HOURS: Final = 24  # the same message within this time is the same task
PRUNE_BATCH: Final = 5_000

# Agents elsewhere (routing.remote)
CONNECT_SECONDS: Final = 5.0  # until it is down
UPSTREAM_SECONDS: Final = 30.0  # for an answer that needs no thinking: GetTask, CancelTask
SILENCE_SECONDS: Final = 60.0  # a stream without a byte is asked for anew
RECONNECT_SECONDS: Final = 30.0  # a task whose stream was lost is looked for so long
MAX_UPSTREAM_CONNECTIONS: Final = 512  # to one agent from one process
MAX_UPSTREAM_BYTES: Final = 16 * 1024 * 1024  # of one answer, or one event of a stream
MAX_HOPS: Final = 8  # from one AgentX to the next

MAX_GRPC_BYTES: Final = 16 * 1024 * 1024  # of one message to us or to an agent elsewhere
MAX_GRPC_CALLS: Final = 10_000  # under way at once in one gateway, streams among them
MAX_GRPC_CALLS_PER_CONNECTION: Final = 1_000

# Push notifications (routing.push)
MAX_PUSH_CONFIGS: Final = 20  # of one task
PUSH_TIMEOUT_SECONDS: Final = 10.0  # of one attempt
PUSH_ATTEMPTS: Final = 10  # then it is a dead letter
PUSH_FIRST_SECONDS: Final = 1.0  # at most, before the second attempt; twice that before the third
PUSH_PAUSE_SECONDS: Final = 600.0  # at most, before any attempt
PUSH_CLAIM_SECONDS: Final = 20  # then what a lost courier had in hand is taken up again
PUSH_AT_ONCE: Final = 100  # webhooks that one courier tells at the same time
PUSH_FAILING_AT_ONCE: Final = 50  # beside these, of those that failed last time
PUSH_PER_HOST: Final = 10
KEEP_DELIVERED_DAYS: Final = 7

# Agent cards, kept ready by routing.a2a
MAX_SHELVED_CARDS: Final = 2_000  # kept ready in one process, about 20 KB each
MAX_SHELVED_PAGES: Final = 20  # of the catalogue
MAX_FRONT_DOOR_SKILLS: Final = 500  # of the front door's card: the ready and newest agents
MAX_CATALOGUE_ENTRIES: Final = 1_000  # of one page of the catalogue
