"""The Celery app: `python -m celery -A agentx_site worker`. Its worker also keeps the supervisor child alive."""

import logging
import os
import signal
import warnings
from typing import Any

from celery import Celery, Task
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # celery-types lacks it
from celery.signals import worker_process_init
from django.db import InterfaceError, OperationalError

from agentx_site.up.runtime import dies_with_us
from plugins_app.supervisor.bootstep import SupervisorStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentx_site.settings")
# Django's checks import every URL and view, and with them gRPC, into a process that forks. `make check` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
# Root is what a container often is; SECURITY.md says what that means. Celery would say it in every log.
warnings.filterwarnings("ignore", category=SecurityWarning)

log = logging.getLogger(__name__)


class Repeated(Task):  # type: ignore[type-arg]  # generic for the checker alone
    """What repeats is tried again in seconds: while Postgres is away, one line and no traceback for each try."""

    throws = (OperationalError, InterfaceError)

    def on_failure(self, exc: Exception, *args: Any, **kwargs: Any) -> None:
        if isinstance(exc, self.throws):
            log.warning("%s failed: %s", self.name, str(exc).strip().partition("\n")[0])


app: "Celery[Any]" = Celery("agentx", task_cls=Repeated)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(SupervisorStep)

_die_with_the_worker = dies_with_us(signal.SIGKILL)


@worker_process_init.connect
def bind_to_the_worker(**_: Any) -> None:
    """A worker that is killed cannot end its pool; the kernel does."""
    _die_with_the_worker()
