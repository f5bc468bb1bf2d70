"""An author's own rules: who speaks, which way a graph goes, what is said around a request."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from agent_framework import ChatContext, ChatMiddleware, ContextProvider


def last_first(state: Any) -> str:
    """The second begins, then the first."""
    names = list(state.participants)
    return str(names[(state.current_round + 1) % len(names)])


def is_short(text: str) -> bool:
    """Whether a text has at most five words."""
    return len(text.split()) <= 5


def count(text: str) -> str:
    """A step of a graph: how many words there are."""
    return f"{len(text.split())} words"


def fails(text: str) -> str:
    """A step of a graph that fails."""
    raise ValueError("no good")


def vote(texts: Sequence[str]) -> str:
    """What is made of the words of all."""
    return " | ".join(sorted(texts))


class Shout(ChatMiddleware):
    """The model hears capital letters only."""

    async def process(self, context: ChatContext, call_next: Callable[[], Awaitable[None]]) -> None:
        for message in context.messages:
            for content in message.contents:
                if content.type == "text" and content.text and message.role == "user":
                    content.text = content.text.upper()
        await call_next()


class Manners(ContextProvider):
    """More instructions for every request."""

    def __init__(self) -> None:
        super().__init__("manners")

    async def before_run(self, *, agent: Any, session: Any, context: Any, state: Any) -> None:
        context.extend_instructions(self.source_id, "reply: Pardon, {text}?")
