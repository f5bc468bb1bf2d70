"""What an installation holds that must not grow: processes, descriptors, sockets, folders, certificates."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.soak.place import Place

# What may differ without being a leak: pools fill, a connection is open at the moment one looks.
SLACK: Final = {"descriptors of the supervisor": 6, "descriptors of web processes": 40}
KEPT_RELEASES: Final = 6  # AGENTX_KEPT_RELEASES, and one that was gone back to
STAGED: Final = re.compile(r"\.tmp(-|$)|^tmp")


@dataclass(frozen=True)
class Left:
    counts: dict[str, int]

    def beyond(self, before: "Left") -> list[str]:
        """One line for everything there is more of than before."""
        found = []
        for name, now in self.counts.items():
            allowed = before.counts.get(name, 0) + SLACK.get(name, 0)
            if name == "release folders":
                allowed += KEPT_RELEASES
            if now > allowed:
                found.append(f"{name}: {before.counts.get(name, 0)} before, {now} after")
        return found


def left_of(here: Place) -> Left:
    """As of now. Counted where the kernel counts: /proc and the file system."""
    processes = here.processes()
    node = processes.get("node")
    children = node.children(recursive=True) if node else []
    return Left(
        {
            "processes below the node": len(children),
            "zombies": sum(_is_zombie(each) for each in children),
            "descriptors of the supervisor": _descriptors(processes, "supervisor"),
            "descriptors of web processes": _descriptors(processes, "web"),
            "socket folders": _count(_runtime(here) / "p"),
            "sockets listened on": _listening(str(_runtime(here))),
            "release folders": _count(here.home / "releases"),
            "environments": _count(here.home / "environments"),
            "unfinished folders": _unfinished(here),
            "control groups": _control_groups(),
            "mounts": len(psutil.disk_partitions(all=True)),
            "launch certificates on disk": len(list(here.home.rglob("*.pem"))),
        }
    )


def _is_zombie(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return False


def _descriptors(processes: dict[str, psutil.Process], prefix: str) -> int:
    return sum(each.num_fds() for name, each in processes.items() if name.startswith(prefix))


def _count(folder: Path) -> int:
    """Folders in it: beside each release lies a file about it."""
    return sum(1 for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else 0


def _runtime(here: Place) -> Path:
    """Where its processes' sockets are; told by one of them."""
    (address,) = here.rows(
        "SELECT address FROM plugins_app_plugininstance WHERE state = 'running' AND address LIKE 'unix:%%' LIMIT 1"
    )[0]
    return Path(str(address).removeprefix("unix:")).parents[2]


def _listening(prefix: str) -> int:
    lines = Path("/proc/net/unix").read_text().splitlines()[1:]
    return len({line.split()[-1] for line in lines if line.split()[-1].startswith(prefix)})


def _unfinished(here: Place) -> int:
    folders = (here.home / "releases", here.home / "environments")
    return sum(
        1 for each in folders if each.is_dir() for one in each.iterdir() if STAGED.search(one.name)
    )


def _control_groups() -> int:
    roots = Path("/sys/fs/cgroup")
    return sum(1 for _ in roots.glob("**/agentx*")) if roots.is_dir() else 0
