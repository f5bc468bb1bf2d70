"""The server's life: what it listens with, and its start and end in order."""

import asyncio
import logging
import signal
from typing import Final

import grpc.aio
from grpc_health.v1 import health as health_service
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from routing.a2a.shelf import Shelf
from routing.delivery import Switchboard
from routing.delivery.operations import Operations
from routing.gateway.health import Health
from routing.gateway.homes import Door
from routing.gateway.service import Service
from routing.gateway.v03 import Older
from routing.gateway.v1 import Current
from routing.gateway.watchdog import Watchdog
from routing.limits import MAX_GRPC_BYTES, MAX_GRPC_CALLS, MAX_GRPC_CALLS_PER_CONNECTION

log = logging.getLogger(__name__)
GRACE_SECONDS: Final = (
    6.0  # longer than a drain with its two waits: its streams are to hear why they end
)
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_GRPC_BYTES),
    ("grpc.max_send_message_length", -1),  # of what a task has become: its client limits it
    ("grpc.max_concurrent_streams", MAX_GRPC_CALLS_PER_CONNECTION),
    ("grpc.so_reuseport", 0),  # a taken port is an error, not a second listener
    # A peer that is gone without a word is noticed, and its calls end; one that pings us may do so in peace.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


class PortTaken(Exception):  # noqa: N818 - a fact
    """Somebody else listens there already."""


class Gateway:
    """One gRPC server over one switchboard; belongs to one event loop. `port` is the real one once it has started."""

    def __init__(self, host: str, port: int, calls: int = MAX_GRPC_CALLS) -> None:
        self.host = host
        self.port = port
        self.switchboard = Switchboard()
        core, shelf = Operations(self.switchboard), Shelf(self.switchboard)
        self._service = Service(core, shelf, (Current(), Older()))
        self._health = Health(self._service.names)
        self._server = grpc.aio.server(options=OPTIONS, maximum_concurrent_rpcs=calls)
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises `PortTaken`."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, self._server)
        self._server.add_generic_rpc_handlers(self._service.handlers())
        reflection.enable_server_reflection(
            (health_service.SERVICE_NAME, reflection.SERVICE_NAME, *self._service.names),
            self._server,
        )
        try:
            self.port = self._server.add_insecure_port(f"{self.host}:{self.port}")
        except RuntimeError:
            told = f"{self.host}:{self.port} is taken: choose another AGENTX_GRPC_PORT."
            raise PortTaken(told) from None
        await self._health.begin()
        await self.switchboard.start()
        await self._server.start()
        self._watch = asyncio.create_task(self._health.run())

    async def stop(self) -> None:
        """Take no more calls; let the running turns end while their callers are there to hear it; then the rest."""
        if self._watch is not None:
            self._watch.cancel()
        await self._health.end()
        ending = asyncio.create_task(self._server.stop(GRACE_SECONDS))
        await self.switchboard.drain()
        self._service.end_streams()
        await ending
        await self.switchboard.stop()


async def serve(host: str, port: int, join_port: int = 0) -> None:
    """Until SIGTERM or SIGINT. Raises `PortTaken`."""
    gateway = Gateway(host, port)
    door = Door(host, join_port) if join_port else None
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await gateway.start()
    if door is not None:
        await _open(door)
    log.info("gateway listens on %s:%s", host, gateway.port)
    watchdog = Watchdog()
    watchdog.start()
    try:
        await ended.wait()
    finally:
        if door is not None:
            await door.stop()
        await gateway.stop()
        watchdog.end()


async def _open(door: Door) -> None:
    try:
        await door.start()
    except RuntimeError:
        told = f"{door.host}:{door.port} or the port after it is taken: choose another AGENTX_JOIN_PORT."
        raise PortTaken(told) from None
