"""A user of its own, and with it whatever else it may have of its own, without any privilege."""

import fcntl
import os
import socket
import struct

from plugins_app.launcher import kernel

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
BACKLOG = 128


def leave(*, files: bool, network: bool) -> None:
    """The user keeps its numbers, and so its files, but has no power over anything outside."""
    user, group = os.geteuid(), os.getegid()
    flags = kernel.CLONE_NEWUSER
    if files:
        flags |= kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC
    if network:
        flags |= kernel.CLONE_NEWNET
    kernel.unshare(flags)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def loopback_up() -> None:
    """A new network has nothing but a loopback, and that one is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(control, SIOCGIFFLAGS, asked))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def door(port: int) -> socket.socket:
    """What whoever holds it hears of every connection to this port inside, wherever he is himself."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(BACKLOG)
    return listening


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
