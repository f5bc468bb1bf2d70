"""What AgentX keeps beside one process for as long as it runs: its group, its log, its door to the network."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from plugins_app.launcher import kernel
from plugins_app.process.cgroups import Group
from plugins_app.process.pump import Pump

DOOR_FD: Final = 4  # in the plugin's process: what its next supervisor takes over
DOOR_PORT: Final = 3128
PIDFD_GETFD: Final = 438


@dataclass
class Around:
    """Empty for a process that was not launched by us."""

    group: Group | None = None
    pump: Pump | None = None
    door: socket.socket | None = None
    memory_bytes: int | None = None  # the limit

    def close(self) -> str:
        """The process has ended. Says why, when the kernel ended it for its memory."""
        reason = ""
        if self.group is not None:
            reason = self.reason()
            self.group.end()
        if self.pump is not None:
            self.pump.close()
        self.let_go()
        return reason

    def let_go(self) -> None:
        """It may go on; what it writes from here on waits for its next supervisor, and so does its door."""
        if self.pump is not None:
            self.pump.stop()
        if self.door is not None:
            self.door.close()

    def drain(self) -> None:
        """Its last words into its log."""
        if self.pump is not None:
            self.pump.drain()

    def reason(self) -> str:
        """Empty as long as the kernel ended none of its processes."""
        if self.group is None or not self.group.ended_for_memory():
            return ""
        allowed = (self.memory_bytes or 0) / 1e6
        return f"It used more memory than the {allowed:.0f} MB that its manifest allows, and was ended."


def taken_door(pid: int) -> socket.socket | None:
    """The door of a process that an earlier supervisor started; None when it has closed it."""
    with suppress(OSError):
        process = os.pidfd_open(pid)
        try:
            copy = kernel.syscall("pidfd_getfd", PIDFD_GETFD, process, DOOR_FD, 0)
        finally:
            os.close(process)
        found = socket.socket(fileno=copy)
        if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return found
        found.close()
    return None
