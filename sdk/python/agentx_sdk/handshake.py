"""How a plugin process and the core find each other: a launch line in, a handshake line out."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from agentx_sdk.tls import Tls, encoded
from agentx_sdk.version import CONTRACTS, SDK

COOKIE_NAME = "AGENTX_PLUGIN_COOKIE"
COOKIE = "agentx-plugin-v1"
HANDSHAKE_FD_NAME = "AGENTX_HANDSHAKE_FD"
CORE = "AGENTX1"
MAX_LINE = 65536
EXIT_NOT_LAUNCHED = 2
EXIT_MISMATCH = 3

STARTED_BY_HAND = """\
This is an AgentX plugin. It does nothing by itself: AgentX starts it and speaks gRPC with it.

  to try it             agentx plugin dev <this folder>
  to debug it           agentx plugin run <this folder>, or --debug here
  to test it            agentx plugin test <this folder>
  to run it for good    agentx plugin install <this folder>
  to run it elsewhere   python main.py --join HOST:PORT --token TOKEN   (agentx token create)
"""


class LaunchError(Exception):
    """The process was not started the way AgentX starts plugins."""


@dataclass(frozen=True)
class Launch:
    """What the core says when it starts a plugin process."""

    launch_id: str
    token: str
    socket_dir: str
    contracts: tuple[int, ...]
    lease_seconds: float
    plugin: str
    tls: Tls | None = None  # TCP; else a unix socket in socket_dir


def started_by_core() -> bool:
    """Whether the magic cookie is there."""
    return os.environ.get(COOKIE_NAME) == COOKIE


def read_launch(stream: BinaryIO) -> Launch:
    """The launch line; raises LaunchError."""
    line = stream.readline(MAX_LINE)
    try:
        value = json.loads(line)
        return Launch(
            launch_id=str(value["launch_id"]),
            token=str(value["token"]),
            socket_dir=str(value["socket_dir"]),
            contracts=tuple(int(each) for each in value["contracts"]),
            lease_seconds=float(value.get("lease_seconds", 15)),
            plugin=str(value.get("plugin", "")),
            tls=Tls.of(value["tls"]) if value.get("tls") else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LaunchError(f"no usable launch line on stdin: {error!r}") from error


def choose_contract(theirs: Sequence[int], ours: Sequence[int] = CONTRACTS) -> int | None:
    """The newest contract both sides speak."""
    return max(set(theirs) & set(ours), default=None)


def take_handshake_fd() -> int:
    """The descriptor for the handshake line: the one the core names (3), else stdout.

    From here on stdout is stderr, so that a print or a framework's banner breaks nothing.
    """
    fd = int(os.environ.get(HANDSHAKE_FD_NAME, "3"))
    if not _is_handed_over(fd):
        fd = os.dup(1)
    os.set_inheritable(fd, False)
    sys.stdout.flush()
    os.dup2(2, 1)
    return fd


def _is_handed_over(fd: int) -> bool:
    """What a framework opened before, as it was imported, is not inheritable (PEP 446)."""
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def accept_line(
    contract: int,
    address: str,
    framework: str,
    launch_id: str,
    *,
    network: str = "unix",
    certificate: bytes = b"",
) -> bytes:
    """The line that says where the plugin listens, and on TCP which certificate it shows there."""
    about = {"pid": os.getpid(), "sdk": SDK, "framework": framework, "launch_id": launch_id}
    shown = encoded(certificate) if certificate else ""
    return f"{CORE}|{contract}|{network}|{address}|grpc|{shown}|{json.dumps(about)}\n".encode()


def refuse_line(theirs: Sequence[int], ours: Sequence[int] = CONTRACTS) -> bytes:
    """The line that says which side must be upgraded."""
    newest_here, newest_there = max(ours), max(theirs, default=0)
    side = "AgentX" if newest_here > newest_there else "the plugin's agentx-sdk"
    told = (
        f"upgrade {side}: AgentX speaks contract {_list(theirs)}, this plugin ({SDK}) {_list(ours)}"
    )
    return f"{CORE}|0|error|{told}|||{{}}\n".encode()


def send_line(fd: int, line: bytes) -> None:
    """Write the line and close the descriptor: the core reads to its end."""
    with os.fdopen(fd, "wb") as stream:
        stream.write(line)


def _list(versions: Sequence[int]) -> str:
    return ", ".join(map(str, sorted(versions))) or "none"
