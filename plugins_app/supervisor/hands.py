"""What every slot works with: to launch a process, to ask it to end, and to insist."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from plugins_app import manifest as manifests
from plugins_app import process as processes
from plugins_app.client.channels import Channels, token_of
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.shapes import AgentSpec
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed, InvalidManifest, LaunchFailed
from plugins_app.manifest import Manifest, Runtime
from plugins_app.process import PluginProcess
from plugins_app.supervisor.certificates import Certificates
from plugins_app.supervisor.ledger import Ledger
from plugins_app.supervisor.wanted import Wanted

log = logging.getLogger(__name__)
LEASE_SECONDS: Final = 15
LAUNCHES_AT_ONCE: Final = 8
ROUTERS_HEAR_SECONDS: Final = 0.3  # routers have heard by then that a process drains
GRACE_SECONDS: Final = 1.5  # for an orderly end beyond its drain
TERM_SECONDS: Final = 2.0
KILL_SECONDS: Final = 5.0


class Hands:
    """Shared by all slots of a supervisor."""

    def __init__(self, ledger: Ledger, wake: Callable[[], None]) -> None:
        self.ledger = ledger
        self.wake = wake
        self.channels = Channels()
        self.lifecycle = Lifecycle(self.channels)
        self.certificates = Certificates(self.channels, ledger)
        self._launching = asyncio.Semaphore(LAUNCHES_AT_ONCE)
        self._rolling: dict[str, object] = {}

    async def launch(self, wanted: Wanted, born: Callable[[PluginProcess], None]) -> PluginProcess:
        """Start, greet, configure. Raises `LaunchFailed`; then nothing is left of it.

        `born` is told of the process as soon as it needs its lease renewed.
        """
        async with self._launching:
            manifest = _manifest(wanted)
            process = await self._launched(wanted, manifest)
            born(process)
            try:
                await self._prepare(process, wanted, manifest)
            except CallFailed as error:
                await self.insist(process)
                raise LaunchFailed(f"It {error}.") from None
            except asyncio.CancelledError:
                process.signal_group(signal.SIGKILL)
                raise
            return process

    async def _launched(self, wanted: Wanted, manifest: Manifest) -> PluginProcess:
        launch_id = str(uuid4())
        tls = await self.certificates.for_launch(manifest, launch_id)
        try:
            what = processes.recipe(manifest, Path(wanted.folder), wanted.ordinal)
            process = await processes.launch(
                what,
                launch_id=launch_id,
                token=token_of(launch_id),
                lease_seconds=LEASE_SECONDS,
                tls=tls,
            )
        except OSError as error:
            raise LaunchFailed(f"Its folders cannot be used: {error}.") from None
        process.certificate_expires = tls.expires if tls else None
        return process

    async def _prepare(self, process: PluginProcess, wanted: Wanted, manifest: Manifest) -> None:
        target = target_of(wanted, process)
        await self.lifecycle.initialize(target, wanted.plugin, wanted.config, process.contract)
        for agent in manifest.agents:
            spec = AgentSpec(agent.slug, agent.name, agent.description, agent.config)
            await self.lifecycle.create_agent(target, spec)

    async def end(
        self, process: PluginProcess, target: Target, *, drain_seconds: float, reason: str
    ) -> None:
        """Ask it to end when its messages are done; wait; insist."""
        try:
            await self.lifecycle.shutdown(target, drain_seconds=drain_seconds, reason=reason)
        except CallFailed as error:
            log.info("process %d cannot be asked to end: it %s", process.pid, error)
        else:
            await _exits(process, drain_seconds + GRACE_SECONDS)
        await self.insist(process)

    async def insist(self, process: PluginProcess) -> None:
        """End it by signals, first the polite one. Does nothing to one that has ended."""
        for number, patience in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
            if not process.exited.is_set():
                process.signal_group(number)
                await _exits(process, patience)
        self.certificates.forget(process.launch_id)
        await self.channels.forget(process.launch_id)

    def take_turn(self, plugin: str, slot: object) -> bool:
        """One process of a plugin is replaced at a time. Says whether it is this slot's turn."""
        return self._rolling.setdefault(plugin, slot) is slot

    def give_turn(self, plugin: str) -> None:
        self._rolling.pop(plugin, None)
        self.wake()


def target_of(wanted: Wanted, process: PluginProcess) -> Target:
    return Target(str(wanted.instance_id), process.address, process.launch_id)


def runtime_of(wanted: Wanted) -> Runtime | None:
    """None when its manifest cannot be used (then it does not run either)."""
    try:
        return _manifest(wanted).runtime
    except LaunchFailed:
        return None


def drain_seconds(wanted: Wanted) -> float:
    runtime = runtime_of(wanted)
    return runtime.shutdown_timeout if runtime else 0.0


def startup_seconds(wanted: Wanted) -> float:
    runtime = runtime_of(wanted)
    return runtime.startup_timeout if runtime else 0.0


def memory_limit(wanted: Wanted) -> int | None:
    """In bytes; None: no limit."""
    try:
        return _manifest(wanted).resources.memory_bytes
    except LaunchFailed:
        return None


def _manifest(wanted: Wanted) -> Manifest:
    try:
        return manifests.parse(wanted.manifest)
    except InvalidManifest as error:
        raise LaunchFailed(error.message) from None


async def _exits(process: PluginProcess, within: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await process.exited.wait()
