"""What is put around the process that becomes a plugin, in the one order in which it works.

The order: groups of the kernel first, while they can be seen; then a user, a network and a root of its own, which need
the powers that come with them; then those powers are dropped; then the walls that nothing takes away again.
"""

import array
import os
import resource
import socket
from typing import Any

from plugins_app.launcher import kernel, landlock, namespaces, seccomp, sight

SYSTEM_FILES = ("/proc", "/run/systemd/resolve")


def apply(told: dict[str, Any]) -> None:
    """Raises `OSError` that names what could not be done: then the plugin must not run.

    told: groups (folders of cgroups), files ("namespace", "Landlock" or ""), own_network, door (a port, or 0),
    door_fd (a number it keeps), report (a socket's descriptor), read, write, place (paths), landlock (ABI),
    no_tcp, seccomp, keeps_limits, processes (or 0).
    """
    for folder in told["groups"]:
        _join(folder)
    _no_memory_in_dumps()
    if told["processes"]:
        limit("RLIMIT_NPROC", told["processes"])
    has_namespace = told["files"] == "namespace"
    if has_namespace or told["own_network"]:
        namespaces.leave(files=has_namespace, network=told["own_network"])
    if told["own_network"]:
        namespaces.loopback_up()
    _hand_over_door(told)
    if has_namespace:
        here = os.getcwd()  # noqa: PTH109 - starts fast without pathlib
        sight.new_root(told["place"], told["read"], told["write"])
        os.chdir(here)
    if has_namespace or told["own_network"]:
        kernel.drop_capabilities()
    elif os.geteuid() == 0:
        kernel.bound_capabilities()
    kernel.no_new_privileges()
    if told["landlock"]:
        _wall_in(told, has_namespace)
    if told["seccomp"] or told["keeps_limits"]:
        seccomp.restrict(limits_alone=not told["seccomp"])


def limit(name: str, value: int) -> None:
    """As much as asked, as far as the hard limit lets us."""
    kind = getattr(resource, name)
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def _join(folder: str) -> None:
    with open(f"{folder}/cgroup.procs", "w") as file:  # noqa: PTH123 - no pathlib
        file.write("0")


def _no_memory_in_dumps() -> None:
    """A crash handler that does not heed RLIMIT_CORE gets an empty dump."""
    with open("/proc/self/coredump_filter", "w") as file:  # noqa: PTH123 - no pathlib
        file.write("0")


def _hand_over_door(told: dict[str, Any]) -> None:
    """The listening socket goes to the supervisor; a copy stays, for the supervisor that comes after it."""
    if not told["door"]:
        os.close(told["report"])
        return
    with namespaces.door(told["door"]) as listening, socket.socket(fileno=told["report"]) as report:
        passed = array.array("i", [listening.fileno()])
        report.sendmsg([b"door"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        copy = os.dup(listening.fileno())
    # Only now: any of them may have had this number.
    os.dup2(copy, told["door_fd"], inheritable=True)
    if copy != told["door_fd"]:
        os.close(copy)


def _wall_in(told: dict[str, Any], has_namespace: bool) -> None:
    if not told["files"]:
        return landlock.restrict(told["landlock"], [], [], no_tcp=told["no_tcp"])
    read = [*sight.SYSTEM, *sight.SETTINGS, *SYSTEM_FILES, *told["read"]]
    write = [*told["write"], *(f"/dev/{name}" for name in sight.DEVICES)]
    if has_namespace:
        read.append("/")
        write += ["/tmp", "/dev/shm"]  # noqa: S108 - of its own
    return landlock.restrict(told["landlock"], read, write, no_tcp=told["no_tcp"])
