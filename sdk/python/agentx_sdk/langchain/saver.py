"""LangGraph's checkpointer on a conversation's memory."""

import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
)

from agentx_sdk.langchain.messages import lightened
from agentx_sdk.langchain.thread import Kept, Place, Thread

METADATA = ("source", "step", "parents")


class ConversationSaver(BaseCheckpointSaver[int]):
    """One for a graph and all its turns. A turn lends it its conversation's checkpoints while it runs.

    The checkpoints are JSON in the conversation's memory, which AgentX keeps: no database, and the
    conversation goes on in whichever process its next turn comes to.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads: dict[str, Thread] = {}

    @contextmanager
    def holding(self, thread_id: str, thread: Thread) -> Iterator[None]:
        """`thread` is what is read and written under this id."""
        self._threads[thread_id] = thread
        try:
            yield
        finally:
            del self._threads[thread_id]

    def loaded(self, thread: Thread, place: Place) -> Any:
        """The value of a channel."""
        if isinstance(place, list):
            return [self._value(thread, each) for each in place]
        return self._value(thread, place)

    # ---- What LangGraph asks

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        thread, told = self._thread(config), config["configurable"]
        kept = thread.get(told.get("checkpoint_ns", ""), get_checkpoint_id(config) or "")
        return self._tuple(thread, kept, told["thread_id"]) if kept is not None else None

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        if config is None:
            return
        thread, told = self._thread(config), config["configurable"]
        asked, end = get_checkpoint_id(config), get_checkpoint_id(before) if before else None
        left = limit
        for kept in thread.all(told.get("checkpoint_ns")):
            if (asked and kept.id != asked) or (end and kept.id >= end):
                continue
            if filter and any(kept.metadata.get(name) != value for name, value in filter.items()):
                continue
            if left is not None and left <= 0:
                return
            left = left - 1 if left is not None else None
            yield self._tuple(thread, kept, told["thread_id"])

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        thread, told = self._thread(config), config["configurable"]
        ns, parent = told.get("checkpoint_ns", ""), told.get("checkpoint_id") or ""
        before = thread.get(ns, parent) if parent else None
        bare: dict[str, Any] = {**checkpoint}
        values = bare.pop("channel_values")
        unchanged = before.channels if before is not None else {}
        channels: dict[str, Place] = {
            name: unchanged[name]
            if name in unchanged and name not in new_versions
            else self._placed(thread, value)
            for name, value in values.items()
        }
        about: dict[str, Any] = {**metadata}
        about = {name: about[name] for name in METADATA if name in about}
        thread.add(Kept(ns, checkpoint["id"], parent, bare, about, channels))
        return _config(told["thread_id"], ns, checkpoint["id"])

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        thread, told = self._thread(config), config["configurable"]
        kept = thread.get(told.get("checkpoint_ns", ""), told["checkpoint_id"])
        if kept is None:  # `exit` writes them before it puts the checkpoint
            kept = Kept(told.get("checkpoint_ns", ""), told["checkpoint_id"], "", {}, {})
            thread.add(kept)
        there = {(task, index): place for place, (task, index, *_) in enumerate(kept.writes)}
        for position, (channel, value) in enumerate(writes):
            index = WRITES_IDX_MAP.get(channel, position)
            write = (task_id, index, channel, thread.place(self._encoded(value)), task_path)
            if (task_id, index) not in there:
                kept.writes.append(write)
            elif index < 0:
                kept.writes[there[task_id, index]] = write

    def delete_thread(self, thread_id: str) -> None:
        if thread_id in self._threads:
            self._threads[thread_id] = Thread()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return self.get_tuple(config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        for each in self.list(config, filter=filter, before=before, limit=limit):
            yield each

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return self.put(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        self.put_writes(config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        self.delete_thread(thread_id)

    # ---- Values

    def _thread(self, config: RunnableConfig) -> Thread:
        """Under an id that nobody lent, nothing is kept: own code that names a thread of its own."""
        thread = self._threads.get(config["configurable"]["thread_id"])
        return thread if thread is not None else Thread()

    def _tuple(self, thread: Thread, kept: Kept, thread_id: str) -> CheckpointTuple:
        values = {name: self.loaded(thread, place) for name, place in kept.channels.items()}
        checkpoint: Any = {**kept.checkpoint, "channel_values": values}
        metadata: Any = dict(kept.metadata)
        return CheckpointTuple(
            config=_config(thread_id, kept.ns, kept.id),
            checkpoint=checkpoint,
            metadata=metadata,
            parent_config=_config(thread_id, kept.ns, kept.parent) if kept.parent else None,
            pending_writes=[
                (task, channel, self._value(thread, place))
                for task, _, channel, place, _ in sorted(kept.writes, key=lambda each: each[4])
            ],
        )

    def _placed(self, thread: Thread, value: Any) -> Place:
        if isinstance(value, list) and value and all(isinstance(one, BaseMessage) for one in value):
            return [thread.place(self._encoded(lightened(each))) for each in value]
        return thread.place(self._encoded(value))

    def _encoded(self, value: Any) -> str:
        kind, data = self.serde.dumps_typed(value)
        return f"{kind}:{base64.b64encode(data).decode()}"

    def _value(self, thread: Thread, place: int) -> Any:
        kind, _, data = thread.value(place).partition(":")
        return self.serde.loads_typed((kind, base64.b64decode(data)))


def _config(thread_id: str, ns: str, checkpoint_id: str) -> RunnableConfig:
    told = {"thread_id": thread_id, "checkpoint_ns": ns, "checkpoint_id": checkpoint_id}
    return {"configurable": told}
