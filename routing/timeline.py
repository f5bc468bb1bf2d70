"""A task's event log as people read it: who did what when, how long it took, pieces of one artifact together. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from routing.content import brief, tool_of
from routing.models import TERMINAL, Task, TaskEvent
from routing.record import PREFIX

Json = dict[str, Any]
LONG: Final = 1.0  # seconds between two events that a reader should notice


@dataclass(slots=True)
class Entry:
    """One line. `first` to `last`: its events' numbers; `gap`: seconds since the event before."""

    first: int
    last: int
    kind: str
    who: str  # caller, agent or agentx
    time: datetime
    until: datetime
    told: str
    state: str = ""
    artifact: str = ""
    name: str = ""
    tool: str = ""  # tool_call or tool_result: the line tells of a tool of this `name`
    is_wrong: bool = False  # the tool failed
    turn: Any = None  # the turn that ended with it, where somebody filled that in: routing.selectors.AnsweredTurn
    pieces: int = 1
    is_append: bool = False
    is_last_chunk: bool = False
    gap: float | None = None

    @property
    def is_late(self) -> bool:
        """Whether the wait before it is worth a word."""
        return self.gap is not None and self.gap >= LONG


@dataclass(frozen=True, slots=True)
class Span:
    """How long the task was in a state: `share` in percent of the whole."""

    state: str
    seconds: float
    share: float


def entries(task: Task, events: Iterable[TaskEvent]) -> list[Entry]:
    """In the order of the log; an artifact's further pieces join the line of its first."""
    lines: list[Entry] = []
    for event in events:
        line = _entry(task, event)
        if lines and _goes_on(lines[-1], line):
            _join(lines[-1], line)
            continue
        line.gap = (line.time - lines[-1].until).total_seconds() if lines else None
        lines.append(line)
    return lines


def _entry(task: Task, event: TaskEvent) -> Entry:
    payload = event.payload
    line = Entry(event.seq, event.seq, event.kind, "agent", event.time, event.time, "")
    if event.kind == TaskEvent.Kind.STATUS:
        message = payload.get("message") or {}
        line.state = str(payload.get("state", "")).removeprefix(PREFIX)
        line.who, line.told = _teller(task, event, message), brief(message.get("parts", []))
        _tell_tool(line, message.get("parts", []))
    elif event.kind == TaskEvent.Kind.ARTIFACT:
        artifact = payload["artifact"]
        line.artifact, line.name = artifact["artifactId"], artifact.get("name", "")
        line.is_append = bool(payload.get("append"))
        line.is_last_chunk = bool(payload.get("lastChunk"))
        line.told = brief(artifact.get("parts", []))
    else:
        line.who = "agent" if payload.get("role") == "ROLE_AGENT" else "caller"
        line.told = brief(payload.get("parts", []))
    return line


def _tell_tool(line: Entry, parts: list[Json]) -> None:
    """Of a status that says nothing but what became of a tool."""
    tools = [tool for part in parts if (tool := tool_of(part))]
    if len(tools) == len(parts) == 1:
        line.tool, data = tools[0]
        line.name, line.is_wrong = str(data.get("name", "")), "error" in data


def _teller(task: Task, event: TaskEvent, message: Json) -> str:
    """AgentX opens tasks, and ends in the agent's place, with a message it numbers itself."""
    is_ours = message.get("messageId") == f"{task.id}-{event.seq}"
    return "agentx" if event.seq == 1 or is_ours else "agent"


def _goes_on(line: Entry, more: Entry) -> bool:
    return more.is_append and line.kind == more.kind and line.artifact == more.artifact


def _join(line: Entry, more: Entry) -> None:
    line.last, line.until = more.last, more.time
    line.pieces += 1
    line.told += more.told
    line.is_last_chunk = more.is_last_chunk


def spans(task: Task, events: Sequence[TaskEvent], now: datetime) -> list[Span]:
    """The task's life by states, from its opening to its end, or to now. Nothing of less than a moment."""
    turns = _changes(events)
    if not turns:
        return []
    over = turns[-1][0] in TERMINAL
    ends = [*turns, (turns[-1][0], turns[-1][1] if over else now)]
    lengths = [
        (state, max(0.0, (end - begin).total_seconds()))
        for (state, begin), (_, end) in pairwise(ends)
    ]
    whole = sum(seconds for _, seconds in lengths)
    return [
        Span(state, seconds, round(100 * seconds / whole, 2))
        for state, seconds in lengths
        if seconds > 0
    ]


def _changes(events: Sequence[TaskEvent]) -> list[tuple[str, datetime]]:
    """When the task came into another state; a status that only tells more is none."""
    found: list[tuple[str, datetime]] = []
    for event in events:
        state = str(event.payload.get("state", "")).removeprefix(PREFIX)
        is_new = not found or found[-1][0] != state
        if event.kind == TaskEvent.Kind.STATUS and is_new:
            found.append((state, event.time))
    return found
