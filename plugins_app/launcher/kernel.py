"""The kernel's calls that Python 3.11 has no name for. Each raises `OSError` that names the call.

Sources: the headers of Linux 6.18 (linux/sched.h, mount.h, prctl.h, capability.h, securebits.h).
"""

import ctypes
import os

ARM: bool = os.uname().machine == "aarch64"
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x8000000, 0x10000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_SLAVE = 2, 4, 8, 4096, 16384, 1 << 19
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 22, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = 28, 38
SECCOMP_MODE_FILTER = 2
SECUREBITS = 0b1111  # no capabilities for user 0, and never again
CAPABILITY_VERSION = 0x20080522
OF_FILES = {0, 1, 2, 3}  # chown, dac_override, dac_read_search, fowner
PIVOT_ROOT = 41 if ARM else 155
CAPSET = 91 if ARM else 126
MOUNT_SETATTR, LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 442, 444, 445, 446

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


def _checked(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(what: str, number: int, *args: object) -> int:
    """Integers are passed as longs, whatever their size."""
    told = [ctypes.c_long(each) if isinstance(each, int) else each for each in args]
    return _checked(what, _libc.syscall(ctypes.c_long(number), *told))


def prctl(what: str, option: int, *args: object) -> int:
    told = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in args]
    told += [ctypes.c_ulong(0)] * (4 - len(told))
    return _checked(what, _libc.prctl(ctypes.c_int(option), *told))


def unshare(flags: int) -> None:
    _checked("unshare", _libc.unshare(flags))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    done = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    _checked(f"mount {target}", done)


def bind(source: str, target: str, attributes: int) -> None:
    """Show `source`, with what is mounted below it, at `target`; never with fewer restrictions than it had."""
    mount(source, target, flags=MS_BIND | MS_REC)
    restrict(target, attributes, AT_RECURSIVE)


def restrict(target: str, attributes: int, flags: int = 0) -> None:
    told = MountAttributes(attributes, 0, 0, 0)
    args = (AT_FDCWD, target.encode(), flags, ctypes.byref(told), ctypes.sizeof(told))
    syscall(f"restrict {target}", MOUNT_SETATTR, *args)


def pivot_root(new: str, old: str) -> None:
    syscall("pivot_root", PIVOT_ROOT, new.encode(), old.encode())


def let_go(target: str) -> None:
    _checked(f"umount {target}", _libc.umount2(target.encode(), MNT_DETACH))


def die_with_parent(number: int) -> None:
    prctl("prctl PDEATHSIG", PR_SET_PDEATHSIG, number)


def no_new_privileges() -> None:
    """From here on no program gives this process or its children more than they have."""
    prctl("prctl NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 1)


def bound_capabilities() -> None:
    """What root keeps over the next exec: its files. Only root can do this, and only root needs it."""
    for number in set(range(_last_capability() + 1)) - OF_FILES:
        prctl(f"drop capability {number}", PR_CAPBSET_DROP, number)


def drop_capabilities() -> None:
    """All of them, for good: user 0 of a namespace has them anew after each exec, unless told otherwise."""
    prctl("prctl SECUREBITS", PR_SET_SECUREBITS, SECUREBITS)
    for number in range(_last_capability() + 1):
        prctl(f"drop capability {number}", PR_CAPBSET_DROP, number)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    syscall("capset", CAPSET, ctypes.byref(header), ctypes.byref(none))


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap") as file:  # noqa: PTH123 - starts fast without pathlib
        return int(file.read())
