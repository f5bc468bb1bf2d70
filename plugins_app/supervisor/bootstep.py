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
from django.conf import settings

from plugins_app import launcher

log = logging.getLogger(__name__)
DELAYS: Final = (0.0, 0.0, 0.5, 1.0, 2.0, 4.0)  # before the first start, before the next ones
STEADY_SECONDS: Final = 30.0
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
        """Ask the supervisor to drain and end what it has; wait; insist."""
        self._stopping.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGTERM)
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
            code = self._child.wait()
            failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            if not self._stopping.is_set():
                log.error("the supervisor ended with %d, starting it again", code)


def _spawn() -> "subprocess.Popen[bytes]":
    orders = {
        "argv": [sys.executable, str(settings.BASE_DIR / "manage.py"), "supervisor"],
        "death_signal": int(signal.SIGKILL),
        "parent": os.getpid(),
    }
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", launcher.__file__, json.dumps(orders)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        cwd=settings.BASE_DIR,
    )
