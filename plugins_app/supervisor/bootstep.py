"""A Celery worker keeps one supervisor: started with it, started again when it dies, ended with it."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Final

from celery import bootsteps
from celery.platforms import EX_FAILURE
from django.conf import settings

from plugins_app import launcher
from plugins_app.process.places import lock_file

log = logging.getLogger(__name__)
DELAYS: Final = (0.0, 0.0, 0.5, 1.0, 2.0, 4.0)  # before the first start, before the next ones
STEADY_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 1.0
STARTS_WITHIN: Final = 20.0
HANGS_SECONDS: Final = 6.0  # without a sign of life; the leases of its processes last 15
PATIENCE_SECONDS: Final = 15.0  # it drains its processes


class SupervisorStep(bootsteps.StartStopStep):
    """The child is killed with the worker, however the worker ends; its processes wait for the next supervisor."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="supervisor-keeper", daemon=True)

    def start(self, parent: Any) -> None:
        self._keeper.start()

    def stop(self, parent: Any) -> None:
        """Ask the supervisor to drain and end what it has; wait; insist.

        A worker that broke (Celery does when it loses its broker at a bad moment) is started again at once: then the
        processes wait for the next supervisor.
        """
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            broke = parent.exitcode == EX_FAILURE
            child.send_signal(signal.SIGKILL if broke else signal.SIGTERM)
            try:
                child.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        if self._keeper.is_alive():
            self._keeper.join(PATIENCE_SECONDS)

    terminate = stop

    def _keep(self) -> None:
        """The kernel's notice is bound to this thread: it has to live as long as the worker."""
        failures = 0
        while not self._stopping.wait(DELAYS[min(failures, len(DELAYS) - 1)]):
            began = time.monotonic()
            self._child = _spawn()
            if self._stopping.is_set():
                self._child.send_signal(signal.SIGTERM)
            code = self._ended(self._child)
            failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            if not self._stopping.is_set():
                log.error("the supervisor ended with %d, starting it again", code)

    def _ended(self, child: "subprocess.Popen[bytes]") -> int:
        """Wait for its end, and bring it about when it hangs."""
        began = time.time()
        while True:
            try:
                return child.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if not self._stopping.is_set() and time.time() > _alive_until(began):
                    log.error("the supervisor hangs, killing it")
                    child.kill()


def _alive_until(began: float) -> float:
    """When it has to have given its next sign of life; it may need a while for the first."""
    beat = _last_beat()
    return beat + HANGS_SECONDS if beat > began else began + STARTS_WITHIN


def _last_beat() -> float:
    try:
        return lock_file(settings.NODE_NAME).stat().st_mtime
    except OSError:
        return 0.0


def _spawn() -> "subprocess.Popen[bytes]":
    orders = {
        "argv": [sys.executable, str(settings.BASE_DIR / "manage.py"), "supervisor"],
        "death_signal": int(signal.SIGKILL),
        "parent": os.getpid(),
    }
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", launcher.PROGRAM, json.dumps(orders)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        cwd=settings.BASE_DIR,
    )
