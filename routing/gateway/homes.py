"""The door for plugin processes that AgentX did not start: agentx.plugin.PluginHome on two ports of its own.

The first is TLS, for who has no certificate yet: it asks for the authority's, compares it with its join token, and
joins. The next one wants a certificate of ours from the other side: there a launch attends. Both are shut unless
AGENTX_JOIN_PORT is set.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import grpc
import grpc.aio

from plugins_app.homes import Guest, Home, Order, Say
from plugins_app.services.guests import LEASE_SECONDS
from plugins_app.services.joining import Asking
from proto import plugin_home_pb2 as pb
from routing.gateway.calls import address_of
from routing.gateway.refusals import Rpc, refusing
from security import context
from security.authority import ZONE, Authority, Certificate
from security.errors import InvalidInput, NotAuthenticated

log = logging.getLogger(__name__)
SERVICE: Final = pb.DESCRIPTOR.services_by_name["PluginHome"].full_name
NAME: Final = "home"  # in our certificate
MAX_BYTES: Final = 64 * 1024
MAX_CALLS: Final = 1024
FIRST_WORD_SECONDS: Final = 10.0
SHOWN: Final = "x509_subject_alternative_name"
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_BYTES),
    ("grpc.so_reuseport", 0),
    # A guest that is gone without a word is noticed.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


class Door:
    """Belongs to one event loop. `port` is the first port, `attend_port` the second, once it has started."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.attend_port = port + 1 if port else 0
        self.home = Home()
        self._server = grpc.aio.server(options=OPTIONS, maximum_concurrent_rpcs=MAX_CALLS)

    async def start(self) -> None:
        """Raises `RuntimeError` when a port is taken, `Unavailable` when there is no authority to be had."""
        shown = _Shown(await self.home.authority())
        self._server.add_generic_rpc_handlers((self._handler(),))
        self.port = self._add(self.port, shown, wants_certificate=False)
        self.attend_port = self._add(self.attend_port, shown, wants_certificate=True)
        await self.home.start()
        await self._server.start()
        log.info("plugins call home to %s:%s and %s", self.host, self.port, self.attend_port)

    async def stop(self) -> None:
        """Who attends is cut off, and comes back."""
        await self._server.stop(0)
        await self.home.stop()

    def _add(self, port: int, shown: "_Shown", *, wants_certificate: bool) -> int:
        credentials = grpc.dynamic_ssl_server_credentials(
            shown.configuration(), shown.configuration, wants_certificate
        )
        return self._server.add_secure_port(f"{self.host}:{port}", credentials)

    def _handler(self) -> grpc.GenericRpcHandler:
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "GetAuthority": grpc.unary_unary_rpc_method_handler(
                self._authority,
                request_deserializer=pb.GetAuthorityRequest.FromString,
                response_serializer=pb.GetAuthorityResponse.SerializeToString,
            ),
            "Join": grpc.unary_unary_rpc_method_handler(
                self._join,
                request_deserializer=pb.JoinRequest.FromString,
                response_serializer=pb.JoinResponse.SerializeToString,
            ),
            "Attend": grpc.stream_stream_rpc_method_handler(
                self._attend,
                request_deserializer=pb.Attendance.FromString,
                response_serializer=pb.Order.SerializeToString,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    async def _authority(
        self, request: pb.GetAuthorityRequest, rpc: Rpc
    ) -> pb.GetAuthorityResponse:
        async with refusing(rpc):
            vouching = await self.home.authority()
        return pb.GetAuthorityResponse(root_pem=vouching.root_pem)

    async def _join(self, request: pb.JoinRequest, rpc: Rpc) -> pb.JoinResponse:
        async with refusing(rpc):
            joined = await self.home.join(_asking(request, _begun(rpc)))
        return pb.JoinResponse(
            launch_id=joined.launch_id,
            token=joined.token,
            certificate_pem=joined.certificate_pem,
            root_pem=joined.root_pem,
            attend_port=self.attend_port,
            lease_seconds=LEASE_SECONDS,
            contract=joined.contract,
        )

    async def _attend(self, request: AsyncIterator[pb.Attendance], rpc: Rpc) -> None:
        async def say(order: Order) -> None:
            await rpc.write(_told(order))

        async with refusing(rpc):
            source, shown = _begun(rpc), _launch_shown(rpc)
            first = await _first(request)
            attending = self.home.attending(first.launch_id, shown, first.listen, source, say)
            async with attending as guest:
                await self._converse(guest, request, say)

    async def _converse(
        self, guest: Guest, request: AsyncIterator[pb.Attendance], say: Any
    ) -> None:
        """Until either has said its last word."""
        sides = [
            asyncio.create_task(guest.run()),
            asyncio.create_task(self._hear(guest, request, say)),
        ]
        try:
            done, _ = await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
            for side in done:
                side.result()
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)

    async def _hear(self, guest: Guest, request: AsyncIterator[pb.Attendance], say: Say) -> None:
        async for message in request:
            if message.leaving:
                await guest.leaving()
            if message.csr_pem:
                await say(await self.home.renewed(guest, message.csr_pem))


class _Shown:
    """Our own certificate at this door. Asked for by every handshake, from a thread of gRPC's: no database here."""

    def __init__(self, vouching: Authority) -> None:
        self._vouching = vouching
        self._now: Certificate | None = None

    def configuration(self) -> Any:
        if self._now is None or self._now.renew <= datetime.now(UTC):
            self._now = self._vouching.issue(NAME, server=True)
        pair = (self._now.key_pem, self._now.cert_pem)
        return grpc.ssl_server_certificate_configuration([pair], self._vouching.root_pem)


def _begun(rpc: Rpc) -> str:
    """Where the call comes from; its log lines have an id from here on."""
    context.begin(None)
    return address_of(rpc.peer())


def _launch_shown(rpc: Rpc) -> str:
    """The launch that the other side's certificate is of. Raises `NotAuthenticated`."""
    for name in rpc.auth_context().get(SHOWN, ()):
        launch, _, zone = bytes(name).decode(errors="replace").partition(".")
        if zone == ZONE:
            return launch
    raise NotAuthenticated("Attend at the other port, with the certificate that Join gave you.")


async def _first(request: AsyncIterator[pb.Attendance]) -> pb.Attendance:
    """Its first message. Raises `InvalidInput` when there is none in time."""
    with suppress(TimeoutError, StopAsyncIteration):
        async with asyncio.timeout(FIRST_WORD_SECONDS):
            return await anext(aiter(request))
    raise InvalidInput("The first message must name the launch.")


def _asking(request: pb.JoinRequest, source: str) -> Asking:
    return Asking(
        token=request.token,
        csr_pem=request.csr_pem,
        plugin=request.plugin,
        version=request.version,
        machine=request.machine[:200],
        pid=request.pid,
        sdk=request.sdk[:100],
        framework=request.framework[:100],
        contracts=tuple(request.contracts),
        source=source,
    )


def _told(order: Order) -> pb.Order:
    told = pb.Order(welcome=order.welcome)
    if order.leave is not None:
        told.leave.drain_seconds = order.leave.drain_seconds
        told.leave.reason = order.leave.reason
    if order.certificate is not None:
        told.certificate_pem, told.root_pem = order.certificate.cert_pem, order.root_pem
    return told
