"""Does what no plugin should. The message's text names the deed, its metadata the arguments."""

import ctypes
import json
import os
import resource
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentx_sdk import Adapter, Turn, run

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH = 16
CLONE_NEWUSER = 0x10000000


def read(path: str) -> str:
    return Path(path).read_text(errors="replace")[:2000]


def look(path: str) -> str:
    return ",".join(sorted(each.name for each in Path(path).iterdir()))


def write(path: str) -> str:
    Path(path).write_text("mine")
    return "written"


def call(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(path)
    return "connected"


def connect(host: str, port: float) -> str:
    with socket.create_connection((host, int(port)), 2):
        return "connected"


def fetch(url: str) -> str:
    """As most libraries do: over the proxy that the environment names."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read(200).decode()


def signal(pid: float) -> str:
    os.kill(int(pid), 0)
    return "it could be signalled"


def ration(pid: float) -> str:
    """Somebody else's open files: who has none left can serve nobody."""
    resource.prlimit(int(pid), resource.RLIMIT_NOFILE, (7, 7))
    return "it has 7 files left"


def slow_down(pid: float) -> str:
    os.sched_setaffinity(int(pid), {0})
    return "it has one processor left"


def trace(pid: float) -> str:
    return checked(LIBC.ptrace(PTRACE_ATTACH, int(pid), 0, 0))


def own_user() -> str:
    return checked(LIBC.unshare(CLONE_NEWUSER))


def mount() -> str:
    return checked(LIBC.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, b""))


def raw_socket() -> str:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
    return "made"


def checked(result: int) -> str:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return "done"


def limits() -> str:
    names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE")
    return json.dumps({name: resource.getrlimit(getattr(resource, name))[0] for name in names})


def fill(megabytes: float) -> str:
    with Path("large").open("wb") as file:
        for _ in range(int(megabytes)):
            file.write(bytes(1 << 20))
    return "filled"


def scatter(megabytes: float) -> str:
    """Each small enough."""
    for number in range(int(megabytes)):
        Path(f"part-{number}").write_bytes(os.urandom(1 << 20))
    return "filled"


FORKS = """
import os, signal, sys, time
made = []
try:
    while len(made) < int(sys.argv[1]):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        made.append(child)
except OSError as error:
    sys.exit(f"{len(made)} children, then {error.strerror}")
finally:
    for child in made:
        os.kill(child, signal.SIGKILL)
"""


def multiply(count: float) -> str:
    """Children that wait, as many as it gets."""
    program = [sys.executable, "-I", "-S", "-c", FORKS, str(int(count))]
    return subprocess.run(program, check=False, capture_output=True, text=True).stderr.strip()


def leave_child() -> str:
    """In a session of its own, so that nothing sent to our process group reaches it."""
    return str(subprocess.Popen(["/bin/sleep", "300"], start_new_session=True).pid)


def grow(megabytes: float) -> str:
    held = [os.urandom(1 << 20) for _ in range(int(megabytes))]
    return f"{len(held)} MB"


def grow_in_child(megabytes: float) -> str:
    code = f"import os, time; held = [os.urandom(1 << 20) for _ in range({int(megabytes)})]; time.sleep(60)"
    return f"it ended with {subprocess.run([sys.executable, '-c', code], check=False).returncode}"


def flood(lines: float) -> str:
    for number in range(int(lines)):
        sys.stderr.write(f"line {number:07} of a process that talks too much\n")
    return "flooded"


def large_answer(megabytes: float) -> str:
    return "x" * (int(megabytes) << 20)


DEEDS: dict[str, Callable[..., str]] = {
    name: found for name, found in globals().items() if callable(found) and not name[0].isupper()
}


class Attacker(Adapter):
    version = "1.0.0"

    def process(self, turn: Turn) -> Any:
        try:
            told, went = DEEDS[turn.text](**turn.metadata), True
        except (OSError, MemoryError, ValueError) as error:
            told, went = f"{type(error).__name__}: {error}", False
        if turn.text == "large_answer":
            return told
        return json.dumps({"went": went, "told": told, "pid": os.getpid()})


if __name__ == "__main__":
    run(Attacker())
