"""/api/v1: tasks, the messages they were made of, webhooks, and what agents remember."""

from routing.api.memories import AgentMemories, AgentMemory
from routing.api.messages import MessageHistory, with_lane
from routing.api.pushes import (
    PushConfigs,
    PushDeliveries,
    PushDeliveryDetail,
    PushDeliveryReplay,
    PushTaskReplay,
)
from routing.api.tasks import TaskCancel, TaskDetail, Tasks

__all__ = [
    "AgentMemories",
    "AgentMemory",
    "MessageHistory",
    "PushConfigs",
    "PushDeliveries",
    "PushDeliveryDetail",
    "PushDeliveryReplay",
    "PushTaskReplay",
    "TaskCancel",
    "TaskDetail",
    "Tasks",
    "with_lane",
]
