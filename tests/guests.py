"""Plugin processes that call home, for tests: a door in the test's event loop, and real processes that join there."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from plugins_app.selectors.joining import joined
from plugins_app.services import join_tokens
from routing.gateway import Gateway
from routing.gateway.homes import Door
from security.principals import system
from security.rows import ask

ROOT = Path(__file__).resolve().parent.parent
ECHO = ROOT / "plugins" / "echo"
US = system("test")
Answer = TypeVar("Answer")


class Guest:
    """One process of a plugin, started by hand as somebody on another machine would."""

    def __init__(
        self, door: Door | Gateway, token: str, folder: Path = ECHO, listen: str = ""
    ) -> None:
        self.log = tempfile.NamedTemporaryFile(prefix="agentx-guest-")  # noqa: SIM115 - closed by `end`
        self.child = subprocess.Popen(
            [sys.executable, str(folder / "main.py"), "--join", f"127.0.0.1:{door.port}"]
            + ["--token", token]
            + (["--listen", listen] if listen else []),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "sdk" / "python")},
            stdout=self.log,
            stderr=self.log,
        )

    @property
    def said(self) -> str:
        return Path(self.log.name).read_text()

    def signal(self, number: signal.Signals) -> None:
        self.child.send_signal(number)

    async def status(self, within: float = 15.0) -> int:
        """Its exit status, once it has ended."""
        return await asyncio.to_thread(self.child.wait, within)

    def end(self) -> None:
        self.child.kill()
        self.child.wait()
        self.log.close()


async def a_token(uses: int | None = 1, plugin: str = "echo", **fields: Any) -> str:
    _row, text = await ask(join_tokens.create_token, US, plugin, name="test", uses=uses, **fields)
    return text


async def until(fact: Callable[[], Answer], within: float = 15.0) -> Answer:
    """Wait for a truth of the database."""
    end = time.monotonic() + within
    while not (found := await ask(fact)):
        assert time.monotonic() < end, f"{fact} did not come true"
        await asyncio.sleep(0.05)
    return found


def states() -> list[str]:
    """Of all joined processes, also those that left, by their number."""
    return list(joined().order_by("ordinal").values_list("state", flat=True))


def is_running() -> bool:
    return "running" in states()
