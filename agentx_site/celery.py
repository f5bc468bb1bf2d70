"""The Celery app: `python -m celery -A agentx_site worker`. Its worker also keeps the supervisor child alive."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentx_site.settings")

app = Celery("agentx")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
