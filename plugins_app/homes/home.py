"""One gateway's guests: who may attend, and what becomes of them when their streams end."""

import asyncio
import hmac
import logging
import re
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any, Final

from django.utils.translation import gettext as _

from plugins_app.client.channels import Channels
from plugins_app.client.errors import Undelivered
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.errors import JoinRefused
from plugins_app.homes.guest import Guest, at
from plugins_app.homes.orders import Order, Say
from plugins_app.selectors.joining import seat_of
from plugins_app.services import guests, joining
from plugins_app.services.certificates import mark_certificate
from plugins_app.services.joining import Asking, Joined
from security.authority import Authority
from security.errors import InvalidInput, Unavailable
from security.news import News
from security.rows import ask

log = logging.getLogger(__name__)
SWEEP_SECONDS: Final = 10.0
HOST: Final = re.compile(r"[A-Za-z0-9.:-]{1,253}")


class Home:
    """Use from one event loop."""

    def __init__(self) -> None:
        self._channels = Channels()
        self._lifecycle = Lifecycle(self._channels)
        self._guests: dict[str, Guest] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._ending = False

    async def start(self) -> None:
        self._news = News()
        self._news.on("node.*", lambda topic, payload: self._wake())
        self._keepers = [asyncio.create_task(each) for each in (self._news.run(), self._sweep())]

    async def stop(self) -> None:
        """Who attends comes back to another gateway, or to the next one here."""
        self._ending = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, *self._errands, return_exceptions=True)
        await self._news.close()
        await self._channels.close()

    async def authority(self) -> Authority:
        """Raises `Unavailable`."""
        try:
            return await self._channels.identity.authority()
        except Undelivered as error:
            raise Unavailable(str(error)) from None

    async def join(self, asking: Asking) -> Joined:
        """Raises `JoinRefused`, `InvalidInput` or `Unavailable`."""
        return await ask(joining.admit, asking)

    async def renewed(self, guest: Guest, csr_pem: bytes) -> Order:
        """A new certificate for the launch, whatever key it has now. Raises `InvalidInput`."""
        vouching = await self.authority()
        made = vouching.sign_request(csr_pem, guest.launch_id)
        with suppress(Unavailable):
            await ask(mark_certificate, guest.seat.instance_id, guest.launch_id, made.expires)
        return Order(certificate=made, root_pem=vouching.root_pem)

    @asynccontextmanager
    async def attending(
        self, launch_id: str, shown: str, listen: str, source: str, say: Say
    ) -> AsyncIterator[Guest]:
        """A guest as long as its stream is open. `shown`: the launch that its certificate is of.

        Raises `JoinRefused`, `InvalidInput` or `Unavailable`.
        """
        if not hmac.compare_digest(shown.encode(), launch_id.encode()):
            await ask(joining.refuse_claim, launch_id, source)
        seat = await ask(seat_of, launch_id)
        if seat is None:
            raise JoinRefused(_("This launch is over: join again."))
        guest = Guest(at(seat, address_of(listen, source)), self._lifecycle, say)
        self._guests[launch_id] = guest  # an earlier stream of it is over, whether it knows or not
        try:
            yield guest
        finally:
            if self._guests.get(launch_id) is guest:
                del self._guests[launch_id]
                self._errand(self._parted(guest))

    async def _parted(self, guest: Guest) -> None:
        """It went, was sent away, or died: or its connection broke, and it comes back within its lease."""
        if self._ending and not (guest.left or guest.end):
            return
        if not (guest.left or guest.end) and await guest.answers():
            return
        reason = guest.end or ("It left." if guest.left else "It ended without a word.")
        with suppress(Unavailable):  # the sweep does it later
            await ask(guests.mark_left, guest.seat.instance_id, guest.launch_id, reason)
        if guest.launch_id not in self._guests:
            await self._channels.forget(guest.launch_id)

    async def _sweep(self) -> None:
        while True:
            with suppress(Unavailable):
                await ask(guests.give_up_silent)
            await asyncio.sleep(SWEEP_SECONDS)

    def _wake(self) -> None:
        for guest in self._guests.values():
            guest.wake()

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def address_of(listen: str, source: str) -> str:
    """Where it is called: as it says, or where its call came from when it names no host. Raises `InvalidInput`."""
    host, _colon, port = listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput(_("%(listen)r is not host:port.") % {"listen": listen[:80]})
    if not host or _is_any(host):
        host = source
    if not HOST.fullmatch(host):
        raise InvalidInput(_("%(listen)r is not host:port.") % {"listen": listen[:80]})
    return f"dns:///[{host}]:{port}" if ":" in host else f"dns:///{host}:{port}"


def _is_any(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
