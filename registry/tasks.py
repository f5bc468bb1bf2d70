"""What repeats for agents."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

from celery import shared_task

from registry import services
from registry.fetching import look_at_all
from registry.models import Upstream
from security.rows import ask


@shared_task(name="registry.look_at_upstreams", time_limit=120)
def look_at_upstreams() -> int:
    """Those that are due; what each look found is kept as soon as it is known. How many were looked at."""
    due = services.claim_due_upstreams()
    if due:
        asyncio.run(_look(due))
    return len(due)


async def _look(due: Sequence[Upstream]) -> None:
    async with aclosing(look_at_all(due)) as looks:  # type: ignore[type-var]
        async for look in looks:
            await ask(services.note_look, look)


@shared_task(name="registry.end_silent_leases")
def end_silent_leases() -> None:
    services.end_silent_leases()
