"""A request to the model, whichever API it came by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
Json = dict[str, Any]


# How CrewAI puts a user's words, and what it says behind a tool's result.
FRAME = re.compile(
    r"\s*Current Task: (.*?)(?:\n\n(?:Provide your complete response:|Begin! This is VERY)"
    r"|\n+This is the expected criteria for your final answer:|\Z)",
    re.DOTALL,
)
ASIDE = "Analyze the tool result."


@dataclass(frozen=True)
class Said:
    """One message. `pictures`: how many are in it."""

    role: Role
    text: str = ""
    pictures: int = 0

    @property
    def words(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True)
class Offered:
    """A tool that the model may call."""

    name: str
    parameters: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """`choice`: auto, none, required, or the name of the tool that must be called."""

    model: str
    messages: Sequence[Said]
    tools: Sequence[Offered] = ()
    choice: str = "auto"
    parallel: bool = True
    schema: Json | None = None
    stream: bool = False
    most: int | None = None  # tokens of the answer
    retried: int = 0  # how often this request failed before, as its client says

    @property
    def user_text(self) -> str:
        """What the user said last, without what CrewAI says in the user's name."""
        said = (each.text for each in reversed(self.messages) if each.role == "user")
        return next((_without_frame(text) for text in said if not text.startswith(ASIDE)), "")

    @property
    def pictures(self) -> int:
        """In what the user said last."""
        return next((each.pictures for each in reversed(self.messages) if each.role == "user"), 0)

    @property
    def instructions(self) -> str:
        return "\n".join(each.text for each in self.messages if each.role == "system")

    @property
    def words(self) -> int:
        """What it reads, one token a word."""
        return sum(each.words for each in self.messages)


@dataclass(frozen=True)
class Call:
    """A call of a tool, with its arguments as JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Answer:
    """Words, or calls of tools. `is_cut`: at the most tokens that were asked for."""

    text: str = ""
    calls: Sequence[Call] = ()
    is_cut: bool = False

    @property
    def words(self) -> int:
        """What it wrote, one token a word."""
        called = sum(1 + len(call.arguments.split()) for call in self.calls)
        return len(self.text.split()) + called


def _without_frame(text: str) -> str:
    framed = FRAME.match(text)
    return framed[1] if framed else text
