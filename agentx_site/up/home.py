"""AGENTX_HOME: what one installation keeps between runs, and the lock that makes it one run."""

import fcntl
import hashlib
import json
import os
import secrets
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agentx_site.up.errors import UpError, unusable
from agentx_site.up.runtime import boot_id, is_alive, started_ticks

OLDER_RUN_ENDS_WITHIN = 10.0  # seconds, after a kill -9 of the runner


class Home:
    """Opened once per run; only the holder of its lock writes into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def open(self) -> None:
        """Raises UpError when the folder cannot be used or another run holds it."""
        try:
            if not self.path.exists():
                # Root's is passable, because its Postgres runs as nobody.
                self.path.mkdir(parents=True)
                self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            (self.path / "static").mkdir(exist_ok=True)  # where collected files would be looked for
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpError(self._taken()) from None
        except OSError as error:
            raise unusable(str(self.path), error) from error
        self._end_older_run()

    def close(self) -> None:
        self.run_file.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)

    @property
    def run_file(self) -> Path:
        """Who runs where, for `agentx status` and `agentx doctor`; gone after an orderly end."""
        return self.path / "run.json"

    @property
    def credentials_file(self) -> Path:
        return self.path / "credentials.json"

    @property
    def secret_key_file(self) -> Path:
        """Made when missing. Losing it makes stored secrets unreadable, so it is never replaced."""
        path = self.path / "secret_key"
        if not path.exists():
            self.write(path, secrets.token_urlsafe(48))
        return path

    def write(self, path: Path, content: str) -> None:
        """Readable by us alone, and whole or not at all."""
        partial = path.with_name(f".{path.name}.new")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except OSError as error:
            raise unusable(str(path), error) from error

    def write_json(self, path: Path, content: dict[str, Any]) -> None:
        self.write(path, json.dumps(content, indent=1) + "\n")

    def read_json(self, path: Path) -> dict[str, Any]:
        """An empty dict when the file is missing or was cut."""
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _taken(self) -> str:
        run = self.read_json(self.run_file)
        where = f" at {run['url']}" if "url" in run else ""
        return f"AgentX already runs on {self.path}{where}: stop it or choose another --home."

    def _end_older_run(self) -> None:
        """After a kill -9 of the runner its children are going down by themselves: wait, insist."""
        run = self.read_json(self.run_file)
        if run.get("boot_id") != boot_id():
            return
        left = {child["pid"]: child["ticks"] for child in run.get("children", {}).values()}
        deadline = time.monotonic() + OLDER_RUN_ENDS_WITHIN
        while _still_there(left) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in _still_there(left):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)


def _still_there(processes: dict[int, int]) -> list[int]:
    """Those that run and are what they were: a number alone may have been given away again."""
    return [
        pid for pid, ticks in processes.items() if is_alive(pid) and started_ticks(pid) == ticks
    ]


class Stamp:
    """Remembers for which code and which database the last bootstrap went through.

    Then web may start beside the next bootstrap instead of after it.
    """

    def __init__(self, home: Home, project: Path, database: str) -> None:
        self.home = home
        self.path = home.path / "bootstrap.json"
        self.digest = _digest(_schema_files(project), version("agentx"), database)

    @property
    def is_current(self) -> bool:
        return self.home.read_json(self.path).get("digest") == self.digest

    def renew(self) -> None:
        self.home.write_json(self.path, {"digest": self.digest})


def _schema_files(project: Path) -> list[Path]:
    return sorted(project.glob("*/migrations/[0-9]*.py"))


def _digest(files: Iterable[Path], *facts: str) -> str:
    content = hashlib.sha256("\0".join(facts).encode())
    for file in files:
        content.update(file.name.encode() + file.read_bytes())
    return content.hexdigest()
