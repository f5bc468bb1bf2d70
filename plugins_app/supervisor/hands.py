"""What every slot works with: to launch a process, to ask it to end, and to insist."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from django.utils import timezone

from plugins_app import manifest as manifests
from plugins_app import process as processes
from plugins_app.client.agents import Held, brought_in_line, worse
from plugins_app.client.channels import Channels, token_of
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.shapes import Health
from plugins_app.client.target import Target
from plugins_app.configuration.secrets import hidden_texts, scrubbed
from plugins_app.errors import CallFailed, ChangedFiles, InvalidManifest, LaunchFailed, Tampered
from plugins_app.manifest import Manifest, Runtime
from plugins_app.packages import contents
from plugins_app.process import PluginProcess
from plugins_app.supervisor.certificates import Certificates
from plugins_app.supervisor.guards import Guards, confinement_of
from plugins_app.supervisor.ledger import Ledger
from plugins_app.supervisor.queue import Queue
from plugins_app.supervisor.ready import Ready
from plugins_app.supervisor.state import Memory
from plugins_app.supervisor.wanted import Wanted
from registry.models import Trust

log = logging.getLogger(__name__)
LEASE_SECONDS: Final = 15
LAUNCHES_AT_ONCE: Final = 8
ROUTERS_HEAR_SECONDS: Final = 0.3  # routers have heard by then that a process drains
GRACE_SECONDS: Final = 1.5  # for an orderly end beyond its drain
TERM_SECONDS: Final = 2.0
KILL_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.1  # between two questions whether a new process serves by now
Born = Callable[[PluginProcess], None]


class Hands:
    """Shared by all slots of a supervisor."""

    def __init__(self, ledger: Ledger, wake: Callable[[], None]) -> None:
        self.ledger = ledger
        self.wake = wake
        self.channels = Channels()
        self.lifecycle = Lifecycle(self.channels)
        self.certificates = Certificates(self.channels, ledger)
        self.memory = Memory(self.channels, self.lifecycle, ledger)
        self.guards = Guards(ledger)
        self._queue = Queue(LAUNCHES_AT_ONCE)
        self._rolling: dict[str, object] = {}
        self._seen: dict[str, Any] = {}  # files of releases that were read, for `contents.check`
        self._forgetting: set[asyncio.Task[None]] = set()

    async def launch(
        self, wanted: Wanted, born: Born, *, strict: bool = False, as_good: bool = False
    ) -> Ready:
        """Start, greet, configure. Raises `LaunchFailed`; then nothing is left of it.

        `born` is told of the process as soon as it needs its lease renewed. `strict`: it must also say within its
        startup timeout that it serves; `as_good`: and make every agent that could be made before.
        """
        async with self._queue.turn(wanted.rank):
            manifest = _manifest(wanted)
            await self._check_contents(wanted)
            until = time.monotonic() + manifest.runtime.startup_timeout
            process = await self._launched(wanted, manifest)
            loaded = timezone.now()
            self.keep(process, born)
            try:
                ready = await self._prepared(process, wanted, until)
                if as_good:
                    _require_no_worse(wanted, ready)
                if strict:
                    await self._serves(ready.target, until)
            except CallFailed as error:
                await self.insist(process)
                raise LaunchFailed(_without_secrets(f"It {error}.", wanted)) from None
            except asyncio.CancelledError:
                process.signal_group(signal.SIGKILL)
                raise
            ready.loaded, ready.initialized = loaded, timezone.now()
            ready.code_folders = frozenset(wanted.code_folders)
            return ready

    async def greet(self, process: PluginProcess, wanted: Wanted, born: Born) -> Ready:
        """Configure one that was started by hand. Raises `LaunchFailed`; it is let go then."""
        manifest = _manifest(wanted)
        self.keep(process, born)
        try:
            target = target_of(wanted, process)
            health = await self._health(target)
            if health.serving:  # greeted before, by a supervisor that is gone
                await self.lifecycle.update_config(target, wanted.config)
                return ready_of(process, wanted)
            until = time.monotonic() + manifest.runtime.startup_timeout
            return await self._prepared(process, wanted, until)
        except CallFailed as error:
            await self.let_go(process)
            raise LaunchFailed(_without_secrets(f"It {error}.", wanted)) from None

    def keep(self, process: PluginProcess, born: Born) -> None:
        """Know it, and forget it when it ends: its channel too."""
        born(process)
        process.on_exit(lambda: self._forget_soon(process.launch_id))

    async def let_go(self, process: PluginProcess) -> None:
        """It goes on without us."""
        process.release()
        await self._forget(process.launch_id)

    async def _check_contents(self, wanted: Wanted) -> None:
        """Raise `Tampered` when what was installed was changed since. Takes milliseconds once the files are known."""
        try:
            await asyncio.to_thread(contents.check, Path(wanted.folder), wanted.digest, self._seen)
        except ChangedFiles as error:
            raise Tampered(_sentence(str(error))) from None

    async def _launched(self, wanted: Wanted, manifest: Manifest) -> PluginProcess:
        launch_id = str(uuid4())
        tls = await self.certificates.for_launch(manifest, launch_id)
        try:
            what = processes.recipe(
                manifest,
                Path(wanted.folder),
                wanted.ordinal,
                wanted.environment,
                trusted=wanted.trust in (Trust.TRUSTED, Trust.INTERNAL),
                code_folders=wanted.code_folders,
            )
            process = await processes.launch(
                what,
                launch_id=launch_id,
                token=token_of(launch_id),
                lease_seconds=LEASE_SECONDS,
                tls=tls,
                confined=await asyncio.to_thread(confinement_of, wanted),
            )
        except OSError as error:
            raise LaunchFailed(f"Its folders cannot be used: {error}.") from None
        process.certificate_expires = tls.expires if tls else None
        return process

    async def agents(self, target: Target, wanted: Wanted, have: Held) -> Held:
        """Make, change and let go of a process's agents as wanted; answers what it has then. Raises `CallFailed`."""
        return await brought_in_line(self.lifecycle, target, wanted.agents, have, wanted.config)

    async def _prepared(self, process: PluginProcess, wanted: Wanted, until: float) -> Ready:
        """It has its configuration, its agents, and what the slot's last process left for it."""
        target = target_of(wanted, process)
        left = max(1.0, until - time.monotonic())
        await self.lifecycle.initialize(
            target, wanted.plugin, wanted.config, process.contract, left
        )
        ready = ready_of(process, wanted)
        ready.agents = await self.agents(target, wanted, {})
        await self.memory.recall(wanted, ready)
        return ready

    async def _serves(self, target: Target, until: float) -> None:
        """Wait until it says so. Raises `CallFailed`."""
        while not (health := await self._health(target)).serving:
            if time.monotonic() >= until:
                raise CallFailed(f"does not serve within its startup timeout: {health.detail}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _health(self, target: Target) -> Health:
        return await self.lifecycle.health(target, lease_seconds=LEASE_SECONDS, timeout=2.0)

    def _forget_soon(self, launch_id: str) -> None:
        task = asyncio.create_task(self._forget(launch_id))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def _forget(self, launch_id: str) -> None:
        self.certificates.forget(launch_id)
        await self.channels.forget(launch_id)

    async def end(
        self, process: PluginProcess, target: Target, *, drain_seconds: float, reason: str
    ) -> None:
        """Ask it to end when its messages are done; wait; insist. One that is not ours is let go."""
        if not process.is_ours:
            await self.let_go(process)
            return
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
        await self._forget(process.launch_id)

    def take_turn(self, plugin: str, slot: object) -> bool:
        """One process of a plugin is replaced at a time. Says whether it is this slot's turn."""
        return self._rolling.setdefault(plugin, slot) is slot

    def give_turn(self, plugin: str) -> None:
        self._rolling.pop(plugin, None)
        self.wake()


def target_of(wanted: Wanted, process: PluginProcess) -> Target:
    """How to call a process of this slot."""
    launch = process.launch_id
    return Target(str(wanted.instance_id), process.address, launch, process.token)


def ready_of(process: PluginProcess, wanted: Wanted) -> Ready:
    """One that has all it needs."""
    return Ready(
        process,
        target_of(wanted, process),
        generation=wanted.generation,
        release_id=wanted.release_id,
        revision=wanted.revision,
        model_mark=wanted.model_mark,
    )


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


def _manifest(wanted: Wanted) -> Manifest:
    try:
        return manifests.parse(wanted.manifest)
    except InvalidManifest as error:
        raise LaunchFailed(error.message) from None


def _require_no_worse(wanted: Wanted, ready: Ready) -> None:
    """What is new here must make the agents that could be made before. Raises `CallFailed`."""
    if told := worse(wanted.agents, ready.agents):
        raise CallFailed(told)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


async def _exits(process: PluginProcess, within: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await process.exited.wait()


def _without_secrets(reason: str, wanted: Wanted) -> str:
    """A plugin may quote them in its errors, and the reason is for many to read."""
    return scrubbed(reason, hidden_texts(wanted.config))
