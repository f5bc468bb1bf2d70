"""A plugin's turns where every packet is seen and nothing but one folder can be written: `python -m … NAME FOLDER`.

In a network of its own, all of whose routes lead to the loopback device, a raw socket reads what the kernel sends:
whatever library, thread, child or language asks, a connection or a look-up of a name is a packet. In a mount namespace
of its own every file system but FOLDER is read-only. What it proves: the plugin did not reach for anybody else, and
worked without writing anywhere else. What it does not: what it would do on the day after, or by a socket file of
this machine.
"""

import asyncio
import ctypes
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, RDONLY = 442, -100, 0x8000, 1
SIOCSIFFLAGS, SIOCGIFFLAGS, SIOCADDRT, IFF_UP, RTF_UP = 0x8914, 0x8913, 0x890B, 1, 1
SIOCSIFADDR, LOOPBACK_INDEX = 0x8916, 1
OWN_6: Final = socket.inet_pton(
    socket.AF_INET6, "2001:db8:ffff::1"
)  # who has no address sends nothing
LOOPBACK: Final = b"lo"
LAST_PORT: Final = 9  # of the packet that says: there were no others before it
EVERY_PACKET: Final = 0x0003
HERE: Final = "127.0.0.1"
ICMP6, NO_ROUTE = 58, 1
PROTOCOLS: Final = {1: "icmp", 6: "tcp", 17: "udp", ICMP6: "icmp6"}
_libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


# ---- The network


def own_network() -> None:
    """The loopback device is up, and every route leads to it, so that what is meant for anybody becomes a packet."""
    flags = CLONE_NEWNET | CLONE_NEWNS
    user, group = os.geteuid(), os.getegid()
    checked(_libc.unshare(flags if user == 0 else flags | CLONE_NEWUSER))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    with socket.socket() as asking:
        named = struct.pack("16sh14x", LOOPBACK, 0)
        now = struct.unpack("16sh14x", fcntl.ioctl(asking, SIOCGIFFLAGS, named))[1]
        fcntl.ioctl(asking, SIOCSIFFLAGS, struct.pack("16sh14x", LOOPBACK, now | IFF_UP))
        fcntl.ioctl(asking, SIOCADDRT, _route_4())
    if Path("/proc/net/if_inet6").exists():
        with socket.socket(socket.AF_INET6) as asking:
            fcntl.ioctl(asking, SIOCSIFADDR, struct.pack("16sIi", OWN_6, 128, LOOPBACK_INDEX))
            fcntl.ioctl(asking, SIOCADDRT, _route_6())


def _route_6() -> bytes:
    """`struct in6_rtmsg` of ::/0 over the loopback device."""
    anywhere = b"".ljust(48, b"\0")
    return anywhere + struct.pack("IHHI4xQIi", 0, 0, 0, 1, 0, RTF_UP, LOOPBACK_INDEX)


def _route_4() -> bytes:
    """`struct rtentry` of 0.0.0.0/0 over the loopback device."""
    anywhere = struct.pack("H14x", socket.AF_INET)
    device = ctypes.create_string_buffer(LOOPBACK)
    _kept.append(device)  # the kernel reads it by its address
    head = struct.pack("Q", 0) + anywhere * 3 + struct.pack("Hh4x", RTF_UP, 0)
    return head + struct.pack("QPh6xPQQH6x", 0, 0, 0, ctypes.addressof(device), 0, 0, 0)


_kept: list[Any] = []


