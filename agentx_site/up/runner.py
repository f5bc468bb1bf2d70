"""Brings the processes up in order, keeps them up, and takes them down in order."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from agentx_site.up import announce, bootstrap, plan, probes
from agentx_site.up.child import Child, Program
from agentx_site.up.errors import UpError
from agentx_site.up.home import Home, Stamp
from agentx_site.up.logs import Terminal
from agentx_site.up.options import PROJECT, setting
from agentx_site.up.plan import Site
from agentx_site.up.process import Gate
from agentx_site.up.runtime import boot_id, started_ticks
from agentx_site.up.service import Service

T = TypeVar("T")
SERVICES_WITHIN = 15.0  # seconds
WEB_WITHIN = 60.0
AGENTS_WITHIN = 60.0
GATEWAY_WITHIN = 60.0
PAUSE = 0.05  # between two looks
ECHO = "/api/v1/agents/echo/status"
COMING = {"unknown", "initializing"}
# Groups end one after the other: callers first, then what works for them, then what they stand on.
STEPS: Final = (
    {"web", "gateway"}, {"node"}, {"beat", "courier", "model"}, {"valkey"}, {"postgres"},
)  # fmt: skip


class Runner:
    """One run. `run` returns the exit status when everything has ended."""

    def __init__(self, site: Site, home: Home, services: list[Service], terminal: Terminal) -> None:
        self.site = site
        self.home = home
        self.services = services
        self.terminal = terminal
        self.children: list[Child] = []
        self.began = time.monotonic()
        self._asked_to_stop = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []

    async def run(self) -> None:
        """Raises UpError when the tree could not be brought up; all of it has ended then."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop_or_insist)
        try:
            if await self._unless_stopped(self._bring_up()):
                await self._asked_to_stop.wait()
        finally:
            await self._bring_down()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether the work came to its end before somebody asked to stop."""
        task = asyncio.create_task(work)
        asked = asyncio.create_task(self._asked_to_stop.wait())
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if task.done():
            task.result()
            return True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False

    async def _bring_up(self) -> None:
        """All begin at once and import; two gates let them go on when what they need is there."""
        database, schema = Gate(), Gate()
        served = [self._start(plan.served(service)) for service in self.services]
        preparing = self._beside(bootstrap.run(plan.bootstrap(self.site, database), self.terminal))
        stamp = Stamp(self.home, PROJECT, self.site.database_url or setting("DATABASE_URL") or "")
        known = database if stamp.is_current else schema
        web = self._start_web(known)
        self._start(plan.node(self.site, known))
        await asyncio.gather(*(child.until_ready(SERVICES_WITHIN) for child in served))
        database.open()
        self._beside(self._settle())
        outcome = await preparing
        credentials = announce.keep_credentials(self.home, self.site, outcome)
        stamp.renew()
        schema.open()
        await asyncio.gather(*(child.until_ready(WEB_WITHIN) for child in web))
        gateway = self._start(plan.gateway(self.site))
        await self._agents_ready(outcome.first_run, credentials["api_key"])
        await gateway.until_ready(GATEWAY_WITHIN)
        self._start(plan.beat(self.site))
        self._start(plan.courier(self.site))
        if self.site.model_listener is not None:
            self._start(plan.model(self.site, self.site.model_listener))
        elapsed = time.monotonic() - self.began
        announce.ready(self.terminal, self.home, self.site, outcome, elapsed)

    def _start_web(self, gate: Gate) -> list[Child]:
        numbers = range(1, self.site.options.web_workers + 1)
        return [self._start(plan.web(self.site, gate, number)) for number in numbers]

    async def _settle(self) -> None:
        for service in self.services:
            try:
                await asyncio.to_thread(service.settle)
            except UpError as error:
                self.terminal.say(error.message, "yellow")

    def _beside(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Let it run; whatever is left of it at the end is cancelled."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def _agents_ready(self, first_run: bool, api_key: str | None) -> None:
        """Until the line in the box will be answered; a slow machine is told so, not failed."""
        try:
            async with asyncio.timeout(AGENTS_WITHIN):
                while (await self._get("/ready"))[0] != 200:  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(PAUSE)
                while self.site.options.demo and not await self._echo_settled(first_run, api_key):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            self.terminal.say("agents are not ready yet: see the lines above", "yellow")

    async def _echo_settled(self, first_run: bool, api_key: str | None) -> bool:
        """Whether it answers, or will not: stopped, removed, or none of this key's business."""
        header = f"Authorization: Bearer {api_key}"
        status, agent = await self._get(ECHO, *([header] if api_key else []))
        if status == 200:
            return bool(agent.get("available")) or agent.get("state") not in COMING
        return status in {401, 403} or (status == 404 and not first_run)

    async def _get(self, path: str, *headers: str) -> tuple[int, dict[str, Any]]:
        return await probes.fetch(self.site.local_host, self.site.port, path, *headers)

    def _start(self, program: Program) -> Child:
        child = Child(program, self.terminal, self._note)
        self.children.append(child)
        child.start()
        return child

    def _note(self) -> None:
        """Write down who runs, for the status command and for the run after a kill -9."""
        running = {child.name: child.pid for child in self.children if child.pid}
        self.home.write_json(self.home.run_file, {
            "pid": os.getpid(),
            "boot_id": boot_id(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "url": self.site.url,
            "grpc": self.site.grpc,
            "host": self.site.options.host,
            "port": self.site.port,
            "grpc_port": self.site.grpc_port,
            "runtime_dir": str(self.site.runtime_dir),
            "database_url": self.site.database_url,
            "redis_url": self.site.redis_url,
            "model": announce.model(self.site),
            "demo_model_url": self.site.demo_model_url,
            "children": {
                name: {"pid": pid, "ticks": started_ticks(pid)} for name, pid in running.items()
            },
        })  # fmt: skip

    def _stop_or_insist(self) -> None:
        if not self._asked_to_stop.is_set():
            self.terminal.say("stopping; once more to insist")
            self._asked_to_stop.set()
            return
        for child in self.children:
            child.kill()

    async def _bring_down(self) -> None:
        self._asked_to_stop.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for names in STEPS:
            due = [child for child in self.children if child.name.partition("-")[0] in names]
            await asyncio.gather(*(child.stop() for child in due))
        if self.children:
            self.terminal.say("everything has ended")
