"""Becomes the program it is told to run, after setting what has to be set inside the new process.

Run as `python -I -S launcher.py <JSON>`, so only the standard library and little of it: `preexec_fn`, the usual way,
is unsafe beside gRPC's threads. The JSON: argv, limits {name: value}, handshake (a descriptor, or absent),
death_signal (sent by the kernel when the parent ends, or absent), parent (its pid), oom_score.
"""

import contextlib
import json
import os
import resource
import sys
from typing import Any

HANDSHAKE_FD = 3
PR_SET_PDEATHSIG = 1
EXIT_NOT_FOUND = 127
EXIT_ORPHAN = 126


def main() -> None:
    told: dict[str, Any] = json.loads(sys.argv[1])
    if "death_signal" in told:
        die_with_parent(told["death_signal"], told["parent"])
    if "oom_score" in told:
        # When memory runs out, the kernel should take a plugin and not the database.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - starts fast without pathlib
            file.write(str(told["oom_score"]))
    for name, value in told.get("limits", {}).items():
        limit(getattr(resource, name), value)
    if "handshake" in told:
        move(told["handshake"], HANDSHAKE_FD)
    become(told["argv"], "handshake" in told)


def die_with_parent(number: int, parent: int) -> None:
    import ctypes  # slow to import, and seldom needed

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the kernel could know
        sys.exit(EXIT_ORPHAN)


def limit(kind: int, value: int) -> None:
    """As much as asked, as far as the hard limit lets us."""
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def move(given: int, wanted: int) -> None:
    if given != wanted:
        os.dup2(given, wanted)
        os.close(given)
    os.set_inheritable(wanted, True)


def become(argv: list[str], has_handshake: bool) -> None:
    try:
        os.execve(argv[0], argv, dict(os.environ))  # noqa: S606 - no shell is the point
    except OSError as error:
        told = f"{argv[0]} cannot be run: {error.strerror}"
        if has_handshake:
            line = f"AGENTX1|0|error|{told.replace('|', '/')}|||{{}}\n"
            os.write(HANDSHAKE_FD, line.encode())
        sys.stderr.write(told + "\n")
        sys.exit(EXIT_NOT_FOUND)


if __name__ == "__main__":
    main()
