"""For frameworks that cannot be put away in the middle of a turn which has a question for its caller.

The turn is done again from its beginning, with the answers that models, tools and the caller gave
before: no model is asked twice and no tool called twice. Works over a restart and in any replica.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from agentx_sdk.content import InputRequired
from agentx_sdk.llm.exchange import Exchange

WAITING = "waiting"  # among what a framework keeps of a conversation


class Asked(BaseException):
    """The turn waits for its caller. No Exception: frameworks take those for failures and go on."""

    def __init__(self, question: str, schema: dict[str, Any]) -> None:
        super().__init__(question)
        self.question = question
        self.schema = schema


class Journal:
    """Answers by the question, in the order they were given. From any thread.

    `values`: what the turn began with, JSON values by name.
    """

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        entries: Mapping[str, list[Any]] | None = None,
        answers: list[Any] | None = None,
    ) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self._entries = {key: list(each) for key, each in (entries or {}).items()}
        self._answers = list(answers or ())
        self._read: Counter[str] = Counter()
        self._asked = 0
        self._lock = threading.Lock()

    def next(self, key: str) -> Any:
        """What was answered to this question the next time; None when it was not asked so often."""
        with self._lock:
            kept = self._entries.get(key, ())
            place = self._read[key]
            self._read[key] += 1
            return kept[place] if place < len(kept) else None

    def add(self, key: str, value: Any) -> None:
        """Keep an answer: a JSON value that is not None."""
        with self._lock:
            self._entries.setdefault(key, []).append(value)

    def next_answer(self) -> Any:
        """What the caller answered to the next question; None when it is new."""
        with self._lock:
            if self._asked >= len(self._answers):
                return None
            self._asked += 1
            return self._answers[self._asked - 1]

    def keep(self, exchange: Exchange, asked: Asked) -> InputRequired:
        """With the conversation; and the question, which ends the turn."""
        with self._lock:
            exchange.native[WAITING] = {
                "task": exchange.turn.task_id,
                "values": self.values,
                "entries": self._entries,
                "answers": self._answers,
            }
        return InputRequired(asked.question, schema=asked.schema)


def journal_of(exchange: Exchange) -> Journal | None:
    """That of a turn of the same task which asked, with the answer; None for one that begins.

    A question whose task went on without an answer, or was given up, is forgotten.
    """
    kept = exchange.native.pop(WAITING, None)
    if kept is None or kept["task"] != exchange.turn.task_id:
        return None
    return Journal(kept["values"], kept["entries"], [*kept["answers"], exchange.answer])


def key_of(*told: Any) -> str:
    """The same for the same question."""
    text = json.dumps(told, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
