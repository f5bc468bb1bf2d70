"""Looks at agents elsewhere when they are due: many at once, so that one that hangs keeps no other waiting.

Runs in the courier's process, and any number of times. Where none runs, a Celery task looks at what is overdue.
"""

import asyncio
import logging
from typing import Final

from registry.fetching import Fetcher, look_at
from registry.models import Upstream
from registry.services import claim_due_upstreams, note_look
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
POLL_SECONDS: Final = 1.0
AT_ONCE: Final = 200
NOTING: Final = 4  # threads that write down what was seen


class Watch:
    """Use from one event loop. `overdue`: only what nobody has looked at although it was due so many seconds ago."""

    def __init__(self, *, overdue: float = 0.0) -> None:
        self._overdue = overdue
        self._looking: set[asyncio.Task[None]] = set()
        self._notes = asyncio.Semaphore(NOTING)

    async def run(self) -> None:
        """Until cancelled. A look that is cut off is taken up by somebody else when its claim has ended."""
        async with Fetcher() as fetcher:
            try:
                while True:
                    await self._begin(fetcher)
                    await asyncio.sleep(POLL_SECONDS)
            finally:
                for look in self._looking:
                    look.cancel()
                await asyncio.gather(*self._looking, return_exceptions=True)

    async def once(self) -> int:
        """Look at what is due now, and wait for it. How many."""
        async with Fetcher() as fetcher:
            await self._begin(fetcher)
            count = len(self._looking)
            await asyncio.gather(*self._looking)
        return count

    async def _begin(self, fetcher: Fetcher) -> None:
        hands = AT_ONCE - len(self._looking)
        try:
            due = await ask(claim_due_upstreams, hands, self._overdue) if hands else []
        except Unavailable as error:
            log.warning("agents elsewhere not looked at: %s", error.message)
            return
        for upstream in due:
            look = asyncio.create_task(self._look(fetcher, upstream))
            self._looking.add(look)
            look.add_done_callback(self._looking.discard)

    async def _look(self, fetcher: Fetcher, upstream: Upstream) -> None:
        try:
            seen = await look_at(fetcher, upstream)
            async with self._notes:
                await ask(note_look, seen)
        except Unavailable as error:
            log.warning("a look at %s is lost: %s", upstream.agent.slug, error.message)
        except Exception:
            log.exception("a look at %s broke", upstream.agent.slug)
