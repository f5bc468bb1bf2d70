"""An author's own rules for teams: who speaks, when it is done, which way a flow goes."""

from collections.abc import Sequence
from typing import Any


def last_first(messages: Sequence[Any]) -> str:
    """The second member begins, then the first."""
    return "y" if messages[-1].source != "y" else "x"


async def said_twice(messages: Sequence[Any]) -> bool:
    """Somebody says `twice`."""
    return any("twice" in each.to_text() for each in messages)


def is_short(message: Any) -> bool:
    """Whether a text has at most five words."""
    return len(message.to_text().split()) <= 5
