"""The turn that an agent is given, made of a task's record: for the first delivery and for every other. Pure."""

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from typing import Final

import orjson
from django.conf import settings

from plugins_app.client.codec import Turn
from routing.limits import MAX_HISTORY_BYTES, MAX_TURN_SECONDS
from routing.record import Json, Record
from routing.requests import Send
from security import context
from security.principals import ANONYMOUS, Grant
from security.turn_tokens import issue

_TRACE: Final = re.compile(r"[0-9a-f]{32}\Z")


def request_of(send: Send, grant: Grant | None = None) -> Json:
    """What a turn needs beside the message, as `Task.request` keeps it. `grant`: of the turn that asks for this one."""
    request: Json = {"chain": list(grant.chain)} if grant else {}
    if send.metadata:
        request["metadata"] = send.metadata
    if send.accepted_output_modes:
        request["acceptedOutputModes"] = list(send.accepted_output_modes)
    if hops := context.hops.get():  # `opening` sees to it that no agent counts anew
        request["hops"] = hops
    if trace := (grant.trace if grant else context.trace.get()):
        request["trace"] = trace
    return request


def trace_of(request: Json, request_id: str) -> str:
    """The caller's trace; without one, a trace that is found by the request's id.

    The ids that AgentX makes are 32 hexadecimal digits, and so are the trace's; of another id it is the sha256.
    """
    if trace := request.get("trace"):
        return str(trace)
    own = _TRACE.match(request_id)
    return request_id if own else hashlib.sha256(request_id.encode()).hexdigest()[:32]


def turn_of(
    task: Record,
    message: Json,
    history: Sequence[Json],
    *,
    request_id: str = "",
    blocking: bool = False,
    resumes: bool = False,
) -> Turn:
    """`history`: what was said before `message`; when a lost turn is resumed, what was said after it too."""
    request = task.request or {}
    request_id = request_id or task.request_id
    trace = trace_of(request, request_id)
    ends = time.time() + MAX_TURN_SECONDS
    return Turn(
        agent=task.agent_slug,
        message=message,
        task_id=task.id,
        context_id=task.context_id,
        caller="" if task.owner == ANONYMOUS.subject else task.owner_label,
        request_id=request_id,
        traceparent=traceparent(trace),
        history=newest_that_fit(history),
        deadline_ms=int(ends * 1000),
        metadata=request.get("metadata"),
        accepted_output_modes=request.get("acceptedOutputModes", ()),
        upstream=task.upstream,
        artifacts=task.artifacts if task.upstream else (),
        blocking=blocking,
        resumes=resumes,
        token=_token(task, trace, ends),
        agentx_url=settings.INTERNAL_URL,
    )


def _token(task: Record, trace: str, ends: float) -> str:
    """For A2A calls in the caller's name. AgentX itself lends its name to nobody."""
    if task.owner.startswith("system:"):
        return ""
    request = task.request or {}
    chain, hops = (*request.get("chain", ()), task.agent_slug), int(request.get("hops", 0))
    return issue(Grant(task.owner, task.id, task.agent_slug, chain, trace, ends, task.scope, hops))


def traceparent(trace: str) -> str:
    """A new span of this trace."""
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def newest_that_fit(history: Sequence[Json], limit: int = MAX_HISTORY_BYTES) -> list[Json]:
    """The newest messages whose JSON has at most so many bytes together, oldest first."""
    fitting: list[Json] = []
    for message in reversed(history):
        limit -= len(orjson.dumps(message))
        if limit < 0:
            break
        fitting.append(message)
    return fitting[::-1]
