"""Deeds on tasks from outside their run."""

from routing.services.cancels import cancel_children, request_cancel, withdrawn
from routing.services.losses import hand_over, reap_lost_tasks, take_over_lost_tasks
from routing.services.memories import forget_memories, forget_memory, prune_memories
from routing.services.repeats import forget_old_messages
from routing.services.replays import replay_dead, replay_delivery

__all__ = [
    "cancel_children",
    "forget_memories",
    "forget_memory",
    "forget_old_messages",
    "hand_over",
    "prune_memories",
    "reap_lost_tasks",
    "replay_dead",
    "replay_delivery",
    "request_cancel",
    "take_over_lost_tasks",
    "withdrawn",
]
