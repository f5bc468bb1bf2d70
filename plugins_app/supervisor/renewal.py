"""How a running process comes to be what is wanted now: as it is, by a new configuration, or by making room."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from plugins_app import reloading
from plugins_app.client.agents import as_row
from plugins_app.client.state import Saved
from plugins_app.errors import CallFailed, ConfigRefused, LaunchFailed, Tampered
from plugins_app.services import marks, proving
from plugins_app.supervisor.changes import Step, step
from plugins_app.supervisor.hands import LEASE_SECONDS, ROUTERS_HEAR_SECONDS, drain_seconds
from plugins_app.supervisor.launching import launched
from plugins_app.supervisor.ready import Ready

if TYPE_CHECKING:
    from plugins_app.supervisor.slot import Slot

log = logging.getLogger(__name__)
RETRY_SECONDS: Final = 1.0  # between two tries of what does not come up


class Renewal:
    """Of one slot."""

    def __init__(self, slot: "Slot") -> None:
        self._slot = slot
        self._again_at = 0.0  # when what was refused is tried once more

    async def step(self, holds: Ready) -> float | None:
        """Do the next thing. Answers in how many seconds to look again; None: not before something changed."""
        slot = self._slot
        self._forgive()
        match step(slot.wanted, holds, slot.refused):
            case Step.RENUMBER:
                holds.generation = slot.wanted.generation
                slot.ledger.put(marks.mark_renumbered, slot.id, holds.generation)
            case Step.CONFIGURE:
                await self._configure(holds)
            case Step.AGENTS:
                return await self._bring_agents_in_line(holds)
            case Step.ATTACH if slot.wanted.attachment:
                await slot.attach(slot.wanted.attachment, holds)
            case Step.REPLACE:
                return await self._replace_when_due(holds)
            case Step.KEEP:
                return self._wait_to_forgive()
        return 0

    async def _configure(self, holds: Ready) -> None:
        """Hand over the configuration that is wanted now; what needs a new start for it gets one."""
        slot, wanted = self._slot, self._slot.wanted
        try:
            needs_restart = await slot.hands.lifecycle.update_config(holds.target, wanted.config)
        except ConfigRefused as error:
            slot.refused.config = wanted.revision
            reason = f"The process {error}."
            slot.ledger.put(marks.mark_reason, slot.id, reason)
            slot.give_up(wanted, reason)
            return
        except CallFailed as error:
            log.warning("%s/%d %s: it is replaced", wanted.plugin, wanted.ordinal, error)
            needs_restart = True
        if needs_restart:
            slot.refused.live = wanted.revision
        else:
            holds.revision = wanted.revision
            # What could not be made may be possible now.
            holds.agents = {slug: each for slug, each in holds.agents.items() if not each.trouble}
            slot.ledger.put(marks.mark_configured, slot.id, wanted.revision)
            slot.prove()

    async def _bring_agents_in_line(self, holds: Ready) -> float:
        """As it runs: messages to its other agents, and to these, go on."""
        slot, wanted = self._slot, self._slot.wanted
        try:
            holds.agents = await slot.hands.agents(holds.target, wanted, holds.agents)
        except CallFailed as error:
            log.warning("%s/%d %s", wanted.plugin, wanted.ordinal, error)
            return RETRY_SECONDS
        slot.ledger.put(marks.mark_agents, slot.id, as_row(holds.agents))
        slot.beside(slot.describe(holds))
        return 0

    async def _replace_when_due(self, holds: Ready) -> float | None:
        slot, wanted = self._slot, self._slot.wanted
        wait = await self._due(holds)
        if wait != 0.0:
            return wait
        if not slot.hands.take_turn(wanted.plugin, slot):
            return None  # woken when the turn is given back
        try:
            await self._replace(holds)
        finally:
            slot.hands.give_turn(wanted.plugin)
        return 0

    async def _due(self, holds: Ready) -> float | None:
        """By its reload strategy, which is about releases alone."""
        wanted = self._slot.wanted
        if wanted.release_id == holds.release_id or holds.attached:
            return 0.0
        return reloading.due(
            wanted.reload,
            changed=wanted.changed,
            now=time.time(),
            in_flight=await self._in_flight(holds),
            asked=wanted.asked_generation >= wanted.generation,
        )

    async def _in_flight(self, holds: Ready) -> int:
        if self._slot.wanted.reload != reloading.ON_IDLE:
            return 0
        try:
            health = await self._slot.hands.lifecycle.health(
                holds.target, lease_seconds=LEASE_SECONDS, timeout=2.0
            )
        except CallFailed:
            return 0  # a new process is what it needs
        return health.in_flight

    async def _replace(self, old: Ready) -> None:
        """The new process takes over before the old one drains: no message finds the slot empty."""
        slot, wanted = self._slot, self._slot.wanted
        try:
            made = await self._tried(old)
        except LaunchFailed as error:
            slot.refused.launch = (wanted.generation, wanted.revision)
            self._again_at = time.monotonic() + proving.COOLDOWN_SECONDS
            reason = f"Its replacement did not start, so the earlier process goes on. {error}"
            slot.ledger.put(marks.mark_reason, slot.id, reason)
            if isinstance(error, Tampered):
                slot.ledger.put(marks.mark_tampered, slot.id, str(error), stops=False)
            slot.give_up(wanted, str(error))
            return
        if made is None:
            return
        new, saved = made
        slot.take_over(new)
        slot.beside(self._retire(old, new, saved))

    async def _tried(self, old: Ready) -> tuple[Ready, Saved | None] | None:
        """A bounded number of times. Raises the last `LaunchFailed`."""
        for left in reversed(range(proving.TRIES)):
            try:
                return await self._made(old)
            except Tampered:
                raise
            except LaunchFailed as error:
                if not left:
                    raise
                log.warning("%s: %s", self._slot.wanted.plugin, error)
                await asyncio.sleep(RETRY_SECONDS)
        return None

    async def _made(self, old: Ready) -> tuple[Ready, Saved | None] | None:
        """A new process that was handed the old one's state and lives; None: something else is wanted by now."""
        as_good = not old.loses_folders(self._slot.wanted)
        new = await launched(self._slot, strict=True, as_good=as_good)
        if new is None:
            return None
        hands = self._slot.hands
        saved = await hands.memory.copy(self._slot.wanted, old, new)
        try:
            await hands.lifecycle.health(new.target, lease_seconds=LEASE_SECONDS, timeout=2.0)
        except CallFailed as error:
            await hands.insist(new.process)
            raise LaunchFailed(f"It {error}, after it was handed the state.") from None
        return new, saved

    async def _retire(self, old: Ready, new: Ready, saved: Saved | None) -> None:
        if saved is not None:
            slot, wanted = self._slot, self._slot.wanted
            await asyncio.sleep(ROUTERS_HEAR_SECONDS)
            patience = drain_seconds(wanted)
            await slot.hands.memory.follow_up(wanted, old, new, saved, within=patience)
        await self._slot.retire(old)

    def _forgive(self) -> None:
        if self._slot.refused.launch and time.monotonic() >= self._again_at:
            self._slot.refused.launch = None

    def _wait_to_forgive(self) -> float | None:
        """While something else than what runs is wanted, it is tried again now and then."""
        refused, wanted = self._slot.refused.launch, self._slot.wanted
        if refused != (wanted.generation, wanted.revision):
            return None
        return max(0.01, self._again_at - time.monotonic())
