"""Becomes the program it is told to run, after setting what has to be set inside the new process.

Run as `python -I -S __main__.py <JSON>`, so only the standard library and little of it: `preexec_fn`, the usual way,
is unsafe beside gRPC's threads. The JSON: argv, limits {name: value}, handshake (a descriptor, or absent),
death_signal (sent by the kernel when the parent ends, or absent), parent (its pid), oom_score,
environment (a descriptor to read the program's variables from, as JSON; absent: it keeps ours),
confine (what `confine.apply` takes, or absent).
"""

import contextlib
import json
import os
import sys
from typing import Any

# Alone, Python looks for modules in its own library only.
sys.path.insert(0, __file__.rpartition("/plugins_app/")[0])

from plugins_app.launcher import confine, kernel

HANDSHAKE_FD = 3
EXIT_NOT_FOUND = 127
EXIT_ORPHAN = 126


def main() -> None:
    told: dict[str, Any] = json.loads(sys.argv[1])
    variables = given(told["environment"]) if "environment" in told else dict(os.environ)
    if "death_signal" in told:
        die_with_parent(told["death_signal"], told["parent"])
    if "oom_score" in told:
        # When memory runs out, the kernel should take a plugin and not the database.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - starts fast without pathlib
            file.write(str(told["oom_score"]))
    for name, value in told.get("limits", {}).items():
        confine.limit(name, value)
    if "handshake" in told:
        move(told["handshake"], HANDSHAKE_FD)
    if "confine" in told:
        put_around(told["confine"], "handshake" in told)
    become(told["argv"], variables, "handshake" in told)


def die_with_parent(number: int, parent: int) -> None:
    kernel.die_with_parent(number)
    if os.getppid() != parent:  # it was gone before the kernel could know
        sys.exit(EXIT_ORPHAN)


def move(given: int, wanted: int) -> None:
    if given != wanted:
        os.dup2(given, wanted)
        os.close(given)
    os.set_inheritable(wanted, True)


def given(descriptor: int) -> dict[str, str]:
    """Read, never our own: LD_PRELOAD and its like would have had their way before anything is put around us."""
    with open(descriptor, "rb") as file:
        file.seek(0)
        found: dict[str, str] = json.loads(file.read())
    return found


def put_around(told: dict[str, Any], has_handshake: bool) -> None:
    try:
        confine.apply(told)
    except OSError as error:
        give_up(f"AgentX could not confine it: {_words(error)}", has_handshake)


def _words(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}"


def become(argv: list[str], variables: dict[str, str], has_handshake: bool) -> None:
    try:
        os.execve(argv[0], argv, variables)  # noqa: S606 - no shell is the point
    except OSError as error:
        give_up(f"{argv[0]} cannot be run: {error.strerror}", has_handshake)
    except ValueError as error:  # a variable that no program can have
        give_up(f"{argv[0]} cannot be run: {error}", has_handshake)


def give_up(told: str, has_handshake: bool) -> None:
    if has_handshake:
        line = f"AGENTX1|0|error|{told.replace('|', '/')}|||{{}}\n"
        os.write(HANDSHAKE_FD, line.encode())
    sys.stderr.write(told + "\n")
    sys.exit(EXIT_NOT_FOUND)


if __name__ == "__main__":
    main()
