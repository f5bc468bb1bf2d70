"""From what is to be put around a process to the launcher's orders."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from plugins_app.errors import LaunchFailed
from plugins_app.isolation import Confinement
from plugins_app.isolation.profiles import ALL, HOSTS, LANDLOCK, LOOPBACK, NAMESPACE
from plugins_app.process.around import DOOR_FD, DOOR_PORT
from plugins_app.process.cgroups import Group
from plugins_app.process.recipe import Recipe

PROXY: Final = f"http://127.0.0.1:{DOOR_PORT}"
PROXY_NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
AT_HOME: Final = "localhost,127.0.0.1,::1"


def has_door(confinement: Confinement) -> bool:
    """It may talk to some, and has a network of its own: we carry it over."""
    return confinement.network_how == NAMESPACE and confinement.network in (HOSTS, LOOPBACK)


def orders(
    confinement: Confinement, what: Recipe, group: Group | None, socket_dir: Path, report: int
) -> dict[str, Any]:
    """What `launcher.confine.apply` takes."""
    hides = confinement.files == NAMESPACE
    write = [str(what.work_dir), str(socket_dir)]
    return {
        "groups": sorted({str(folder) for folder in group.folders.values()}) if group else [],
        "files": confinement.files,
        "own_network": confinement.network_how == NAMESPACE,
        "door": DOOR_PORT if has_door(confinement) else 0,
        "door_fd": DOOR_FD,
        "report": report,
        "read": list(what.readable),
        "write": write,
        "place": str(what.work_dir / "tmp") if hides else "",
        "landlock": confinement.landlock,
        "no_tcp": confinement.network_how == LANDLOCK,
        "seccomp": confinement.seccomp,
        "keeps_limits": confinement.keeps_limits,
        "processes": confinement.processes if confinement.counts_processes else 0,
    }


def environment(confinement: Confinement) -> dict[str, str]:
    """How programs learn of the way out; most HTTP libraries heed it."""
    if not has_door(confinement):
        return {}
    told = dict.fromkeys([*PROXY_NAMES, *(name.lower() for name in PROXY_NAMES)], PROXY)
    if confinement.network == HOSTS:
        told |= {"NO_PROXY": AT_HOME, "no_proxy": AT_HOME}
    return told | {"NODE_USE_ENV_PROXY": "1"}


def limits(confinement: Confinement) -> dict[str, int]:
    return {"RLIMIT_FSIZE": confinement.disk_bytes} if confinement.disk_bytes else {}


def check(confinement: Confinement, *, listens_on_tcp: bool) -> None:
    """Raises `LaunchFailed` when what it asks cannot be had together."""
    if listens_on_tcp and confinement.network_how and confinement.network != ALL:
        raise LaunchFailed(
            "It listens on TCP (runtime.grpc_port), but has a network of its own, where nobody reaches it: "
            "leave grpc_port out, or give network.policy all and more trust."
        )


def below(paths: Iterable[Path | str]) -> tuple[str, ...]:
    """Each once, those that are there."""
    return tuple(dict.fromkeys(str(path) for path in paths if Path(path).exists()))
