"""While what is wanted has yet to show that it works, its processes say regularly that they are there."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from plugins_app.services import proving
from plugins_app.supervisor.ledger import Ledger


class Proof:
    """Of one slot."""

    def __init__(self, ledger: Ledger, instance_id: UUID) -> None:
        self._ledger = ledger
        self._id = instance_id
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, is_open: Callable[[], bool]) -> None:
        """From now on, in a while and again, for as long as `is_open` says so."""
        self.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(proving.GOOD_SECONDS, self._say, is_open)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _say(self, is_open: Callable[[], bool]) -> None:
        if is_open():
            self._ledger.put(proving.well, self._id)
            self.begin(is_open)
