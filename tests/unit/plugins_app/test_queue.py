"""Who may launch next."""

import asyncio

import pytest

from plugins_app.supervisor.queue import Queue

pytestmark = pytest.mark.asyncio


async def started(queue: Queue, *ranks: int) -> tuple[list[int], asyncio.Event, list]:
    order: list[int] = []
    go_on = asyncio.Event()

    async def launch(rank: int) -> None:
        async with queue.turn((rank,)):
            order.append(rank)
            await go_on.wait()

    tasks = [asyncio.create_task(launch(rank)) for rank in ranks]
    await asyncio.sleep(0)
    return order, go_on, tasks


async def test_the_lowest_rank_that_waits_goes_next() -> None:
    order, go_on, tasks = await started(Queue(1), 5, 3, 9, 1, 3)
    assert order == [5], "it was there first"
    go_on.set()
    await asyncio.gather(*tasks)
    assert order == [5, 1, 3, 3, 9]


async def test_so_many_at_once_and_no_more() -> None:
    order, go_on, tasks = await started(Queue(2), 1, 2, 3)
    assert order == [1, 2]
    go_on.set()
    await asyncio.gather(*tasks)


async def test_who_gives_up_waiting_takes_no_place() -> None:
    queue = Queue(1)
    order, go_on, tasks = await started(queue, 1, 2, 3)
    tasks[1].cancel()
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [1, 3]
    async with asyncio.timeout(1), queue.turn((0,)):
        pass  # the place was given back


async def test_a_place_that_came_with_the_cancellation_is_given_back() -> None:
    queue = Queue(1)
    _order, go_on, tasks = await started(queue, 1, 2)
    tasks[0].add_done_callback(lambda _: tasks[1].cancel())  # its place is there by then
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(1), queue.turn((0,)):
        pass
