"""Celery beat behind a Postgres advisory lock: of several, one ticks and the others stand by.

The lock lives as long as its connection. A beat that loses the connection ends at once, because another may tick by
then; whoever keeps processes running starts it again.
"""

import logging
import time
from typing import Any, Final

from celery.beat import Scheduler, Service
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from agentx_site.celery import app

log = logging.getLogger(__name__)
LOCK: Final = 0x62656174  # "beat"
STANDBY_SECONDS: Final = 2.0


class LockedScheduler(Scheduler):
    """Ticks only while the lock's connection lives."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return float(super().tick(*args, **kwargs))


class Command(BaseCommand):
    help = "Send the periodic tasks. Safe to run on several machines."
    requires_system_checks = []  # `make check` does; here they would import every view first

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            while not lock_taken():
                time.sleep(STANDBY_SECONDS)
            log.info("beat is active")
            Service(app, max_interval=1, scheduler_cls=LockedScheduler).start()
        except DatabaseError as error:
            raise SystemExit(f"beat lost its database connection: {error}") from None


def lock_taken() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])
