"""What this machine lets AgentX do, as the user it runs as. Found by trying, not by guessing."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from plugins_app import launcher

PROBE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Machine:
    """`missing` says of each thing that is not to be had why it is not."""

    kernel: str
    architecture: str
    is_root: bool
    no_new_privs: bool = False
    landlock: int = 0  # its ABI; 0: none
    seccomp: bool = False
    # Of user, mount (and with it ipc), net: those a process may make for itself.
    namespaces: tuple[str, ...] = ()
    cgroups: dict[str, str] = field(default_factory=dict)  # memory, cpu, pids: "v1" or "v2"
    folders: dict[str, str] = field(default_factory=dict)  # where groups of these may be made
    missing: dict[str, str] = field(default_factory=dict)

    def has_namespace(self, *names: str) -> bool:
        return set(names) <= set(self.namespaces)


@cache
def machine() -> Machine:
    """Asked once: a process of its own tries everything, so that nothing is left of the trial here.

    Takes some 100 ms and blocks; call it off the event loop the first time.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", launcher.PROBE],
            capture_output=True,
            check=True,
            timeout=PROBE_SECONDS,
            env={},
        )
        return _machine(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        facts = os.uname()
        told = f"AgentX could not try what this machine can do: {error}"
        return Machine(facts.release, facts.machine, os.geteuid() == 0, missing={"all": told})


def _machine(told: dict[str, Any]) -> Machine:
    return Machine(**told | {"namespaces": tuple(told["namespaces"])})
