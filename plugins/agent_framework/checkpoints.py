"""A workflow that waits, kept with the conversation, so that any process can take it up again.

What is no JSON in a checkpoint is pickled by the framework, and read by its restricted reader: only
AgentX writes a conversation's memory, and only types of the framework and of this plugin are made from it.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent_framework import CheckpointStorage, WorkflowCheckpoint
from agent_framework._workflows._checkpoint_encoding import (
    decode_checkpoint_value,
    encode_checkpoint_value,
)
from agent_framework.exceptions import WorkflowCheckpointException
from agentx_sdk import TaskFailed
from agentx_sdk.llm import Exchange
from agentx_sdk.llm.exchange import NATIVE

logger = logging.getLogger(__name__)

WORKFLOW = "workflow"
LOST = "workflow_lost"
ALLOWED = frozenset({"types:GenericAlias"})  # list[Message]: what a handoff's answer must be


class Newest(CheckpointStorage):
    """The newest checkpoint of one run."""

    def __init__(self, checkpoint: WorkflowCheckpoint | None = None) -> None:
        self.checkpoint = checkpoint

    async def save(self, checkpoint: WorkflowCheckpoint) -> str:
        self.checkpoint = checkpoint
        return checkpoint.checkpoint_id

    async def load(self, checkpoint_id: str) -> WorkflowCheckpoint:
        if self.checkpoint is None or self.checkpoint.checkpoint_id != checkpoint_id:
            raise KeyError(checkpoint_id)
        return self.checkpoint

    async def list_checkpoints(self, *, workflow_name: str) -> list[WorkflowCheckpoint]:
        return [self.checkpoint] if self.checkpoint is not None else []

    async def delete(self, checkpoint_id: str) -> bool:
        had, self.checkpoint = self.checkpoint is not None, None
        return had

    async def get_latest(self, *, workflow_name: str) -> WorkflowCheckpoint | None:
        return self.checkpoint

    async def list_checkpoint_ids(self, *, workflow_name: str) -> list[str]:
        return [self.checkpoint.checkpoint_id] if self.checkpoint is not None else []


@dataclass(frozen=True)
class Waiting:
    """A workflow in the middle of its run. `events`: what it waits for, in the order it was asked."""

    checkpoint: WorkflowCheckpoint
    order: Sequence[str]

    @property
    def events(self) -> list[Any]:
        """Its requests."""
        pending = self.checkpoint.pending_request_info_events
        return [pending[id] for id in self.order if id in pending]


def recalled(exchange: Exchange, shape: str) -> Waiting | None:
    """What waits in this conversation for an answer. What was asked in a task is answered in that task."""
    told = exchange.native.get(WORKFLOW)
    if not told or told.get("shape") != shape:
        return None
    if told.get("task") not in ("", exchange.turn.task_id):
        return None
    try:
        state = decode_checkpoint_value(told["checkpoint"], allowed_types=ALLOWED)
        return Waiting(WorkflowCheckpoint.from_dict(state), told["order"])
    except WorkflowCheckpointException as error:
        if told["task"]:
            why = f"the workflow that waited cannot be taken up again: {error}"[:500]
            raise TaskFailed(why, LOST) from error
        logger.warning("a conversation begins anew: %s", error)
        return None


def keep(
    exchange: Exchange, shape: str, checkpoint: WorkflowCheckpoint, order: Sequence[str], task: str
) -> None:
    """`task`: which the answer must come to; empty: any of the conversation.

    A conversation that outgrows the agent's memory begins anew, with what was said.
    """
    encoded = encode_checkpoint_value(checkpoint.to_dict())
    told = {"shape": shape, "checkpoint": encoded, "order": list(order), "task": task}
    memory = exchange.spec.memory
    if task or (memory.enabled and len(json.dumps(encoded)) <= memory.max_bytes):
        exchange.native[WORKFLOW] = told
    else:
        forget(exchange)


def forget(exchange: Exchange) -> None:
    """Nothing waits any more."""
    if NATIVE in exchange.turn.memory:
        exchange.native.pop(WORKFLOW, None)
