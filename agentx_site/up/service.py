"""A server that runs in the foreground as our child and dies with us."""

import errno
import os
import re
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from agentx_site.up.errors import UpError, unusable
from agentx_site.up.runtime import Account, dies_with_us

READY_WITHIN = 10.0  # seconds; recovery of a database killed under load takes most of it
POLL = 0.01
NO_SPACE = os.strerror(errno.ENOSPC)
TELLING = re.compile(r"(?:FATAL|PANIC|[Ee]rror): +(.+)")


class Service(ABC):
    """What Postgres and Valkey have in common.

    `agentx up` takes the parts (`prepare`, `argv`, `options`, `is_ready`, `settle`) and does the waiting in
    its event loop; everybody else calls `start` and `stop`.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, data_dir: Path, account: Account) -> None:
        self.data_dir = data_dir
        self.account = account
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is reached, as DATABASE_URL or REDIS_URL say it."""

    @property
    @abstractmethod
    def argv(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def prepare(self) -> None:
        """Everything before the server starts: folders, a fresh cluster, an older run's end."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool:
        """Whether the process of this pid answers."""

    def settle(self) -> None:  # noqa: B027 - most have nothing to do
        """What may be done after the server answers, beside everything else; may take a while."""

    def may_retry(self, output: str) -> bool:
        """Whether a failed start is worth another try, as when a killed run is still going down."""
        return False

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for Popen: user, own session (a terminal's Ctrl-C is ours to order), end."""
        options: dict[str, Any] = {
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
            "start_new_session": True,
            "preexec_fn": dies_with_us(self.stop_signal),
        }
        if self.account != Account.current():
            options |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return options

    def start(self) -> None:
        """Start and wait until it answers. Raises UpError with the server's own last complaint."""
        self.prepare()
        deadline = time.monotonic() + READY_WITHIN
        while not self._started(deadline):
            time.sleep(0.2)
        self.settle()

    def stop(self, patience: float = 10.0) -> None:
        """Ask, wait, insist. Does nothing when it does not run."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(self.stop_signal)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def log_path(self) -> Path:
        return self.data_dir.parent / f"{self.name}.log"

    def _started(self, deadline: float) -> bool:
        with self.log_path.open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(self.argv, stdout=log, **self.options)  # noqa: S603 - our own binaries
        while not self.is_ready(self.process.pid):
            if self.process.poll() is None and time.monotonic() < deadline:
                time.sleep(POLL)
                continue
            output = self.log_path.read_bytes()[begin:].decode(errors="replace")
            self.stop()
            if self.may_retry(output) and time.monotonic() < deadline:
                return False
            raise UpError(self.complaint(output))
        return True

    def complaint(self, output: str) -> str:
        """One sentence out of what the server printed before it gave up."""
        if NO_SPACE in output:
            return unusable(str(self.data_dir), OSError(errno.ENOSPC, NO_SPACE)).message
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        telling = TELLING.findall(output) or lines or ["it printed nothing"]
        return f"{self.name.capitalize()} did not start on {self.data_dir}: {telling[-1]}"
