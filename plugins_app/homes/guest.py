"""One process that attends, from its first word to its last, as one coroutine."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Final

from django.utils import timezone

from plugins_app.client.agents import are_in_line, as_row, brought_in_line, of_row
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.shapes import Health
from plugins_app.errors import CallFailed, ConfigRefused, InvalidConfig
from plugins_app.homes.orders import Leave, Order, Say
from plugins_app.models import PluginInstance
from plugins_app.selectors.joining import Outfit, Seat, agents_mark, outfit_of, seat_of
from plugins_app.services import guests, marks
from plugins_app.services.samples import Sample, write_samples
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
ROUND_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 2.5
DEGRADED_AFTER: Final = 3  # questions that were not answered
GRACE_SECONDS: Final = 5.0  # for an orderly end beyond its drain
STARTING: Final = PluginInstance.State.STARTING


class Guest:
    """`run` is cancelled when its stream breaks; `left` says whether it said that it would go."""

    def __init__(self, seat: Seat, lifecycle: Lifecycle, say: Say) -> None:
        self.seat = seat
        self.left = False
        self.end = ""  # why it was sent away; empty: it was not
        self._lifecycle = lifecycle
        self._say = say
        self._stir = asyncio.Event()
        self._misses = 0
        self._tried = seat.revision  # the newest configuration that it was offered
        self._agents = of_row(seat.agents)
        self._agents_mark = ""

    @property
    def launch_id(self) -> str:
        return self.seat.target.launch_id

    def wake(self) -> None:
        """Look at its row at once."""
        self._stir.set()

    async def leaving(self) -> None:
        """It says that it drains: no more messages for it."""
        self.left = True
        await ask(guests.mark_leaving, self.seat.instance_id, self.launch_id, "It is leaving.")

    async def run(self) -> None:
        """Until it was sent away. Raises `Unavailable` when Postgres is away before it is settled."""
        outfit = await ask(_outfit_of, self.seat)
        try:
            await self._settle_in(outfit)
        except CallFailed as error:
            where = self.seat.target.address.removeprefix("dns:///")
            await self._send_away(f"It was called at {where}, and {error}.", 0.0)
            return
        await self._say(Order(welcome=True))
        while not self.end:
            await self._look(outfit)
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._stir.wait()
            self._stir.clear()

    async def answers(self) -> bool:
        """Whether it is still there although its stream broke."""
        try:
            await self._health()
        except CallFailed:
            return False
        return True

    async def _settle_in(self, outfit: Outfit) -> None:
        """Its first configuration and its agents; one that was here already is only asked how it is."""
        seat = self.seat
        again = seat.state != STARTING
        if again:
            await self._health()
        else:
            await self._lifecycle.initialize(seat.target, seat.plugin, outfit.config, seat.contract)
            await self._bring_agents_in_line(outfit)
            self._tried = outfit.revision
        taken = await ask(
            guests.mark_arrived,
            seat.instance_id,
            self.launch_id,
            seat.target.address,
            revision=self._tried,
            agents=as_row(self._agents),
            again=again,
        )
        if not taken:
            raise CallFailed("was given up meanwhile")

    async def _look(self, outfit: Outfit) -> None:
        """Once a round: its row, its configuration, its health, its machine. Postgres may be away."""
        with suppress(Unavailable):
            seat = await ask(seat_of, self.launch_id)
            if seat is None:
                await self._send_away("It was given up.", 0.0)
            elif not (seat.is_wanted or self.left):
                await self._send_away("It is no longer wanted.", outfit.drain_seconds)
            elif seat.newest != self._tried:
                await self._configure(seat)
            else:
                await self._look_at_agents(seat)
        if not self.end:
            await self._ask_how_it_is()

    async def _configure(self, seat: Seat) -> None:
        self._tried = seat.newest
        told = ""
        try:
            outfit = await ask(outfit_of, seat.instance_id)
            if await self._lifecycle.update_config(self.seat.target, outfit.config):
                told = "It needs a restart for its new configuration."
        except (ConfigRefused, InvalidConfig) as error:
            told = f"It goes on with its earlier configuration: it {error}."
        except CallFailed as error:
            self._tried = seat.revision  # at the next look again
            log.info("%s was not configured: it %s", self.launch_id, error)
            return
        if told:
            await ask(marks.mark_reason, seat.instance_id, told)
        else:
            await ask(guests.mark_revision, seat.instance_id, self.launch_id, seat.newest)

    async def _look_at_agents(self, seat: Seat) -> None:
        """Somebody may have added one, changed or removed one."""
        mark = await ask(agents_mark, seat.instance_id)
        if mark == self._agents_mark:
            return
        outfit = await ask(outfit_of, seat.instance_id)
        if not are_in_line(outfit.agents, self._agents):
            try:
                await self._bring_agents_in_line(outfit)
            except CallFailed as error:
                log.info("%s has not its newest agents: it %s", self.launch_id, error)
                return
            await ask(marks.mark_agents, seat.instance_id, as_row(self._agents))
        self._agents_mark = mark

    async def _bring_agents_in_line(self, outfit: Outfit) -> None:
        self._agents = await brought_in_line(
            self._lifecycle, self.seat.target, outfit.agents, self._agents, outfit.config
        )

    async def _ask_how_it_is(self) -> None:
        try:
            health = await self._health()
        except CallFailed as error:
            self._misses += 1
            if self._misses == DEGRADED_AFTER:
                await _tell(marks.mark_degraded, self.seat.instance_id, f"It {error}.")
            return
        if self._misses >= DEGRADED_AFTER:
            await _tell(marks.mark_recovered, self.seat.instance_id)
        self._misses = 0
        await _tell(write_samples, [self._sample(health)])
        await _tell(guests.keep_node, self.seat.node)

    async def _health(self) -> Health:
        """Whoever asks renews its lease."""
        return await self._lifecycle.health(
            self.seat.target, lease_seconds=guests.LEASE_SECONDS, timeout=ANSWER_SECONDS
        )

    async def _send_away(self, reason: str, drain_seconds: float) -> None:
        """It drains and goes; until then it keeps its stream."""
        self.end = reason
        await _tell(guests.mark_leaving, self.seat.instance_id, self.launch_id, reason)
        await self._say(Order(leave=Leave(round(drain_seconds), reason)))
        await asyncio.sleep(drain_seconds + GRACE_SECONDS)

    def _sample(self, health: Health) -> Sample:
        return Sample(
            instance_id=self.seat.instance_id,
            launch_id=self.launch_id,
            rss_bytes=None,
            cpu_percent=None,
            open_files=None,
            in_flight=health.in_flight,
            in_flight_average=health.in_flight_average,
            messages_total=health.messages_total,
            errors_total=health.errors_total,
            sampled=timezone.now(),
        )


def at(seat: Seat, address: str) -> Seat:
    """The same, called there."""
    return replace(seat, target=replace(seat.target, address=address))


def _outfit_of(seat: Seat) -> Outfit:
    return outfit_of(seat.instance_id)


async def _tell(deed: object, *args: object) -> None:
    """A figure that is not written while Postgres is away is written the next time."""
    with suppress(Unavailable):
        await ask(deed, *args)  # type: ignore[arg-type]
