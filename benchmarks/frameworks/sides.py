"""A framework twice: alone in a loop of its own process, and as a plugin that is asked over gRPC."""

import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks.servers import PROJECT

sys.path.insert(0, str(PROJECT / "sdk" / "python"))
from agentx_sdk.testing import PluginProcess

from tests.frameworks.frameworks import Framework

BARE: Final = Path(__file__).with_name("bare")
TEXT, ANSWER = "hello", "You said: hello"
START_SECONDS: Final = 120.0


class Times:
    """Of turns, in milliseconds, and how long they took together."""

    def __init__(self) -> None:
        self._each: list[float] = []
        self._seconds = 0.0

    async def take(self, turns: Awaitable[list[float]]) -> None:
        began = time.perf_counter()
        self._each += await turns
        self._seconds += time.perf_counter() - began

    def cut(self, percent: int) -> float:
        return round(statistics.quantiles(self._each, n=100)[percent - 1], 2)

    @property
    def rate(self) -> float:
        return round(len(self._each) / self._seconds, 1)


class Sides:
    """`async with`; `bare` and `plugin` run so many turns, so many at once, and tell how long each took."""

    def __init__(self, framework: Framework, url: str) -> None:
        self._framework = framework
        self._url = url
        self._stack = AsyncExitStack()
        # What the framework alone writes: CrewAI a line a turn.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
        self._stack.enter_context(self._said)
        self._bare: asyncio.subprocess.Process
        self._plugin: PluginProcess

    async def __aenter__(self) -> "Sides":
        framework = self._framework
        model = {"name": "demo", "base_url": self._url}
        agents = {"plain": {"instructions": "You are a helpful assistant."}}
        self._plugin = await self._stack.enter_async_context(
            PluginProcess(
                framework.folder,
                python=framework.python,
                agents=agents,
                config={"model": model},
                timeout=START_SECONDS,
            )
        )
        answer = await self._plugin.send(TEXT)
        assert answer.text == ANSWER, (answer.text, answer.error)
        self._bare = await self._alone()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bare.kill()
        await self._bare.wait()
        await self._stack.aclose()

    async def bare(self, turns: int, at_once: int) -> list[float]:
        assert self._bare.stdin is not None
        assert self._bare.stdout is not None
        self._bare.stdin.write(f"run {turns} {at_once}\n".encode())
        line = await self._bare.stdout.readline()
        assert line, f"the framework alone ended:\n{self._last_words()}"
        told: list[float] = json.loads(line)
        return told

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read()[-2000:].decode(errors="replace")

    async def plugin(self, turns: int, at_once: int) -> list[float]:
        times: list[float] = []
        left = iter(range(turns))

        async def caller() -> None:
            for _ in left:
                began = time.perf_counter()
                answer = await self._plugin.send(TEXT)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.success, answer.error

        await asyncio.gather(*(caller() for _ in range(at_once)))
        return times

    async def _alone(self) -> asyncio.subprocess.Process:
        """With the plugin's own variables, in a home of its own."""
        home = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="agentx-bare-"))
        manifest: Any = self._plugin.manifest
        told = {name: str(value) for name, value in (manifest.get("environment") or {}).items()}
        environment = {"PATH": os.environ["PATH"], "HOME": home, "STUB_URL": self._url, **told}
        return await asyncio.create_subprocess_exec(
            *self._program(Path(home)),
            cwd=home,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._said,
            limit=1 << 24,
        )

    def _program(self, home: Path) -> list[str]:
        """Node finds packages from where a program lies."""
        framework = self._framework
        if not framework.is_node:
            return [framework.python, str(BARE / f"bare_{framework.name}.py")]
        program = framework.folder.parent / f"bare_{framework.name}.mjs"
        shutil.copy(BARE / program.name, program)
        return ["node", str(program)]
