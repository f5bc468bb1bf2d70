"""A plugin process that runs: its end is told by the kernel, whether it is our child or was taken back."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from plugins_app.errors import NotOurs
from plugins_app.process.around import Around
from plugins_app.process.identity import Identity, group_members
from plugins_app.process.places import launch_dir, remove_socket_dir

UNKNOWN_END: Final = "It ended."


class PluginProcess:
    """Make it on the event loop that is to hear of its end; `exited` is set once, `end` says how."""

    def __init__(
        self,
        identity: Identity,
        *,
        launch_id: str,
        address: str,
        contract: int,
        child: "subprocess.Popen[bytes] | None",
        token: str = "",
        around: Around | None = None,
    ) -> None:
        """Raises `NotOurs` when it is gone already (a child of ours is not before it was reaped).

        `token`: of a process that somebody else started; it is never signalled, and nothing of it is removed.
        """
        self.identity = identity
        self.token = token
        self.launch_id = launch_id
        self.address = address
        self.contract = contract
        self.isolation: dict[str, Any] = {}  # what is in force around it, as its launcher told
        self.around = around or Around()
        self.certificate_expires: datetime | None = None
        self.since = time.monotonic()
        self.exited = asyncio.Event()
        self.end = UNKNOWN_END
        self.over_memory = False  # the kernel ended it, because its limit was reached
        self._why = ""
        self._child = child
        self._callbacks: list[Callable[[], object]] = []
        self._pidfd = watch(identity.pid, self._on_exit)
        self._is_watched = True

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def is_ours(self) -> bool:
        """Whether we may end it."""
        return not self.token

    @property
    def up_seconds(self) -> float:
        """How long it has been ours and running."""
        return time.monotonic() - self.since

    def on_exit(self, callback: Callable[[], object]) -> None:
        """Called once, on the event loop, when it has ended or was let go."""
        self._callbacks.append(callback)

    def signal_group(self, number: signal.Signals) -> None:
        """To the process and whatever it started. Does nothing once it has ended, or where it is not ours."""
        if self.is_ours and not self.exited.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def end_with(self, reason: str) -> None:
        """Kill it; the reason is what its slot will tell."""
        self._why = self._why or reason
        self.signal_group(signal.SIGKILL)

    def release(self) -> None:
        """Let it go on without us. The second time does nothing."""
        if self._is_watched:
            self._unwatch()
            self.around.let_go()
            self._tell()

    def _on_exit(self) -> None:
        self._unwatch()
        if self.is_ours:
            self._clear_up()
        self.exited.set()
        self._tell()

    def _unwatch(self) -> None:
        self._is_watched = False
        unwatch(self._pidfd)

    def _tell(self) -> None:
        for callback in self._callbacks:
            callback()

    def _clear_up(self) -> None:
        # While the dead leader is not reaped its number cannot be given away, so this hits no stranger.
        end_group(self.pid, certain=self._child is not None)
        if self._child is not None:
            self.end = ending(self._child.wait())
        over = self.around.close()
        self.over_memory = bool(over)
        self.end = self._why or over or self.end
        remove_socket_dir(launch_dir(self.launch_id))


def watch(pid: int, on_exit: Callable[[], object]) -> int:
    """Hear of a process's end, child or not. Raises `NotOurs` when there is no such process."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        raise NotOurs(f"Process {pid} has ended.") from None
    asyncio.get_running_loop().add_reader(descriptor, on_exit)
    return descriptor


def unwatch(descriptor: int) -> None:
    asyncio.get_running_loop().remove_reader(descriptor)
    os.close(descriptor)


def end_group(group: int, *, certain: bool) -> None:
    """Kill what a dead process left behind in its group. Not `certain`: look who is in it first."""
    if certain or group_members(group):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def ending(code: int) -> str:
    """A sentence about an exit status as `subprocess` tells it."""
    if code >= 0:
        return f"It ended with exit status {code}."
    with suppress(ValueError):
        return f"It was ended by {signal.Signals(-code).name}."
    return f"It was ended by signal {-code}."


def adopt(identity: Identity, *, launch_id: str, address: str, contract: int) -> PluginProcess:
    """Take back a process that an earlier supervisor launched. Raises `NotOurs`; never kills."""
    identity.check()
    process = PluginProcess(
        identity, launch_id=launch_id, address=address, contract=contract, child=None
    )
    try:
        identity.check()  # the descriptor now holds the number: from here on it cannot be another
    except NotOurs:
        process.release()
        raise
    return process
