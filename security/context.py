"""The request at hand, for logs: its id travels in a context variable through threads and tasks."""

import re
from contextvars import ContextVar
from typing import Final

from uuid_utils.compat import uuid7

request_id: ContextVar[str] = ContextVar("request_id", default="")
# How many AgentX servers have handed this request on: what goes in circles has to end.
hops: ContextVar[int] = ContextVar("hops", default=0)
# The caller's trace, 32 hexadecimal digits, where it brought one (W3C Trace Context, 3.2).
trace: ContextVar[str] = ContextVar("trace", default="")
HEADER: Final = "X-Request-ID"
TRACE_HEADER: Final = "traceparent"
HOPS_HEADER: Final = "AgentX-Hops"
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-|\Z)")
_NO_TRACE: Final = "0" * 32


def begin(offered: str | None) -> str:
    """Start a request: take the id the caller offers when it is harmless, else make one."""
    chosen = offered if offered and _ACCEPTABLE.match(offered) else uuid7().hex
    request_id.set(chosen)
    return chosen


def count_hops(told: str | None) -> None:
    """What the caller's header says; nonsense counts as none, many as a hundred."""
    is_number = told is not None and told.isascii() and told.isdigit()
    hops.set(min(int(told[:9]), 100) if told and is_number else 0)


def take_trace(traceparent: str | None) -> None:
    """Go on with the trace the caller is in; what is no `traceparent` counts as none."""
    found = _TRACEPARENT.match(traceparent or "")
    trace.set(found[1] if found and found[1] != _NO_TRACE else "")
