"""What a process can see of the file system: a root of its own with nothing in it but what is named."""

import os
import stat

from plugins_app.launcher import kernel

OLD = "/.agentx-old-root"
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store",
    "/sys/devices/system",
)  # fmt: skip
# Not /etc as a whole: as root it would be readable to the last secret.
SETTINGS = tuple(
    f"/etc/{name}"
    for name in (
        "alternatives", "ca-certificates", "fonts", "gai.conf", "group", "host.conf", "hosts",
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf",
        "os-release", "passwd", "pki", "protocols", "resolv.conf", "services", "ssl/certs",
        "ssl/openssl.cnf", "terminfo", "timezone",
    )
)  # fmt: skip
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
SCRATCH = "size=64m,mode=1777"  # counts as memory


def new_root(place: str, read: list[str], write: list[str]) -> None:
    """`place`: any folder, which a new file system covers for a moment. Paths keep their names."""
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)
    kernel.mount("tmpfs", place, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    os.mkdir(place + OLD)  # noqa: PTH102 - starts fast without pathlib
    os.chdir(place)
    kernel.pivot_root(".", f".{OLD}")
    os.chdir("/")
    _devices()
    for path in ("/tmp", "/dev/shm"):  # noqa: S108 - names inside
        os.makedirs(path, exist_ok=True)  # noqa: PTH103 - no pathlib
        kernel.mount("tmpfs", path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, SCRATCH)
    plain = kernel.ATTR_NOSUID | kernel.ATTR_NODEV
    for path in shortest((*SYSTEM, *SETTINGS, "/proc", *read)):
        _show(path, plain | kernel.ATTR_RDONLY)
    for path in write:
        _show(path, plain)
    kernel.let_go(OLD)
    os.rmdir(OLD)  # noqa: PTH106 - no pathlib
    kernel.restrict("/", plain | kernel.ATTR_RDONLY)


def _devices() -> None:
    os.mkdir("/dev")  # noqa: PTH102 - no pathlib
    for name in DEVICES:
        if os.path.exists(f"{OLD}/dev/{name}"):  # noqa: PTH110 - no pathlib
            _touch(f"/dev/{name}")
            kernel.bind(f"{OLD}/dev/{name}", f"/dev/{name}", kernel.ATTR_NOSUID)
    for name, descriptor in LINKS.items():
        os.symlink(f"/proc/self/fd{descriptor}", f"/dev/{name}")  # noqa: PTH211 - no pathlib


def _show(path: str, attributes: int) -> None:
    """Bind it where it was. A link into what is shown anyway stays a link; what is not there is left out."""
    try:
        facts = os.lstat(OLD + path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(facts.st_mode):
        _show_link(path, attributes)
    else:
        _bind(OLD + path, path, attributes, is_folder=stat.S_ISDIR(facts.st_mode))


def _show_link(path: str, attributes: int) -> None:
    target = os.readlink(OLD + path)  # noqa: PTH115 - no pathlib
    whole = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120 - no pathlib
    if _below(whole, SYSTEM):
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - no pathlib
        os.symlink(target, path)  # noqa: PTH211 - no pathlib
    elif os.path.lexists(OLD + whole) and not os.path.islink(OLD + whole):  # noqa: PTH114 - no pathlib
        # What /etc/resolv.conf points to lies in /run: show the file, not the folder.
        folder = os.path.isdir(OLD + whole)  # noqa: PTH112 - no pathlib
        _bind(OLD + whole, path, attributes, is_folder=folder)


def _bind(source: str, target: str, attributes: int, *, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103 - no pathlib
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120 - no pathlib
        _touch(target)
    kernel.bind(source, target, attributes)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def shortest(paths: tuple[str, ...]) -> list[str]:
    """Without those that lie below another one."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not _below(path, tuple(kept)):
            kept.append(path)
    return kept


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in folders)
