"""What was asked lately, for tests: who asked what, and whether they waited for the end."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agentx_site.model_stub.asking import Json, Said

MOST: Final = 1000  # requests
MAX_TEXT: Final = 8000  # characters of one request


def now_ms() -> float:
    """Monotonic."""
    return time.monotonic() * 1000


@dataclass
class Request:
    """One request. `left`: its client went before the end. Times are monotonic, in milliseconds."""

    number: int
    path: str
    model: str
    stream: bool
    messages: list[Json]
    tools: list[str]
    began: float
    status: int = 0
    ended: float | None = None
    left: bool = False


class Recording:
    """Counts always; keeps requests where `keeps` says so: what people say is nobody's business."""

    def __init__(self, keeps: bool = True) -> None:
        self._keeps = keeps
        self._kept: deque[Request] = deque(maxlen=MOST)
        self._requests = self._active = self._aborted = 0

    def begin(
        self,
        path: str,
        model: str = "",
        stream: bool = False,
        messages: Iterable[Said] = (),
        tools: Iterable[str] = (),
    ) -> Request:
        self._requests += 1
        self._active += 1
        told = _bounded(messages) if self._keeps else []
        request = Request(self._requests, path, model, stream, told, list(tools), now_ms())
        if self._keeps:
            self._kept.append(request)
        return request

    def end(self, request: Request) -> None:
        request.ended = now_ms()
        self._active -= 1
        self._aborted += request.left

    def told(self, since: int = 0) -> Json:
        """Those with a higher number than `since`, oldest first, and how many there were of all."""
        return {
            "counters": {
                "requests": self._requests,
                "active": self._active,
                "aborted": self._aborted,
            },
            "now": now_ms(),
            "requests": [vars(each) for each in self._kept if each.number > since],
        }

    def forget(self) -> None:
        """What was kept. Numbers go on, so that who reads with `since` misses nothing."""
        self._kept.clear()


def _bounded(messages: Iterable[Said]) -> list[Json]:
    """The newest of them, as far as there is room."""
    left, told = MAX_TEXT, []
    for each in reversed(list(messages)):
        if left <= 0:
            break
        text = each.text[:left]
        left -= len(text) + 1
        told.append({"role": each.role, "text": text, "pictures": each.pictures})
    return told[::-1]
