"""A process that somebody started by hand, under a debugger say, and told us of. Never ended by us."""

import os
import socket
import stat
import struct
from typing import Final

from plugins_app.errors import NotOurs
from plugins_app.process import PluginProcess
from plugins_app.process.identity import identity_of
from plugins_app.supervisor.hands import Born, Hands
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.wanted import Attachment, Wanted
from security.crypto import seal

_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid, as the kernel tells them


async def greeted(hands: Hands, wanted: Wanted, attachment: Attachment, born: Born) -> Ready:
    """That process, with its configuration and its agents. Raises `NotOurs` and `LaunchFailed`."""
    ready = await hands.greet(found(attachment), wanted, born)
    ready.token_sealed = seal(attachment.token)
    return ready


def found(attachment: Attachment) -> PluginProcess:
    """The process behind a reattach line. Raises `NotOurs` unless it is what the line says.

    The path comes from whoever attaches: it must be a socket of ours or of root, on which that very process listens.
    """
    path = attachment.address.removeprefix("unix:")
    _check_socket(path)
    identity = identity_of(attachment.pid)
    if (listener := _listener(path)) != attachment.pid:
        raise NotOurs(f"Process {listener} listens there, not {attachment.pid}.")
    return PluginProcess(
        identity,
        launch_id=attachment.launch_id,
        address=attachment.address,
        contract=attachment.contract,
        child=None,
        token=attachment.token,
    )


def _check_socket(path: str) -> None:
    try:
        facts = os.lstat(path)  # a link is not followed
    except OSError as error:
        raise NotOurs(f"There is no socket {path}: {error.strerror}.") from None
    if not stat.S_ISSOCK(facts.st_mode):
        raise NotOurs(f"{path} is not a socket.")
    if facts.st_uid not in (0, os.geteuid()):
        raise NotOurs(f"The socket {path} belongs to another user.")


def _listener(path: str) -> int:
    """Who listens there, by the kernel's word."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(path)
            told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError as error:
            raise NotOurs(f"Nobody answers at {path}: {error}.") from None
    pid: int = _CREDENTIALS.unpack(told)[0]
    return pid
