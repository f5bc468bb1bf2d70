"""What of all this the machine lets this user do: each is tried in a process of its own."""

import contextlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

# Alone, Python looks for modules in its own library only.
sys.path.insert(0, __file__.rpartition("/plugins_app/")[0])

from plugins_app.launcher import kernel, landlock, namespaces, seccomp, sight

CONTROLLERS = ("memory", "cpu", "pids")
V1 = "/sys/fs/cgroup/{}"


def machine() -> dict[str, Any]:
    """The fields of `isolation.Machine`."""
    facts, abi = os.uname(), landlock.version()
    place = tempfile.mkdtemp(prefix="agentx-probe-")
    rooted = _try(lambda: _rooted(place))
    os.rmdir(place)  # noqa: PTH106 - starts fast without pathlib
    tried = {
        "no_new_privs": _try(kernel.no_new_privileges),
        "seccomp": _try(_filtered),
        "landlock": _try(lambda: _walled(abi)) if abi else "this kernel has no Landlock",
        "user": _try(lambda: namespaces.leave(files=False, network=False)),
        "mount": rooted,
        "net": _try(_networked),
    }
    missing = {name: _why(name, told) for name, told in tried.items() if told}
    groups = cgroups()
    missing |= {name: _no_group(name) for name in CONTROLLERS if name not in groups}
    return {
        "kernel": facts.release,
        "architecture": facts.machine,
        "is_root": os.geteuid() == 0,
        "no_new_privs": not tried["no_new_privs"],
        "landlock": 0 if tried["landlock"] else abi,
        "seccomp": not tried["seccomp"],
        "namespaces": [name for name in ("user", "mount", "net") if not tried[name]],
        "cgroups": {name: version for name, (version, _folder) in groups.items()},
        "folders": {name: folder for name, (_version, folder) in groups.items()},
        "missing": missing,
    }


def _try(deed: Callable[[], object]) -> str:
    """Why it did not work, or nothing. In a child, because none of it can be undone."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            deed()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            os.write(theirs, str(error).encode()[:400] or b"it failed")
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    return told or (f"the trial was ended with status {status}" if status else "")


def _filtered() -> None:
    kernel.no_new_privileges()
    seccomp.restrict()
    try:
        kernel.unshare(kernel.CLONE_NEWUSER)
    except PermissionError:
        return
    raise OSError("the filter was taken but refuses nothing")


def _walled(abi: int) -> None:
    kernel.no_new_privileges()
    landlock.restrict(abi, ["/usr"], [])
    try:
        os.listdir("/")  # noqa: PTH208 - starts fast without pathlib
    except PermissionError:
        return
    raise OSError("the rules were taken but refuse nothing")


def _rooted(place: str) -> None:
    namespaces.leave(files=True, network=False)
    sight.new_root(place, [], [])
    kernel.drop_capabilities()
    if not os.path.exists("/usr") or os.path.exists(place):  # noqa: PTH110 - starts fast without pathlib
        raise OSError("the new root is not what it should be")


def _networked() -> None:
    namespaces.leave(files=False, network=True)
    namespaces.loopback_up()
    with namespaces.door(1) as listening:
        socket.create_connection(listening.getsockname(), 2).close()


def _why(name: str, told: str) -> str:
    if name in ("user", "mount", "net"):
        return f"{told}. Let users make namespaces: sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, and no AppArmor rule against it."
    return f"{told}. It needs a newer kernel, or one that was built or started with it."


def _no_group(name: str) -> str:
    return (
        f"No cgroup with the controller {name} may be written to. Start AgentX as a systemd service with "
        "Delegate=yes and DelegateSubgroup=core."
    )


def cgroups() -> dict[str, tuple[str, str]]:
    """Controller -> version and the folder in which we may make groups: found by making one."""
    found: dict[str, tuple[str, str]] = {}
    for line in _lines("/proc/self/cgroup"):
        number, names, path = line.split(":", 2)
        if number == "0":
            found |= {name: ("v2", folder) for name, folder in _unified(path).items()}
        for name in set(names.split(",")) & set(CONTROLLERS):
            folder = (V1.format(names) + path).rstrip("/")
            if _takes_groups(folder):
                found[name] = ("v1", folder)
    return found


def _unified(path: str) -> dict[str, str]:
    """Our own group, or the one above it when systemd gave that one to us (DelegateSubgroup)."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        own = (root + path).rstrip("/")
        above = own.rpartition("/")[0]
        for folder in (own, *([above] if _is_delegated(above) else [])):
            _hand_down(folder)
            handed = " ".join(_lines(f"{folder}/cgroup.subtree_control")).split()
            names = set(handed) & set(CONTROLLERS)
            if names and _takes_groups(folder):
                return dict.fromkeys(names, folder)
    return {}


def _is_delegated(folder: str) -> bool:
    try:
        return os.getxattr(folder, "user.delegate") == b"1"
    except OSError:
        return False


def _hand_down(folder: str) -> None:
    """Only a group without processes of its own can; the kernel refuses the others."""
    offered = set(" ".join(_lines(f"{folder}/cgroup.controllers")).split()) & set(CONTROLLERS)
    for name in sorted(offered):
        with contextlib.suppress(OSError), open(f"{folder}/cgroup.subtree_control", "w") as file:  # noqa: PTH123 - starts fast without pathlib
            file.write(f"+{name}")


def _takes_groups(folder: str) -> bool:
    trial = f"{folder}/agentx-probe-{os.getpid()}"
    try:
        os.mkdir(trial)  # noqa: PTH102 - no pathlib
        os.rmdir(trial)  # noqa: PTH106 - no pathlib
    except OSError:
        return False
    return True


def _lines(path: str) -> list[str]:
    try:
        with open(path) as file:  # noqa: PTH123 - no pathlib
            return file.read().splitlines()
    except OSError:
        return []


def main() -> None:
    sys.stdout.write(json.dumps(machine()))


if __name__ == "__main__":
    main()
