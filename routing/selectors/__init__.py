"""Questions about tasks, messages and webhooks. `access_<noun>` is the one door to a thing."""

from routing.selectors.lineage import Branch, children_of, parent_of, tree_of
from routing.selectors.memories import memories, memory_of
from routing.selectors.messages import messages
from routing.selectors.pushes import (
    access_push_delivery,
    push_configs,
    push_deliveries,
    push_deliveries_of,
)
from routing.selectors.tasks import access_task, conversation_of, events_of, task_key, tasks
from routing.selectors.turns import AnsweredTurn, turns_of

__all__ = [
    "AnsweredTurn",
    "Branch",
    "access_push_delivery",
    "access_task",
    "children_of",
    "conversation_of",
    "events_of",
    "memories",
    "memory_of",
    "messages",
    "parent_of",
    "push_configs",
    "push_deliveries",
    "push_deliveries_of",
    "task_key",
    "tasks",
    "tree_of",
    "turns_of",
]
