"""`manage.py supervisor`: own the plugin processes of this node. Started and kept by its Celery worker."""

import asyncio
import logging
import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from plugins_app.supervisor.loop import Supervisor, SupervisorError

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Supervise the plugin processes of this node until told to stop."
    # They import every URL and view: the console, 40 MB of it, in a process that serves no page.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        status = 0
        try:
            asyncio.run(_supervise())
        except SupervisorError as error:
            log.critical("the supervisor broke: %s", error, exc_info=error)
            status = 1
        logging.shutdown()
        # Not a return: that would wait for the thread that may wait for a Postgres that is away.
        os._exit(status)


async def _supervise() -> None:
    await Supervisor(settings.NODE_NAME).run()
