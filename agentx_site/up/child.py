"""One process of the tree: started, watched, started again, ended."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentx_site.up.errors import UpError
from agentx_site.up.logs import Terminal
from agentx_site.up.process import Process
from agentx_site.up.runtime import dies_with_us, group_lives

STEADY_AFTER = 30.0  # seconds up: whatever made it fail before is over
LONGEST_PAUSE = 10.0
POLL = 0.02
LEFTOVERS_END_WITHIN = 2.0


@dataclass(frozen=True)
class Program:
    """What to run and how to tell that it works."""

    name: str
    argv: Callable[[], list[str]]
    ready: Callable[[int], Awaitable[bool]]  # given the process id
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None  # before each start; may block
    may_retry: Callable[[str], bool] = lambda output: False
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 5.0  # seconds between asking it to end and insisting
    quiet: bool = False  # heard only when it fails

    def popen_options(self) -> dict[str, Any]:
        """An own session, so that a terminal's Ctrl-C reaches the runner alone and order holds."""
        return {
            "stdin": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
            "env": self.environment,
            "start_new_session": True,
            "preexec_fn": dies_with_us(self.stop_signal),
            **self.options,
        }


class Child:
    """One task owns the process from start to end, so nobody can lose or start it twice."""

    def __init__(self, program: Program, terminal: Terminal, changed: Callable[[], None]) -> None:
        self.program = program
        self.terminal = terminal
        self.changed = changed  # called after every start
        self.process: Process | None = None
        self.exits = 0
        self.refusal: UpError | None = None  # why there was not even a process
        self.tail: deque[str] = deque(maxlen=50)
        self._stopping = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int | None:
        """None between two lives."""
        return self.process.pid if self.process and self.process.runs else None

    def start(self) -> None:
        self._owner = asyncio.create_task(self._keep(), name=self.name)

    async def until_ready(self, within: float) -> None:
        """Raises UpError with its last words when it ends, or is not ready in time."""
        deadline = time.monotonic() + within
        while not (self.pid and await self.program.ready(self.pid)):
            if self.refusal:
                raise self.refusal
            output = "\n".join(self.tail)
            if self.exits and not self.program.may_retry(output):
                raise UpError(self._complaint("ended at once"))
            if time.monotonic() > deadline:
                raise UpError(self._complaint(f"was not ready within {within:.0f} s"))
            await asyncio.sleep(POLL)

    async def stop(self) -> None:
        """Ask, wait, insist; returns when the process and its group are gone."""
        self._stopping.set()
        if self._owner:
            await self._owner

    def kill(self) -> None:
        """Insist, now."""
        self._signal_group(signal.SIGKILL)

    async def _keep(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            outcome = await self._live()
            if self._stopping.is_set():
                return
            self.exits += 1
            pause = _next_pause(0.0 if time.monotonic() - began > STEADY_AFTER else pause)
            if self.program.quiet:
                self._recall()
            if self.refusal and self.exits > 1:  # the first is told by who waits for it
                self.terminal.say(self.refusal.message, "red")
            self.terminal.say(f"{self.name} {outcome}; again in {pause:.1f} s", "yellow")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _live(self) -> str:
        """One life; returns how it ended."""
        self.refusal = None
        try:
            await self._spawn()
        except UpError as error:
            self.refusal = error
            return "could not start"
        except OSError as error:
            self.refusal = UpError(f"{self.name.capitalize()} cannot be run: {error.strerror}.")
            return "could not start"
        assert self.process is not None
        over = asyncio.create_task(self.process.wait())
        asked = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({over, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not over.done():
            await self._end(over)
        await self._sweep()
        await self._hear_out()
        return _told(await over)

    async def _spawn(self) -> None:
        await asyncio.to_thread(self.program.prepare)
        self.process = Process(self.program.argv(), self.program.popen_options())
        self._listener = asyncio.create_task(self._listen(self.process))
        self.changed()

    async def _end(self, over: asyncio.Task[int]) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.program.stop_signal)
        done, _ = await asyncio.wait({over}, timeout=self.program.patience)
        if not done:
            self.terminal.say(f"{self.name} did not end in time: killed", "yellow")
            self.kill()
            await over

    async def _sweep(self) -> None:
        """End what the process left behind in its group, before another one takes its place."""
        assert self.process is not None
        deadline = time.monotonic() + LEFTOVERS_END_WITHIN
        self._signal_group(signal.SIGTERM)
        while group_lives(self.process.pid):
            if time.monotonic() > deadline:
                self._signal_group(signal.SIGKILL)
            await asyncio.sleep(POLL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    async def _listen(self, process: Process) -> None:
        async with contextlib.aclosing(process.lines()) as lines:
            async for line in lines:
                self.tail.append(line)
                if not self.program.quiet:
                    self.terminal.line(self.name, line)

    async def _hear_out(self) -> None:
        """Its last words are often the reason; somebody may hold the pipe, so not for ever."""
        if self._listener:
            await asyncio.wait({self._listener}, timeout=0.2)
            self._listener.cancel()

    def _recall(self) -> None:
        for line in list(self.tail)[-5:]:
            self.terminal.line(self.name, line)

    def _complaint(self, fact: str) -> str:
        last = self.tail[-1] if self.tail else "it printed nothing"
        return f"{self.name.capitalize()} {fact}: {last}"


def _next_pause(before: float) -> float:
    """Growing up to the longest, and never the same for two: they would come back together."""
    return random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, max(0.2, before * 2.5))  # noqa: S311 - no secret


def _told(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    return f"was ended by {signal.Signals(-code).name}"
