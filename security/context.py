"""The request at hand, for logs: its id travels in a context variable through threads and tasks."""

import re
from contextvars import ContextVar
from typing import Final

from uuid_utils.compat import uuid7

request_id: ContextVar[str] = ContextVar("request_id", default="")
# How many AgentX servers have handed this request on: what goes in circles has to end.
hops: ContextVar[int] = ContextVar("hops", default=0)
HEADER: Final = "X-Request-ID"
HOPS_HEADER: Final = "AgentX-Hops"
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


def begin(offered: str | None) -> str:
    """Start a request: take the id the caller offers when it is harmless, else make one."""
    chosen = offered if offered and _ACCEPTABLE.match(offered) else uuid7().hex
    request_id.set(chosen)
    return chosen


def count_hops(told: str | None) -> None:
    """What the caller's header says; nonsense counts as none, many as a hundred."""
    is_number = told is not None and told.isascii() and told.isdigit()
    hops.set(min(int(told[:9]), 100) if told and is_number else 0)
