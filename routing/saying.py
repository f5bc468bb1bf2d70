"""What was said in a task as people read it: words as they came, and each call of a tool with what came of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from routing.content import Json, form_of, tool_of
from routing.models import Message


@dataclass(slots=True)
class ToolUse:
    """A tool that an agent called. `result` is any JSON value; `state`: running, ok or error."""

    id: str
    name: str
    arguments: Any
    began: datetime | None = None
    ended: datetime | None = None
    result: Any = None
    error: str = ""

    @property
    def state(self) -> str:
        if self.ended is None:
            return "running"
        return "error" if self.error else "ok"

    @property
    def seconds(self) -> float | None:
        if self.began is None or self.ended is None:
            return None
        return (self.ended - self.began).total_seconds()

    @property
    def outcome(self) -> Any:
        return self.error or self.result


@dataclass(frozen=True, slots=True)
class Said:
    """A message with words of its own, or the use of a tool that began with it."""

    row: Message
    tool: ToolUse | None = None


def said(rows: Sequence[Message]) -> list[Said]:
    """In the order of the messages; a tool's result joins its call."""
    found: list[Said] = []
    calls: dict[str, ToolUse] = {}
    for row in rows:
        parts = row.message.get("parts", [])
        for tool in _tools(parts, row, calls):
            found.append(Said(row, tool))
        if not parts or any(tool_of(part) is None for part in parts):
            found.append(Said(row))
    return found


def _tools(parts: Iterable[Json], row: Message, calls: dict[str, ToolUse]) -> Iterable[ToolUse]:
    """Those that begin in this message; what it says of earlier ones goes to them."""
    for part in parts:
        told = tool_of(part)
        if told is None:
            continue
        kind, data = told
        use = calls.get(str(data.get("id", "")))
        if kind == "tool_call" or use is None:
            use = ToolUse(str(data.get("id", "")), str(data.get("name", "")), None)
            calls[use.id] = use
            yield use
        if kind == "tool_call":
            use.arguments, use.began = data.get("arguments", {}), row.created
        else:
            use.ended, use.result = row.created, data.get("result")
            use.error = str(data.get("error", ""))


def asked(parts: Iterable[Json]) -> list[Json]:
    """The schemas of the forms that a message asks its reader to fill in."""
    return [schema for schema in map(form_of, parts) if schema is not None]
