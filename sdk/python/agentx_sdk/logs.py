"""JSON lines on stderr: the supervisor keeps them with their level and ids."""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

from agentx_sdk.turn import Turn, current_turn

# Of a call that is no turn, such as a tool's.
current_ids: ContextVar[Mapping[str, str] | None] = ContextVar("agentx_current_ids", default=None)


class JsonFormatter(logging.Formatter):
    """One object a line: ts, level, logger, message, plugin, the turn's ids, exception."""

    def __init__(self, plugin: str) -> None:
        super().__init__()
        self._plugin = plugin

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, timezone.utc).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "plugin": self._plugin,
        }
        turn = current_turn.get()
        line.update(_ids(turn) if turn is not None else current_ids.get() or {})
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def _ids(turn: Turn) -> dict[str, str]:
    ids = {
        "agent": turn.agent.id,
        "task_id": turn.task_id,
        "context_id": turn.context_id,
        "request_id": turn.request_id,
        "trace_id": turn.traceparent[3:35],
    }
    return {key: value for key, value in ids.items() if value}


def name_call(agent: str, request_id: str, traceparent: str) -> None:
    """From here on lines of this task, and of its threads, carry these ids."""
    ids = {"agent": agent, "request_id": request_id, "trace_id": traceparent[3:35]}
    current_ids.set({key: value for key, value in ids.items() if value})


class Sparing:
    """A burst of lines passes, then a few a second: a flood of failures must not fill the disk."""

    def __init__(
        self,
        burst: int = 20,
        per_second: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._clock = clock
        self._left = self._burst
        self._since = clock()
        self._kept_back = 0

    def admit(self) -> int | None:
        """None: keep this line back. Else how many were kept back since the last one that passed."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._since) * self._per_second)
        self._since = now
        if self._left < 1:
            self._kept_back += 1
            return None
        self._left -= 1
        kept_back, self._kept_back = self._kept_back, 0
        return kept_back


def configure(plugin: str, *, for_people: bool = False) -> None:
    """Send every logger to stderr, at the level that LOG_LEVEL names (info)."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-8s %(name)s: %(message)s")
    handler.setFormatter(plain if for_people else JsonFormatter(plugin))
    level = os.environ.get("LOG_LEVEL", "info").upper()
    known = level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    logging.basicConfig(level=level if known else "INFO", handlers=[handler], force=True)
