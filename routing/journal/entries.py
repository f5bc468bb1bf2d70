"""What is written down, as the JSON documents that the statements unpack."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from uuid_utils import uuid7

from routing.record import Event, Json, Record
from routing.signals import TaskChanged, Usage


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A row of the conversation. `role`: "user" or "agent"."""

    message: Json
    role: str
    intent: str = "query"


@dataclass(frozen=True, slots=True)
class Once:
    """The message is to be taken once: under its id, and the sha256 of what was sent with it."""

    message_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The turn of a conversation: what the agent remembers of it, and the number of that."""

    memory: bytes
    revision: int


@dataclass(slots=True)
class Change:
    """A conditional step of a task: it happens only if `before` is still what the row says."""

    before: Record
    after: Record
    events: Sequence[Event]
    messages: Sequence[NewMessage] = ()
    instance: str | None = None
    once: Once | None = None
    # Of an agent that remembers: what it shall, and the claim that the turn began with.
    memory: bytes | None = None
    claim: Claim | None = None
    asker: str | None = None  # a task that goes on with this one, as long as it is at work
    plugin: str = ""  # for the figures
    usage: Sequence[Usage] = ()


@dataclass(slots=True)
class Entry:
    """One waiter: its document, and the news that its commit makes. `done` resolves to whether it was applied.

    `is_sure`: nothing can keep it from being applied but a refusal of the database.
    """

    task_id: str
    document: bytes
    news: TaskChanged
    opens: bool
    event_id: str
    is_sure: bool = False
    remembers: bool = False
    tried_before: bool = False
    claim: Claim | None = None  # of a new task that has its conversation's turn
    done: asyncio.Future[bool] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def again(self) -> "Entry":
        """The same document for another try."""
        kept = (self.task_id, self.document, self.news, self.opens, self.event_id, self.is_sure)
        return Entry(*kept, self.remembers, tried_before=True)

    def settle(self, applied: bool) -> None:
        if not self.done.done():
            self.done.set_result(applied)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def opening(record: Record, message: NewMessage, once: Once | None = None) -> Entry:
    """A new task with its first event and the message that began it.

    Not applied when `once` was taken before, or when the task that asked for it is not at work any more.
    """
    event_id = str(uuid7())
    document = {
        "id": record.id,
        "tenant": record.tenant,
        "agent_id": record.agent_id,
        "owner": record.owner,
        "owner_label": record.owner_label,
        "scope": record.scope,
        "is_direct": record.is_direct,
        "request": record.request,
        "context_id": record.context_id,
        "state": record.state,
        "status": record.status,
        "metadata": record.metadata,
        "door": record.door,
        "request_id": record.request_id,
        "lease_owner": record.lease_owner,
        "time": record.updated,
        "event_id": event_id,
        "conversation_id": str(uuid7()),
        "parent": record.parent,
        "trace": record.trace,
        "remembers": record.keeps_memory,
        "memory_row": str(uuid7()) if record.keeps_memory else None,
        **_message_row(message),
        **_once(once),
    }
    news = TaskChanged(record.id, record.agent_slug, record.door, record.state, opened=True)
    is_sure = once is None and record.parent is None
    return Entry(
        record.id, orjson.dumps(document), news, True, event_id, is_sure, record.keeps_memory
    )


def change(step: Change) -> Entry:
    """The next events of a task and what they make of it."""
    before, after = step.before, step.after
    events = [
        {"id": str(uuid7()), "seq": each.seq, "kind": each.kind, "payload": _payload(step, each)}
        for each in step.events
    ]
    document: dict[str, Any] = {
        "id": after.id,
        "seq": before.seq,
        "next_seq": after.seq,
        "holder": before.lease_owner,
        "lease_owner": after.lease_owner,
        "state": after.state,
        "status": after.status,
        "reason": after.reason,
        "is_direct": after.is_direct,
        "request": after.request,
        "deliveries": after.deliveries,
        "upstream": after.upstream,
        "instance": step.instance,
        "time": after.updated,
        "closed": after.is_terminal,
        "events": events,
        "messages": [_message_row(each) for each in step.messages],
        **_once(step.once),
    }
    if step.asker:
        document["asker"] = step.asker
    if any(each.kind == "artifact" for each in step.events):
        document["artifacts"] = after.artifacts
    if step.usage:
        document["usage"] = after.usage
    if after.keeps_memory:
        document |= _memory(step)
    event_id = str(events[0]["id"])
    return Entry(
        after.id,
        orjson.dumps(document),
        _news(step),
        False,
        event_id,
        remembers=after.keeps_memory and not after.lease_owner,
    )


def _memory(step: Change) -> Json:
    """What a turn that ends leaves. Only who has the conversation's turn can leave something."""
    kept: Json = {"remembers": True}
    if step.memory is not None and step.claim is not None:
        kept |= {"memory": b64encode(step.memory).decode(), "revision": step.claim.revision}
    return kept


def _payload(step: Change, event: Event) -> Json:
    """As it happened; where a turn ends, the log has which process answered, for the console: callers are not told."""
    if step.instance is None or event.kind != "status" or not step.after.is_settled:
        return event.payload
    return {**event.payload, "process": step.instance}


def _message_row(message: NewMessage) -> Json:
    return {
        "message_row": str(uuid7()),
        "message_id": message.message["messageId"],
        "role": message.role,
        "intent": message.intent,
        "message": message.message,
    }


def _once(once: Once | None) -> Json:
    if once is None:
        return {}
    return {"once_row": str(uuid7()), "once_id": once.message_id, "digest": once.digest}


def _news(step: Change) -> TaskChanged:
    before, after = step.before, step.after
    closed = after.is_terminal and not before.is_terminal
    seconds = (after.updated - after.opened).total_seconds() if closed else None
    return TaskChanged(
        after.id,
        after.agent_slug,
        after.door,
        after.state,
        closed=closed,
        seconds=seconds,
        plugin=step.plugin,
        usage=tuple(step.usage),
    )
