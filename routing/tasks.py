"""What repeats on the message path."""

import asyncio
from typing import Final

from celery import shared_task

from routing import services
from routing.push.courier import Courier
from routing.services import outbox

OVERDUE_SECONDS: Final = 5.0


@shared_task(name="routing.reap_lost_tasks")
def reap_lost_tasks() -> int:
    return services.reap_lost_tasks()


@shared_task(name="routing.deliver_push")
def deliver_push() -> int:
    """Tell the webhooks what no courier has told them: nothing, as long as one runs. How many it told."""
    return asyncio.run(Courier(overdue=OVERDUE_SECONDS).once())


@shared_task(name="routing.prune_push")
def prune_push() -> int:
    return outbox.prune_deliveries()


@shared_task(name="routing.prune_memories")
def prune_memories() -> int:
    return services.prune_memories()


@shared_task(name="routing.forget_old_messages")
def forget_old_messages() -> int:
    return services.forget_old_messages()
