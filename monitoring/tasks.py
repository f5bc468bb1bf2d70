"""What repeats (settings.CELERY_BEAT_SCHEDULE)."""

import asyncio

from celery import shared_task

from monitoring import services
from monitoring.delivery import tell_all


@shared_task(name="monitoring.sample")
def sample() -> None:
    services.take_sample()


@shared_task(name="monitoring.evaluate_alerts")
def evaluate_alerts() -> None:
    services.evaluate_alerts()


@shared_task(name="monitoring.notify")
def notify() -> None:
    """Tell the webhooks what is due; nothing is held while they take their time."""
    notices = services.claim_notices()
    if not notices:
        return
    for notice, error in asyncio.run(tell_all(notices)):
        if error is None:
            services.note_told(notice)
        else:
            services.note_failed(notice, error)


@shared_task(name="monitoring.prune")
def prune() -> None:
    services.prune()
