"""Open streams of callers that nobody knows: it costs them nothing to open one, and us memory to keep it."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from django.utils.translation import gettext as _

from routing.limits import STRANGERS_STREAMS
from routing.requests import Told
from security.errors import TooManyRequests
from security.principals import Principal


class Audience:
    """Strangers' streams in this process by the address they come from. Who shows a key may open as many as it likes."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def require_room(self, principal: Principal) -> None:
        """Raises `TooManyRequests`."""
        if _is_stranger(principal) and self._open[principal.source_ip] >= STRANGERS_STREAMS:
            told = _("Callers without a key may have %(most)d streams open: close one, or log in.")
            raise TooManyRequests(told % {"most": STRANGERS_STREAMS})

    def counted(
        self, principal: Principal, responses: AsyncGenerator[Told, None]
    ) -> AsyncIterator[Told]:
        """The same responses; the stream counts from its first until it is closed."""
        return self._counted(principal, responses) if _is_stranger(principal) else responses

    async def _counted(
        self, principal: Principal, responses: AsyncGenerator[Told, None]
    ) -> AsyncGenerator[Told, None]:
        self._open[principal.source_ip] += 1
        try:
            async with aclosing(responses):
                async for told in responses:
                    yield told
        finally:
            self._open[principal.source_ip] -= 1
            self._open += Counter()  # addresses without a stream are forgotten


def _is_stranger(principal: Principal) -> bool:
    """Agents that ask in a stranger's name share an address, and have limits of their own."""
    return principal.is_anonymous and principal.turn is None
