"""A launch that is given up when by then something else is wanted."""

import asyncio
from typing import Protocol

from plugins_app.process import PluginProcess
from plugins_app.supervisor.hands import Hands
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.stirring import Stir
from plugins_app.supervisor.wanted import Wanted


class Launching(Protocol):
    """What a launch has to know of a slot."""

    wanted: Wanted
    hands: Hands
    stir: Stir

    def born(self, process: PluginProcess) -> None: ...


async def launched(slot: Launching, *, strict: bool, as_good: bool) -> Ready | None:
    """A new process of what is wanted now; None when by then something else is. Raises `LaunchFailed`."""
    wanted = slot.wanted
    launching = asyncio.create_task(
        slot.hands.launch(wanted, slot.born, strict=strict, as_good=as_good)
    )
    try:
        while not launching.done():
            await slot.stir.wait(launching)
            if not is_same(wanted, slot.wanted):
                launching.cancel()
    finally:
        launching.cancel()
        await asyncio.gather(launching, return_exceptions=True)
    return None if launching.cancelled() else launching.result()


def is_same(before: Wanted, now: Wanted) -> bool:
    """Whether the same process is wanted, and in the same words."""
    was, is_ = (
        (each.is_wanted, each.generation, each.release_id, each.revision) for each in (before, now)
    )
    return was == is_
