"""From a manifest, the trust in it and the machine to what is put around its processes. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from plugins_app.isolation.machine import Machine
from plugins_app.manifest import Manifest, Network, Resources

INTERNAL, TRUSTED, VERIFIED, PUBLIC = "internal", "trusted", "verified", "public"
LEVELS: Final = (PUBLIC, VERIFIED, TRUSTED, INTERNAL)
OPEN_FILES: Final = 4096
PROCESSES: Final = 1024  # with their threads
GIB: Final = 1 << 30
# At most, whatever its manifest says: who is not trusted does not decide how much of a machine it takes.
CEILINGS: Final = {VERIFIED: 4 * GIB, PUBLIC: GIB}  # of memory, and of disk
NAMESPACE, LANDLOCK, SECCOMP, RLIMIT = "namespace", "Landlock", "seccomp", "rlimit"
SAMPLED: Final = "sampled every second"
LANDLOCK_SCOPES: Final = 6  # the ABI from which on signals can be kept in
LANDLOCK_TCP: Final = 4
ALL, HOSTS, LOOPBACK, NONE = "all", "hosts", "loopback", "none"


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is wanted. `how` is empty where it cannot be had; then `missing` says why."""

    name: str
    wanted: str  # a number or word for people; empty: simply wanted
    how: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the launcher puts around one process. Sizes in bytes; None: no limit."""

    trust: str
    files: str  # namespace, Landlock or nothing
    landlock: int  # the ABI to use; 0: none
    seccomp: bool
    keeps_limits: bool  # those of other processes, which any trust could set
    asked: Network  # by its manifest
    network: str  # what it gets of that: none, loopback, hosts or all
    network_how: str
    hosts: tuple[str, ...]
    memory_bytes: int | None
    cpus: float | None
    disk_bytes: int | None
    processes: int
    counts_processes: bool  # by an rlimit, where no cgroup does
    folders: dict[str, str]  # controller -> where its group is made
    measures: tuple[Measure, ...]

    @property
    def has_namespace(self) -> bool:
        return NAMESPACE in (self.files, self.network_how)

    def told(self) -> dict[str, Any]:
        """For a row and the page that shows it."""
        measures = [
            {"name": each.name, "wanted": each.wanted, "how": each.how, "missing": each.missing}
            for each in self.measures
        ]
        return {
            "trust": self.trust,
            "network": self.network,
            "hosts": list(self.hosts),
            "asked": {"network": self.asked.policy, "hosts": list(self.asked.hosts)},
            "measures": measures,
            "limits": {
                "memory": self.memory_bytes,
                "cpu": self.cpus,
                "disk": self.disk_bytes,
                "processes": self.processes,
                "open_files": OPEN_FILES,
            },
        }


def network_of(manifest: Network, trust: str, allowed: Collection[str] = ()) -> Network:
    """At most what the trust level lets a plugin have, whatever its manifest asks.

    `allowed`: of the hosts it lists, those that an admin let it have at the lowest level.
    """
    if trust in (INTERNAL, TRUSTED):
        return manifest
    hosts = manifest.hosts if manifest.policy in (ALL, HOSTS) else ()
    if trust == PUBLIC:
        hosts = tuple(host for host in hosts if host in allowed)
    return Network(HOSTS, hosts) if hosts else Network(NONE, ())


def resources_of(asked: Resources, trust: str) -> Resources:
    """At most what the trust level lets one process use, also where its manifest says nothing."""
    if trust not in CEILINGS:
        return asked
    most = CEILINGS[trust]
    memory, disk = (min(each or most, most) for each in (asked.memory_bytes, asked.disk_bytes))
    return replace(asked, memory_bytes=memory, disk_bytes=disk)


def confinement(
    manifest: Manifest, trust: str, machine: Machine, allowed: Collection[str] = ()
) -> Confinement:
    """What is wanted, as far as this machine has it; `measures` tells both."""
    network = network_of(manifest.network, trust, allowed)
    resources = resources_of(manifest.resources, trust)
    files = _files(trust, machine)
    network_how = _network_how(network, machine)
    seccomp = trust in (VERIFIED, PUBLIC) and machine.seccomp
    # Without rules for files it takes the kernel of ABI 6: then it still keeps signals and looks in.
    least = LANDLOCK_SCOPES if trust == INTERNAL else 1
    landlock = machine.landlock if machine.landlock >= least and machine.no_new_privs else 0
    return Confinement(
        trust=trust,
        files=files,
        landlock=landlock,
        seccomp=seccomp,
        keeps_limits=machine.seccomp,
        asked=manifest.network,
        network=network.policy,
        network_how=network_how,
        hosts=network.hosts,
        memory_bytes=resources.memory_bytes,
        cpus=resources.cpus,
        disk_bytes=resources.disk_bytes,
        processes=PROCESSES,
        counts_processes=_counts_processes(machine) and "pids" not in machine.cgroups,
        folders=dict(machine.folders),
        measures=(
            Measure("core_dumps", "", RLIMIT),
            Measure("privileges", "", "no_new_privs", machine.missing.get("no_new_privs", "")),
            *_limits(resources, machine),
            *_walls(trust, machine, files),
            _network_measure(network, network_how, machine),
        ),
    )


def _files(trust: str, machine: Machine) -> str:
    if trust == INTERNAL:
        return ""
    if machine.has_namespace("user", "mount"):
        return NAMESPACE
    return LANDLOCK if machine.landlock else ""


def _network_how(network: Network, machine: Machine) -> str:
    if network.policy == ALL:
        return ""
    if machine.has_namespace("user", "net"):
        return NAMESPACE
    # Landlock knows ports and no hosts: it can forbid TCP as a whole, and does so where nothing is allowed.
    return LANDLOCK if network.policy == NONE and machine.landlock >= LANDLOCK_TCP else ""


def _limits(resources: Resources, machine: Machine) -> list[Measure]:
    found = [Measure("open_files", str(OPEN_FILES), RLIMIT), _process_limit(machine)]
    if resources.memory_bytes:
        found.append(Measure("memory", size(resources.memory_bytes), _memory_how(machine)))
    if resources.cpus:
        how, why = _cgroup(machine, "cpu"), machine.missing.get("cpu", "")
        found.append(Measure("cpu", f"{resources.cpus:g}", how, "" if how else why))
    if resources.disk_bytes:
        found.append(Measure("disk", size(resources.disk_bytes), f"{SAMPLED}, {RLIMIT}"))
    return found


def _process_limit(machine: Machine) -> Measure:
    how = _cgroup(machine, "pids") or (RLIMIT if _counts_processes(machine) else "")
    return Measure("processes", str(PROCESSES), how, "" if how else machine.missing.get("pids", ""))


def _counts_processes(machine: Machine) -> bool:
    """A user has processes elsewhere too, so the kernel must count those of its own namespace; root is not counted."""
    return machine.has_namespace("user") and not machine.is_root


def _memory_how(machine: Machine) -> str:
    return ", ".join(filter(None, (_cgroup(machine, "memory"), SAMPLED)))


def _cgroup(machine: Machine, controller: str) -> str:
    version = machine.cgroups.get(controller)
    return f"cgroup {version}" if version else ""


def _walls(trust: str, machine: Machine, files: str) -> list[Measure]:
    """What keeps it away from everything else, from the trust level at which it is wanted."""
    landlock = f"{LANDLOCK} ABI {machine.landlock}" if machine.landlock else ""
    scoped = landlock if machine.landlock >= LANDLOCK_SCOPES else ""
    traced = scoped if trust == INTERNAL else landlock or ("user namespace" if files else "")
    walls = [
        _wall("other_processes", traced, machine, "landlock"),
        Measure("signals", "", scoped, "" if scoped else _no_scopes(machine)),
        _wall("others_limits", SECCOMP if machine.seccomp else "", machine, "seccomp"),
    ]
    if trust != INTERNAL:
        both = ", ".join(filter(None, ("mount namespace", landlock)))
        shown = both if files == NAMESPACE else landlock
        walls.append(_wall("files", shown, machine, "mount"))
    if trust in (VERIFIED, PUBLIC):
        walls.append(_wall("syscalls", SECCOMP if machine.seccomp else "", machine, "seccomp"))
    return walls


def _wall(name: str, how: str, machine: Machine, needs: str) -> Measure:
    return Measure(name, "", how, "" if how else machine.missing.get(needs) or _no_scopes(machine))


def _no_scopes(machine: Machine) -> str:
    if not machine.landlock:
        return machine.missing.get("landlock", "")
    return f"Landlock ABI {machine.landlock} cannot keep signals in: it needs Linux 6.12."


def _network_measure(network: Network, how: str, machine: Machine) -> Measure:
    wanted = ", ".join(network.hosts) if network.policy == HOSTS else network.policy
    if network.policy == ALL:
        return Measure("network", wanted, "", "")
    shown = {NAMESPACE: "network namespace", LANDLOCK: f"{LANDLOCK}, TCP only", "": ""}[how]
    return Measure("network", wanted, shown, "" if how else machine.missing.get("net", ""))


def size(number: int) -> str:
    """For people: 512 MB."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return f"{number} B"
