"""The outbox in tests: what happens to a task, who is to be told, and a courier that tells."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from django.utils import timezone

from routing.models import PushConfig, PushDelivery, Task, TaskEvent
from routing.push.courier import Courier
from routing.services import pushes
from routing.services.outbox import Patience
from security.rows import ask

BEARER = {"scheme": "Bearer", "credentials": "s3cret"}
IMPATIENT = Patience(attempts=3, first=0.02, most=0.05)


@contextlib.asynccontextmanager
async def courier(patience: Patience = IMPATIENT) -> AsyncIterator[Courier]:
    courier = Courier(patience)
    at_work = asyncio.create_task(courier.run())
    yield courier
    at_work.cancel()
    await asyncio.gather(at_work, return_exceptions=True)


def keep(task: Task, url: str, after: int = 0, **config) -> PushConfig:
    return pushes.keep_push(task.id, pushes.checked({"url": url} | config), after)


def happens(task: Task, count: int = 1, *, ends: bool = False) -> None:
    """The next events of a task, as the journal writes them."""
    for each in range(count):
        task.seq += 1
        state = "COMPLETED" if ends and each == count - 1 else "WORKING"
        status = {"state": f"TASK_STATE_{state}", "timestamp": "2026-01-01T00:00:00.000Z"}
        TaskEvent.objects.create(task=task, seq=task.seq, kind="status", payload=status)
        closed = timezone.now() if state == "COMPLETED" else None
        Task.objects.filter(id=task.id).update(seq=task.seq, state=state, closed=closed)


async def settled(config: PushConfig, within: float = 10.0) -> PushConfig:
    """Once nothing is left to be told."""
    async with asyncio.timeout(within):
        while (found := await ask(PushConfig.objects.get, id=config.id)).ended is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


def states(config: PushConfig) -> list[tuple[int, str, int]]:
    rows = PushDelivery.objects.filter(config=config).order_by("seq")
    return list(rows.values_list("seq", "state", "attempts"))
