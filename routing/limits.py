"""How much is too much, on the message path. Each has a test; the body's limit is settings.MAX_BODY_BYTES."""

from typing import Final

MAX_ID: Final = 128  # characters of messageId, taskId, contextId
MAX_PARTS: Final = 1_000  # of one message
MAX_DEPTH: Final = 64  # of JSON inside data parts and metadata
MAX_REFERENCES: Final = 100  # referenceTaskIds, extensions, acceptedOutputModes
MAX_HISTORY_MESSAGES: Final = 1_000  # of a task, told to callers and agents
MAX_HISTORY_BYTES: Final = 4 * 1024 * 1024  # told to the agent: the newest that fit
PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 100

FIND_PROCESS_SECONDS: Final = 10.0  # a message waits so long for a process that can take it
MAX_DELIVERIES: Final = 2  # to agents that may get a message again
MAX_TURN_SECONDS: Final = 3_600.0
CANCEL_SECONDS: Final = 5.0  # CancelTask waits so long for the process that runs the task

# Agents elsewhere (routing.remote)
CONNECT_SECONDS: Final = 5.0  # until it is down
UPSTREAM_SECONDS: Final = 30.0  # for an answer that needs no thinking: GetTask, CancelTask
SILENCE_SECONDS: Final = 60.0  # a stream without a byte is asked for anew
RECONNECT_SECONDS: Final = 30.0  # a task whose stream was lost is looked for so long
MAX_UPSTREAM_CONNECTIONS: Final = 512  # to one agent from one process
MAX_UPSTREAM_BYTES: Final = 16 * 1024 * 1024  # of one answer, or one event of a stream
MAX_HOPS: Final = 8  # from one AgentX to the next
