"""What a plugin must not forget: from the process before to the one after, and over a stop in a file."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from plugins_app.client.channels import Channels
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.state import MAX_BYTES, Saved, State, pack, unpack
from plugins_app.errors import CallFailed, LaunchFailed
from plugins_app.process.places import state_dir
from plugins_app.services import marks
from plugins_app.services.marks import Type
from plugins_app.supervisor.ledger import Ledger
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.wanted import Wanted

log = logging.getLogger(__name__)
MOVE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.1
ANSWER_SECONDS: Final = 1.0  # a frozen process must not hold up its own end


class Memory:
    """Whatever fails is told and stops nothing: a process without its state is better than none."""

    def __init__(self, channels: Channels, lifecycle: Lifecycle, ledger: Ledger) -> None:
        self._state = State(channels)
        self._lifecycle = lifecycle
        self._ledger = ledger

    async def copy(self, wanted: Wanted, old: Ready, new: Ready) -> Saved | None:
        """All that the old one has, before the new one takes messages. None: there is nothing to follow up."""
        if not await self._has_state(old):
            return None
        return await self._moved(wanted, old, new, Saved())

    async def follow_up(
        self, wanted: Wanted, old: Ready, new: Ready, earlier: Saved, *, within: float
    ) -> None:
        """What the old one's last messages changed since; it takes no new ones any more."""
        await self._idle(old, within)
        later = await self._moved(wanted, old, new, earlier)
        if later is not None:
            await self._write(wanted, later.after(earlier))

    async def keep(
        self, wanted: Wanted, ready: Ready, *, within: float, at_most: float = MOVE_SECONDS
    ) -> None:
        """Write down what it has, before it is ended, once it is idle or `within` seconds are over."""
        if not await self._has_state(ready):
            return
        try:
            await self._idle(ready, within)
            async with asyncio.timeout(at_most):
                await self._write(wanted, await self._state.save(ready.target))
        except (CallFailed, TimeoutError) as error:
            self._tell(wanted, f"Its state could not be kept: it {_said(error)}.")

    async def recall(self, wanted: Wanted, ready: Ready) -> None:
        """Hand it what was written down when the slot's last process ended."""
        try:
            saved = await asyncio.to_thread(_read, state_file(wanted.plugin, wanted.ordinal))
            if saved.entries:
                async with asyncio.timeout(MOVE_SECONDS):
                    await _while_it_lives(ready, self._state.load(ready.target, saved))
        except (CallFailed, TimeoutError) as error:
            self._tell(wanted, f"The state kept for it was not loaded: it {_said(error)}.")
        except (OSError, ValueError, LaunchFailed) as error:
            self._tell(wanted, f"The state kept for it cannot be read: {error}")

    async def _moved(self, wanted: Wanted, old: Ready, new: Ready, earlier: Saved) -> Saved | None:
        try:
            async with asyncio.timeout(MOVE_SECONDS):
                saved = await self._state.save(old.target, earlier.version)
                if saved.entries:
                    await _while_it_lives(new, self._state.load(new.target, saved))
        except (CallFailed, TimeoutError) as error:
            self._tell(wanted, f"Its state could not be handed over: it {_said(error)}.")
            return None
        if saved.entries:
            data = {"entries": len(saved.entries), "bytes": saved.size}
            told = f"{data['entries']} entries, {data['bytes']} bytes"
            self._ledger.put(marks.mark_event, wanted.instance_id, Type.STATE_MOVED, told, data)
        return saved

    async def _has_state(self, ready: Ready) -> bool:
        """Asked each time: a plugin may begin to remember when it gets its first message."""
        if ready.process.exited.is_set():
            return False
        try:
            return (await self._lifecycle.about(ready.target, ANSWER_SECONDS)).stateful
        except CallFailed:
            return False

    async def _idle(self, ready: Ready, within: float) -> None:
        """Wait until it has no message in flight; who cannot be asked is not waited for."""
        with suppress(TimeoutError, CallFailed):
            async with asyncio.timeout(within):
                while await self._in_flight(ready):  # noqa: ASYNC110 - it is elsewhere
                    await asyncio.sleep(LOOK_SECONDS)

    async def _in_flight(self, ready: Ready) -> int:
        health = await self._lifecycle.health(ready.target, lease_seconds=0, timeout=2.0)
        return health.in_flight

    async def _write(self, wanted: Wanted, saved: Saved) -> None:
        try:
            await asyncio.to_thread(_write, state_file(wanted.plugin, wanted.ordinal), saved)
        except (OSError, LaunchFailed) as error:
            self._tell(wanted, f"Its state could not be written down: {error}")

    def _tell(self, wanted: Wanted, reason: str) -> None:
        log.warning("%s/%d: %s", wanted.plugin, wanted.ordinal, reason)
        self._ledger.put(marks.mark_event, wanted.instance_id, Type.DEGRADED, reason)


async def _while_it_lives(ready: Ready, call: Coroutine[Any, Any, int]) -> None:
    """A call whose requests stream does not always hear that who answers has ended. Raises `CallFailed`."""
    calling = asyncio.create_task(call)
    ending = asyncio.create_task(ready.process.exited.wait())
    try:
        await asyncio.wait((calling, ending), return_when=asyncio.FIRST_COMPLETED)
        if not calling.done():
            raise CallFailed(f"ended while it loaded it: {ready.process.end}")
        await calling
    finally:
        calling.cancel()
        ending.cancel()
        await asyncio.gather(calling, ending, return_exceptions=True)


def state_file(plugin: str, ordinal: int) -> Path:
    """Not in its working directory: what it makes there could lead us elsewhere."""
    return state_dir(plugin) / str(ordinal)


def forget(plugin: str, ordinal: int) -> None:
    """It was uninstalled."""
    with suppress(OSError, LaunchFailed):
        path = state_file(plugin, ordinal)
        path.unlink(missing_ok=True)
        path.parent.rmdir()  # with the last of its slots


def _write(path: Path, saved: Saved) -> None:
    """Whole or not at all."""
    draft = path.with_suffix(".tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pack(saved))
    draft.replace(path)


def _read(path: Path) -> Saved:
    try:
        with path.open("rb") as file:
            content = file.read(2 * MAX_BYTES)
    except FileNotFoundError:
        return Saved()
    return unpack(content)


def _said(error: Exception) -> str:
    return str(error) or f"took longer than {MOVE_SECONDS:g} s"
