"""`run`: what the last line of a plugin's main.py calls."""

import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NoReturn

from agentx_sdk import debugging, handshake, logs
from agentx_sdk.adapter import Adapter
from agentx_sdk.lease import EXIT_ORPHAN, Lease
from agentx_sdk.server import PluginServer

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop

logger = logging.getLogger("agentx_sdk.runner")

TERM_DRAIN_SECONDS = 5.0
ORPHAN_DRAIN_SECONDS = 2.0
THREADS = 64  # plain `process` functions mostly wait


class Threads(ThreadPoolExecutor):
    """Work keeps the turn it belongs to, so that its log has the turn's ids in every thread."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """As its base, in a copy of the caller's context."""
        return super().submit(copy_context().run, function, *args, **kwargs)


def run(adapter: Adapter) -> NoReturn:
    """Serve the adapter until AgentX ends the process. Never returns.

    Started by hand with AGENTX_PLUGIN_DEBUG=1 or --debug it serves too, and prints the line by
    which `agentx plugin attach` finds it; with --join it calls home to an AgentX elsewhere.
    """
    if handshake.started_by_core():
        _run_launched(adapter)
    if debugging.asked():
        _run_debugged(adapter)
    from agentx_sdk import joining  # what it needs would slow down every start by the core

    if asked := joining.asked(sys.argv[1:]):
        _end(_event_loop().run_until_complete(joining.serve(adapter, asked)))
    sys.stderr.write(handshake.STARTED_BY_HAND)
    sys.exit(handshake.EXIT_NOT_LAUNCHED)


def _run_launched(adapter: Adapter) -> NoReturn:
    fd = handshake.take_handshake_fd()
    launch = _read_launch()
    logs.configure(adapter.name or launch.plugin)
    contract = handshake.choose_contract(launch.contracts)
    if contract is None:
        handshake.send_line(fd, handshake.refuse_line(launch.contracts))
        sys.exit(handshake.EXIT_MISMATCH)
    loop = _event_loop()
    _end(loop.run_until_complete(_serve(adapter, launch, contract, fd)))


def _run_debugged(adapter: Adapter) -> NoReturn:
    launch = debugging.own_launch(adapter.name)
    logs.configure(launch.plugin, for_people=True)
    try:
        status = _event_loop().run_until_complete(_serve_debugged(adapter, launch))
    finally:
        shutil.rmtree(launch.socket_dir, ignore_errors=True)
    _end(status)


async def _serve_debugged(adapter: Adapter, launch: handshake.Launch) -> int:
    """Without a lease: it ends with its terminal, or by Shutdown."""
    contract = max(launch.contracts)
    server = PluginServer(adapter, launch, contract)
    await server.start(lambda seconds: None)
    _listen_to_signals(server)
    sys.stderr.write(debugging.reattach_line(launch, server.address, contract))
    sys.stderr.flush()
    await server.ended()
    return 0


def _end(status: int) -> NoReturn:
    logging.shutdown()
    # Not sys.exit: that waits for threads, and one of them may hang in an adapter.
    os._exit(status)


def _read_launch() -> handshake.Launch:
    try:
        launch = handshake.read_launch(sys.stdin.buffer)
    except handshake.LaunchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(handshake.EXIT_NOT_LAUNCHED)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return launch


def _event_loop() -> asyncio.AbstractEventLoop:
    loop = new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(Threads(THREADS, "agentx-turn"))
    return loop


async def _serve(adapter: Adapter, launch: handshake.Launch, contract: int, fd: int) -> int:
    server = PluginServer(adapter, launch, contract)
    loop = asyncio.get_running_loop()
    status = 0

    def orphaned() -> None:
        nonlocal status
        status = EXIT_ORPHAN
        server.drain(ORPHAN_DRAIN_SECONDS, "the lease was not renewed")

    lease = Lease(
        launch.lease_seconds,
        on_end=lambda: loop.call_soon_threadsafe(orphaned),
        insist=lambda: os._exit(EXIT_ORPHAN),
        patience=ORPHAN_DRAIN_SECONDS + 3,
    )
    await server.start(lease.renew)
    _listen_to_signals(server)
    lease.start()
    shown = server.credentials.certificate if server.credentials else b""
    line = handshake.accept_line(
        contract,
        server.address,
        adapter.framework,
        launch.launch_id,
        network="tcp" if shown else "unix",
        certificate=shown,
    )
    handshake.send_line(fd, line)
    await server.ended()
    lease.release()
    return status


def _listen_to_signals(server: PluginServer) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, server, number)


def _on_signal(server: PluginServer, number: int) -> None:
    """Drain at the first signal; after a Shutdown, or at the second one, cancel what still runs."""
    seconds = 0.0 if server.draining else TERM_DRAIN_SECONDS
    server.drain(seconds, signal.Signals(number).name)
