"""What a plugin wrote to standard error, as records. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

LONGEST: Final = 16 * 1024
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
ALIASES: Final = {"warn": "warning", "fatal": "critical", "trace": "debug"}
TRACEBACK: Final = "Traceback (most recent call last):"


@dataclass(frozen=True, slots=True)
class Line:
    """One record; `json` is the text of the object it was, or empty."""

    time: str  # ISO 8601
    level: str
    text: str
    json: str = ""


@dataclass
class Reader:
    """Cuts what comes into records. A traceback becomes one record, however it is cut."""

    _rest: str = ""
    _traceback: list[str] = field(default_factory=list)
    _length: int = 0  # of the traceback so far

    def feed(self, text: str, now: datetime) -> list[Line]:
        """The records that are complete by now."""
        *whole, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > LONGEST:
            whole, self._rest = [*whole, self._rest], ""
        records: list[Line] = []
        for line in whole:
            records += self._take(line.rstrip("\r")[:LONGEST], now)
        return records

    def flush(self, now: datetime) -> list[Line]:
        """What was read of a traceback, as one record."""
        block, self._traceback = self._traceback, []
        return [Line(_iso(now), "error", "\n".join(block))] if block else []

    def _take(self, line: str, now: datetime) -> list[Line]:
        if self._traceback and (line.startswith((" ", "\t")) or not line):
            self._length += len(line) + 1
            if self._length <= LONGEST:  # one without an end is cut, not kept for ever
                self._traceback.append(line)
            return []
        if self._traceback and not line.startswith("{"):
            self._traceback.append(line)
            return self.flush(now)
        before = self.flush(now)
        if line == TRACEBACK:
            self._traceback, self._length = [line], len(line)
            return before
        return [*before, parse(line, now)] if line else before


def parse(line: str, now: datetime) -> Line:
    """A JSON object keeps its level, time and text; anything else is text at level info."""
    try:
        told = orjson.loads(line) if line.startswith("{") else None
    except ValueError:  # also of what is nested without end, and of half characters
        told = None
    if not isinstance(told, dict):
        return Line(_iso(now), "info", line)
    level = _plain(told, "level", otherwise="info").lower()
    level = ALIASES.get(level, level)
    text = _plain(told, "message", "msg", otherwise=line)
    if exception := _plain(told, "exception", otherwise=""):
        text = f"{text}\n{exception}"
    time = _plain(told, "ts", "time", otherwise=_iso(now))
    return Line(time[:40], level if level in LEVELS else "info", text, line)


def _plain(told: Mapping[str, Any], *names: str, otherwise: str) -> str:
    """The first of these that is there; only a text or a number is shown as it is."""
    found = next((told[name] for name in names if name in told), None)
    return str(found) if isinstance(found, str | int | float) else otherwise


def level_of(manifest: Mapping[str, Any]) -> str:
    """The least that its author wants to be followed; the file has everything."""
    return str(manifest.get("logging", {}).get("level", LEVELS[0]))


def heard(level: str, least: str) -> bool:
    """Whether a record of this level is followed."""
    return least not in LEVELS or LEVELS.index(level) >= LEVELS.index(least)


def _iso(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds")
