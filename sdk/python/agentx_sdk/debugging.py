"""Started by hand, under a debugger say: a launch of our own, and the line by which AgentX finds it."""

import json
import math
import os
import re
import secrets
import sys
import uuid
from pathlib import Path

from agentx_sdk import sockets
from agentx_sdk.handshake import Launch
from agentx_sdk.version import CONTRACTS

FORMAT = 1  # of the reattach line
VARIABLE, ARGUMENT = "AGENTX_PLUGIN_DEBUG", "--debug"
YES = ("1", "true", "yes")


def asked() -> bool:
    """Whether the author wants it."""
    return os.environ.get(VARIABLE, "") in YES or ARGUMENT in sys.argv[1:]


def own_launch(name: str) -> Launch:
    """A launch that nobody else knows: a private folder for the socket, a token, an id.

    Its lease has no end, since a breakpoint must not end it.
    """
    return Launch(
        launch_id=str(uuid.uuid4()),
        token=secrets.token_hex(32),
        socket_dir=sockets.folder("agentx-debug-"),
        contracts=CONTRACTS,
        lease_seconds=math.inf,
        plugin=name or _plugin_name(Path(sys.argv[0])),
    )


def reattach_line(launch: Launch, address: str, contract: int) -> str:
    """What `agentx plugin attach` takes."""
    told = {
        "agentx": FORMAT,
        "plugin": launch.plugin,
        "pid": os.getpid(),
        "address": f"unix:{address}",
        "launch_id": launch.launch_id,
        "token": launch.token,
        "contract": contract,
    }
    return json.dumps(told) + "\n"


def _plugin_name(program: Path) -> str:
    """As plugin.yaml beside the program has it, else its folder's name."""
    folder = program.resolve().parent
    try:
        text = (folder / "plugin.yaml").read_text()
    except OSError:
        return folder.name
    # Not read as YAML: the SDK needs no reader for it otherwise.
    found = re.search(r"^metadata:.*?\bname:\s*[\"']?([a-z0-9-]+)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else folder.name
