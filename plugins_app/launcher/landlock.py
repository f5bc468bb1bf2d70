"""Landlock: which files it may touch, whom it may signal, whether it may use TCP. No privilege is needed.

Source: linux/landlock.h and the kernel's userspace-api/landlock, ABI 1 to 7. A later ABI is used as far as 6.
"""

import ctypes
import os

from plugins_app.launcher import kernel

ASK_VERSION = 1
RULE_PATH = 1
READ = 0b1101  # execute, read a file, read a folder
EVERYTHING = (1 << 13) - 1  # of ABI 1
REFER, TRUNCATE = 1 << 13, 1 << 14  # of ABI 2 and 3
BLOCK_DEVICES = (
    1 << 11
)  # nobody misses it, and only who is refused something of files may not trace
OF_FILES = 0b111 | TRUNCATE  # what may be said of a file, not only of a folder
TCP = 0b11  # bind, connect: ABI 4
SCOPES = 0b11  # abstract unix sockets, signals: ABI 6


class Rules(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The kernel's ABI; 0 when there is none."""
    try:
        return kernel.syscall("landlock", kernel.LANDLOCK_CREATE, None, 0, ASK_VERSION)
    except OSError:
        return 0


def restrict(abi: int, read: list[str], write: list[str], *, no_tcp: bool = False) -> None:
    """Nothing but these paths from here on (those that are there); without any path, all files as before.

    Whatever the rules: a process in them can neither trace nor look into one outside, nor (ABI 6) signal it.
    """
    everything = EVERYTHING | (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0)
    files = everything if read or write else BLOCK_DEVICES
    rules = Rules(files, TCP if no_tcp and abi >= 4 else 0, SCOPES if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = kernel.syscall("landlock", kernel.LANDLOCK_CREATE, ctypes.byref(rules), size, 0)
    try:
        for paths, rights in ((read, READ), (write, everything)):
            for path in paths:
                _allow(ruleset, path, rights)
        kernel.syscall("landlock", kernel.LANDLOCK_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - starts fast without pathlib
            rights &= OF_FILES | 0b100
        rule = PathRule(rights, descriptor)
        args = (ruleset, RULE_PATH, ctypes.byref(rule), 0)
        kernel.syscall(f"landlock {path}", kernel.LANDLOCK_ADD, *args)
    finally:
        os.close(descriptor)
