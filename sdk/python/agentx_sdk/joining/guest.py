"""A process that got in: it serves, and attends, until it is sent away."""

import asyncio
import logging
import os
import random
import signal
import socket
import time
from typing import Any

import grpc
import grpc.aio

from agentx_sdk import handshake
from agentx_sdk._wire import plugin_home_pb2 as pb
from agentx_sdk._wire.plugin_home_pb2_grpc import PluginHomeStub
from agentx_sdk.adapter import Adapter
from agentx_sdk.joining.asked import Asked
from agentx_sdk.joining.failures import EXIT_AGAIN
from agentx_sdk.joining.home import channel
from agentx_sdk.joining.keys import request_of, two_thirds
from agentx_sdk.lease import EXIT_ORPHAN, Lease
from agentx_sdk.server import PluginServer
from agentx_sdk.tls import Tls
from agentx_sdk.version import CONTRACTS

logger = logging.getLogger("agentx_sdk.joining")

EVERYWHERE = "0.0.0.0"  # noqa: S104 - who calls must show AgentX's certificate
AGAIN_SECONDS = (0.2, 5.0)  # between attempts to attend, the first and the longest
DRAIN_SECONDS = 5.0


class Guest:
    """`run` once."""

    def __init__(
        self, adapter: Adapter, wanted: Asked, answer: pb.JoinResponse, key_pem: bytes, plugin: str
    ) -> None:
        self._wanted = wanted
        self._answer = answer
        self._key = key_pem
        self._root = answer.root_pem
        tls = Tls(
            answer.certificate_pem,
            key_pem,
            answer.root_pem,
            wanted.listen_host if _is_here(wanted.listen_host) else EVERYWHERE,
            wanted.listen_port,
        )
        launch = handshake.Launch(
            answer.launch_id, answer.token, "", CONTRACTS, answer.lease_seconds, plugin, tls
        )
        self._server = PluginServer(adapter, launch, answer.contract)
        self._renew_at = two_thirds(answer.certificate_pem)
        self._status = 0

    async def run(self) -> int:
        """Until it is sent away, told to end, or alone for a lease. The exit status."""
        loop = asyncio.get_running_loop()
        lease = Lease(
            self._answer.lease_seconds,
            on_end=lambda: loop.call_soon_threadsafe(self._alone),
            insist=lambda: os._exit(EXIT_ORPHAN),
            patience=DRAIN_SECONDS + 3,
        )
        await self._server.start(lease.renew)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)
        lease.start()
        logger.info("joined as %s, listening at %s", self._answer.launch_id, self._server.address)
        attending = asyncio.create_task(self._attend())
        await self._server.ended()
        lease.release()
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        return self._status

    def _alone(self) -> None:
        self._end(EXIT_ORPHAN, DRAIN_SECONDS, "no gateway was heard of for a whole lease")

    def _on_signal(self, number: int) -> None:
        seconds = 0.0 if self._server.draining else DRAIN_SECONDS
        self._end(0, seconds, signal.Signals(number).name)

    def _end(self, status: int, seconds: float, reason: str) -> None:
        self._status = status
        self._server.drain(seconds, reason)

    async def _attend(self) -> None:
        """One stream after the other: each is opened again when it breaks, and after a new certificate."""
        pause, longest = AGAIN_SECONDS
        while True:
            began = time.monotonic()
            try:
                await self._attend_once()
            except grpc.aio.AioRpcError as error:
                if error.code() == grpc.StatusCode.PERMISSION_DENIED:
                    self._end(EXIT_AGAIN, DRAIN_SECONDS, error.details() or "sent away")
                    return
                logger.warning("the gateway is away: %s", error.details())
                pause = AGAIN_SECONDS[0] if time.monotonic() - began > longest else pause
                await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - spreads those who return
                pause = min(pause * 2, longest)

    async def _attend_once(self) -> None:
        """Returns when there is a new certificate to attend with. Raises AioRpcError when the stream breaks."""
        wanted, credentials = self._wanted, self._server.credentials
        assert credentials is not None
        port = self._answer.attend_port
        shown = (self._root, self._key, credentials.certificate)
        async with channel(wanted.host, port, *shown) as line:
            call = PluginHomeStub(line).Attend()
            await call.write(pb.Attendance(launch_id=self._answer.launch_id, listen=self._listen()))
            errands = [
                asyncio.create_task(self._ask_for_certificate(call)),
                asyncio.create_task(self._say_farewell(call)),
            ]
            try:
                async for order in call:
                    if self._obey(order):
                        return
            finally:
                for errand in errands:
                    errand.cancel()
        raise _broken()

    def _obey(self, order: pb.Order) -> bool:
        """True: attend anew, with the certificate that came."""
        if order.HasField("leave"):
            self._end(0, order.leave.drain_seconds, order.leave.reason)
        if order.welcome:
            logger.info("welcome: messages may come")
        if not order.certificate_pem:
            return False
        credentials = self._server.credentials
        assert credentials is not None
        credentials.renew(order.certificate_pem, b"", order.root_pem)
        self._root = order.root_pem or self._root
        self._renew_at = two_thirds(order.certificate_pem)
        return True

    async def _ask_for_certificate(self, call: Any) -> None:
        await asyncio.sleep(max(0.0, self._renew_at - time.time()))
        await call.write(pb.Attendance(csr_pem=request_of(self._key)))

    async def _say_farewell(self, call: Any) -> None:
        await self._server.told_to_end()
        await call.write(pb.Attendance(leaving=True))

    def _listen(self) -> str:
        """The port is the real one by now."""
        port = self._server.address.rpartition(":")[2]
        return f"{self._wanted.listen_host}:{port}"


def _broken() -> grpc.aio.AioRpcError:
    empty = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, empty, empty, "the stream ended")


def _is_here(host: str) -> bool:
    """Whether it is an address of this machine: what AgentX calls may be that of a router in between."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(place)
    except OSError:
        return False
    return bool(host)
