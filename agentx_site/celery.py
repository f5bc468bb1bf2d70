"""The Celery app: `python -m celery -A agentx_site worker`. Its worker also keeps the supervisor child alive."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]  # celery-types lacks it

from plugins_app.supervisor.bootstep import SupervisorStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentx_site.settings")
# Django's checks import every URL and view, and with them gRPC, into a process that forks. `make check` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
# Root is what a container often is; SECURITY.md says what that means. Celery would say it in every log.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("agentx")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(SupervisorStep)
