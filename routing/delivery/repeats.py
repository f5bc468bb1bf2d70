"""Messages that must be taken once: the same message again is the same task, another one under its id a conflict."""

import hashlib

import orjson

from routing.journal import Once
from routing.record import Json, Record
from routing.requests import Send
from routing.routes import Route
from routing.selectors.records import sent_before
from security.errors import Conflict
from security.principals import Principal
from security.rows import ask


def once_of(send: Send) -> Once | None:
    """None where the caller did not ask for it."""
    if not send.is_idempotent:
        return None
    return Once(send.message["messageId"], digest_of(send))


def digest_of(send: Send) -> str:
    """sha256 of what makes a message that message. How long to wait and how much to be told may differ."""
    payload: Json = {
        "message": send.message,
        "metadata": send.metadata or {},
        "acceptedOutputModes": list(send.accepted_output_modes),
        "push": send.push,
    }
    return hashlib.sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def earlier(principal: Principal, route: Route, once: Once) -> Record | None:
    """The task that this message made when it was sent before. Raises `Conflict` when it was another message."""
    found = await ask(sent_before, principal, route.agent_id, once.message_id)
    if found is None:
        return None
    digest, task = found
    if digest != once.digest:
        raise Conflict(
            f"The messageId {once.message_id!r} was sent before with another content: "
            "send the same again, or give the new message an id of its own."
        )
    return task
