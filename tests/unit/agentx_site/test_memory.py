"""What a started process holds is left alone by Python's collector."""

import gc

import pytest

from agentx_site import memory
from agentx_site.doors import live


@pytest.fixture
def collector():
    """As it was before: it belongs to every test of this process."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_was_made_at_the_start_is_not_looked_through_again(collector):
    made = [{"n": number} for number in range(1_000)]
    memory.settle()
    assert gc.get_freeze_count() >= len(made)
    assert gc.get_threshold() == memory.THRESHOLDS


async def nothing_to_start():
    """A lifespan deed."""


async def nothing_to_stop():
    """Another."""


@pytest.mark.asyncio
async def test_it_is_settled_when_the_application_says_that_it_has_started(collector):
    incoming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    told = []

    async def receive():
        return next(incoming)

    async def send(message):
        told.append((message["type"], gc.get_freeze_count() > 0))

    await live(nothing_to_start, nothing_to_stop, receive, send)
    assert told == [("lifespan.startup.complete", True), ("lifespan.shutdown.complete", True)]
