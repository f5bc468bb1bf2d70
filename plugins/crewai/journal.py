"""What models and tools answered in a turn that waits for its caller: it goes on from there.

CrewAI cannot put a crew away in the middle of a task. So the turn is done again from its beginning,
with the answers that were given before: no model is asked twice and no tool called twice.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any


class Journal:
    """Answers by the question, in the order they were given. From any thread."""

    def __init__(self, told: Mapping[str, Any] | None = None) -> None:
        told = told or {}
        self.entries: dict[str, list[Any]] = dict(told.get("entries", {}))
        self.answers: list[Any] = list(told.get("answers", ()))
        self._read: Counter[str] = Counter()
        self._asked = 0
        self._lock = threading.Lock()

    def next(self, key: str) -> Any:
        """What was answered to this question the next time; None when it was not asked so often."""
        with self._lock:
            kept = self.entries.get(key, ())
            place = self._read[key]
            self._read[key] += 1
            return kept[place] if place < len(kept) else None

    def add(self, key: str, value: Any) -> None:
        """Keep an answer that is not None."""
        with self._lock:
            self.entries.setdefault(key, []).append(value)

    def next_answer(self) -> Any:
        """What the caller answered to the next question; None when it is new."""
        with self._lock:
            if self._asked >= len(self.answers):
                return None
            self._asked += 1
            return self.answers[self._asked - 1]

    def to_json(self) -> dict[str, Any]:
        """For the conversation's memory."""
        with self._lock:
            return {"entries": self.entries, "answers": self.answers}
