"""What repeats for agents."""

import asyncio
from typing import Final

from celery import shared_task

from registry import services
from registry.watching import Watch

OVERDUE_SECONDS: Final = 20.0


@shared_task(name="registry.look_at_upstreams", time_limit=120)
def look_at_upstreams() -> int:
    """What no courier has looked at: nothing, as long as one runs. How many were looked at."""
    return asyncio.run(Watch(overdue=OVERDUE_SECONDS).once())


@shared_task(name="registry.end_silent_leases")
def end_silent_leases() -> None:
    services.end_silent_leases()
