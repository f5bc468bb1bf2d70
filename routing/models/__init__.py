"""Messages on their way. Tasks are written by the journal (`routing.journal`) in SQL; the ORM reads them.

The event log is the task (ADR 0013): every change appends `TaskEvent(task, seq)` in the transaction that changes
the snapshot in `Task`, and `Task.seq` is the number of the last one.
"""

from routing.models.conversations import Conversation, Message
from routing.models.memories import ConversationMemory
from routing.models.pushes import PushConfig, PushDelivery
from routing.models.tasks import (
    ACTIVE,
    INTERRUPTED,
    TERMINAL,
    Decoder,
    IdempotencyKey,
    Task,
    TaskEvent,
    TaskState,
)

__all__ = [
    "ACTIVE",
    "INTERRUPTED",
    "TERMINAL",
    "Conversation",
    "ConversationMemory",
    "Decoder",
    "IdempotencyKey",
    "Message",
    "PushConfig",
    "PushDelivery",
    "Task",
    "TaskEvent",
    "TaskState",
]
