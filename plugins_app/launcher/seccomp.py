"""A filter over system calls: what a plugin that is not ours has no business with is refused with EPERM.

Whatever the trust, nobody sets the limits of another process: for that the kernel asks only for the same user, and
nothing of namespaces or Landlock. A limit of no files, or of one second, ends a database as well as a signal does.

It is a list of refusals, as Docker's default profile is in effect: what a new kernel adds is not refused before it is
written down here. Numbers: asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64) of Linux 6.18.
"""

import ctypes
import errno
import os
import struct

from plugins_app.launcher import kernel

# Of others' memory, of the kernel itself, of the machine's clock, name and disks, and of ways around this filter.
X86_64 = {
    "syslog": 103, "personality": 135, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155,
    "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171,
    "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
    "lookup_dcookie": 212, "clock_settime": 227, "kexec_load": 246, "add_key": 248,
    "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
    "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320, "bpf": 321,
    "userfaultfd": 323, "ptrace": 101,
}  # fmt: skip
AARCH64 = {
    "lookup_dcookie": 18, "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "vhangup": 58,
    "quotactl": 60, "acct": 89, "personality": 92, "unshare": 97, "kexec_load": 104,
    "init_module": 105, "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117,
    "reboot": 142, "sethostname": 161, "setdomainname": 162, "settimeofday": 170, "adjtimex": 171,
    "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225,
    "perf_event_open": 241, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273,
    "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
}  # fmt: skip
EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443, "open_tree_attr": 467,
}  # fmt: skip
ARCHITECTURE = 0xC00000B7 if kernel.ARM else 0xC000003E
CLONE, SOCKET, IOCTL = (220, 198, 29) if kernel.ARM else (56, 41, 16)
CLONE3 = 435
PRLIMIT = 261 if kernel.ARM else 302
# Each names the process first: sched_setparam, sched_setscheduler, sched_setaffinity, sched_setattr.
SCHEDULING = (118, 119, 122, 274) if kernel.ARM else (142, 144, 203, 314)
# setpriority and ioprio_set, with the word by which their first argument says "a process".
PRIORITIES = ((140, 0), (30, 1)) if kernel.ARM else ((141, 0), (251, 1))
X32 = 0x40000000  # x86_64's second set of numbers
NAMESPACES = 0x7E020000  # CLONE_NEW*: user, pid, net, ipc, uts, cgroup, mount
FAMILIES = (1, 2, 10, 16)  # unix, IPv4, IPv6, and netlink, which asks for addresses
SOCK_TYPE, SOCK_RAW = 0xF, 3
NETLINK, NETLINK_ROUTE = 16, 0
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # would type into a terminal

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE = 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, AND, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER, ARCH = 0, 4
Instruction = tuple[int, int, int, int]


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refused() -> list[int]:
    return sorted({*(AARCH64 if kernel.ARM else X86_64).values(), *EVERYWHERE.values()})


def restrict(*, limits_alone: bool = False) -> None:
    """For this process and all it starts; `no_new_privs` has to be set before."""
    lines = program(os.getpid(), limits_alone=limits_alone)
    code = b"".join(struct.pack("HBBI", *each) for each in lines)
    held = ctypes.create_string_buffer(code)
    told = Program(len(code) // 8, ctypes.addressof(held))
    kernel.prctl("seccomp", kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, ctypes.byref(told))


def program(own: int, *, limits_alone: bool = False) -> list[Instruction]:
    """Classic BPF: each instruction is code, jump if true, jump if false, value. `own`: the pid that may be named."""
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 1, 0, ARCHITECTURE),
        (ANSWER, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if not kernel.ARM:
        lines += [(AT_LEAST, 0, 1, X32), _answer(errno.EPERM)]
    lines += _when(PRLIMIT, _only_own(0, own))
    if limits_alone:
        return [*lines, (ANSWER, 0, 0, ALLOW)]
    for number in SCHEDULING:
        lines += _when(number, _only_own(0, own))
    for number, process in PRIORITIES:
        asked = [(LOAD, 0, 0, _low(0)), (EQUAL, 1, 0, process), _answer(errno.EPERM)]
        lines += _when(number, [*asked, *_only_own(1, own)])
    for number in refused():
        lines += [(EQUAL, 0, 1, number), _answer(errno.EPERM)]
    # Its flags lie in memory, which a filter cannot read; the C library asks `clone` when this is missing.
    lines += [(EQUAL, 0, 1, CLONE3), _answer(errno.ENOSYS)]
    lines += _when(
        CLONE, [(LOAD, 0, 0, _low(0)), (ANY_BIT, 0, 1, NAMESPACES), _answer(errno.EPERM)]
    )
    lines += _when(IOCTL, _terminals())
    lines += _when(SOCKET, _sockets())
    return [*lines, (ANSWER, 0, 0, ALLOW)]


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    """`then` loads an argument, so the number is loaded again after it."""
    block = [*then, (LOAD, 0, 0, NUMBER)]
    return [(EQUAL, 0, len(block), number), *block]


def _only_own(argument: int, own: int) -> list[Instruction]:
    """Nobody else may be named. 0 is whoever calls; threads by their numbers cannot be told from processes."""
    return [
        (LOAD, 0, 0, _low(argument)),
        (EQUAL, 2, 0, 0),
        (EQUAL, 1, 0, own),
        _answer(errno.EPERM),
    ]


def _terminals() -> list[Instruction]:
    return [
        (LOAD, 0, 0, _low(1)),
        (EQUAL, 1, 0, TIOCSTI),
        (EQUAL, 0, 1, TIOCLINUX),
        _answer(errno.EPERM),
    ]


def _sockets() -> list[Instruction]:
    """Unix, IP and routing questions; no raw sockets, which see and forge others' packets."""
    lines: list[Instruction] = [(LOAD, 0, 0, _low(0))]
    for place, family in enumerate(FAMILIES):
        lines.append((EQUAL, len(FAMILIES) - place, 0, family))
    lines.append(_answer(errno.EAFNOSUPPORT))
    lines += [(EQUAL, 0, 3, NETLINK), (LOAD, 0, 0, _low(2)), (EQUAL, 5, 0, NETLINK_ROUTE)]
    lines.append(_answer(errno.EPERM))
    lines += [(LOAD, 0, 0, _low(1)), (AND, 0, 0, SOCK_TYPE), (EQUAL, 0, 1, SOCK_RAW)]
    return [*lines, _answer(errno.EPERM)]


def _low(argument: int) -> int:
    """Where the lower half of an argument stands (both architectures are little-endian)."""
    return 16 + 8 * argument


def _answer(number: int) -> Instruction:
    return (ANSWER, 0, 0, REFUSE | number)
