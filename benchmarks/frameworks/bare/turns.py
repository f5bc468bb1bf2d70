"""Runs turns of a framework alone, as `run COUNT AT_ONCE` on standard input says; answers with milliseconds as JSON.

Each program beside this file makes the same agent, as that framework's users write it, and calls `serve`.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable

Turn = Callable[[str], Awaitable[str]]
URL = os.environ.get("STUB_URL", "")
INSTRUCTIONS = "You are a helpful assistant."
TEXT = "hello"
ANSWER = f"You said: {TEXT}"


def serve(make: Callable[[], Turn]) -> None:
    """`make` builds the agent once; the turns share it."""
    asyncio.run(_serve(make))


async def _serve(make: Callable[[], Turn]) -> None:
    turn = make()
    out = os.fdopen(os.dup(1), "w")  # some frameworks write to standard output
    os.dup2(2, 1)
    assert (told := await turn(TEXT)).strip() == ANSWER, told
    while line := await asyncio.to_thread(sys.stdin.readline):
        _, count, at_once = line.split()
        out.write(json.dumps(await _timed(turn, int(count), int(at_once))) + "\n")
        out.flush()


async def _timed(turn: Turn, count: int, at_once: int) -> list[float]:
    times: list[float] = []
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            began = time.perf_counter()
            await turn(TEXT)
            times.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(caller() for _ in range(at_once)))
    return times