class Watcher:
    """Every destination that a packet was sent to, as `tcp 93.184.215.14:443`."""

    def __init__(self) -> None:
        self._raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PACKET))
        self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.sent: set[tuple[str, str, int, int]] = set()  # protocol, to, from which port, to which
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            packet, about = self._raw.recvfrom(256)
            if about[2] == socket.PACKET_OUTGOING:
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        if packet[0] >> 4 == 4:
            to, rest = socket.inet_ntoa(packet[16:20]), packet[(packet[0] & 15) * 4 :]
            self._add(packet[9], to, rest)
        elif packet[6] == ICMP6 and packet[40] == NO_ROUTE:
            # Linux takes no default route over the loopback device for IPv6: it sends back what was to be sent.
            self._take(packet[48:])
        else:
            self._add(packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:])

    def _add(self, protocol: int, to: str, rest: bytes) -> None:
        has_ports = PROTOCOLS.get(protocol) in ("tcp", "udp") and len(rest) >= 4
        ports = struct.unpack("!HH", rest[:4]) if has_ports else (0, 0)
        self.sent.add((PROTOCOLS.get(protocol, str(protocol)), to, *ports))

    def strangers(self, port: int) -> list[str]:
        """But those to or from the one who listens on this port of this machine. The kernel's own are left out."""
        self._catch_up()
        return sorted(
            f"{protocol} {to}:{there}"
            for protocol, to, here, there in self.sent
            if protocol in ("tcp", "udp") and not (to == HERE and {here, there} & {port, LAST_PORT})
        )

    def _catch_up(self) -> None:
        """Until the reader has seen a packet that we send now: it has seen all before it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"x", (HERE, LAST_PORT))
        while not any(there == LAST_PORT for *_, there in self.sent.copy()):
            time.sleep(0.01)


# ---- The files


def write_only_to(folder: Path) -> None:
    """Every other file system of this process and its children is read-only."""
    checked(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    checked(_libc.mount(bytes(folder), bytes(folder), None, MS_BIND, None))
    _set(b"/", AT_RECURSIVE, on=RDONLY, off=0)
    _set(bytes(folder), 0, on=0, off=RDONLY)


def _set(path: bytes, flags: int, *, on: int, off: int) -> None:
    attributes = struct.pack("QQQQ", on, off, 0, 0)
    checked(_libc.syscall(MOUNT_SETATTR, AT_FDCWD, path, flags, attributes, len(attributes)))


# ---- What is done there


@contextmanager
def sealed(folder: Path) -> Iterator[Watcher]:
    own_network()
    write_only_to(folder)
    os.environ["TMPDIR"] = str(folder)
    yield Watcher()


async def turns(name: str) -> dict[str, Any]:
    """A reply, a stream, a tool, a failure and a memory; and who was asked."""
    from tests.frameworks.frameworks import FRAMEWORKS, OWN, model, process
    from tests.model import Stub

    framework = next(each for each in FRAMEWORKS if each.name == name)
    with Stub() as stub:
        agents = {"a": {"tools": ["clock", "calculator", {"code": framework.own("weather")}]}}
        config = {"model": model(stub), "code_folders": [str(OWN)]}
        said = []
        async with process(framework, stub, agents, **config) as plugin:
            say = {"context_id": "sealed"}
            said.append((await plugin.send("my name is Ann", **say)).text)
            said.append((await plugin.stream_all("what is my name", **say)).text)
            said.append((await plugin.send('use weather {"city": "Oslo"}', **say)).text)
            said.append((await plugin.send("!status 500", **say)).error_code)
            await plugin.shutdown()
            log = plugin.log
        return {"said": said, "log": log, "port": int(stub.url.split(":")[2].split("/")[0])}


def reach_out() -> None:
    """What a program that phones home does, in four ways."""
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family) as one:
            one.setblocking(False)
            one.connect_ex((address, 443))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("192.0.2.2", 4319))
    try:
        socket.getaddrinfo("telemetry.example", 443)
    except OSError:
        return


def main(name: str, folder: Path) -> None:
    with sealed(folder) as watcher:
        if name == "reach out":
            reach_out()
            told: dict[str, Any] = {"port": 1}
        else:
            told = asyncio.run(turns(name))
        told["strangers"] = watcher.strangers(told["port"])
        told["seen"] = len(watcher.sent)
        try:
            (folder.parent / "outside").write_text("x")
            told["outside"] = "written"
        except OSError as error:
            told["outside"] = error.strerror
    print(json.dumps(told))  # noqa: T201 - what it is run for


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
