"""The gRPC server of a plugin process: a unix socket, a token on every call, an orderly end."""

import asyncio
import contextlib
import hmac
import logging
import os
import secrets
import time
from typing import Any, TypeAlias

import grpc
import grpc.aio

from agentx_sdk import tls
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.adapter import Adapter, settle
from agentx_sdk.codec import MAX_MESSAGE
from agentx_sdk.handshake import Launch
from agentx_sdk.health import HealthService
from agentx_sdk.hosting import Hosting
from agentx_sdk.service import PluginService
from agentx_sdk.turns import Context

logger = logging.getLogger("agentx_sdk.server")

OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),  # a taken port is an error, not a second listener
)
TOKEN_KEY = "agentx-token"  # noqa: S105 - the name of a metadata key
Handlers: TypeAlias = "dict[str, grpc.RpcMethodHandler[Any, Any]]"
# By whether the request and whether the answer is a stream.
KINDS: dict[tuple[bool, bool], Any] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class Doorman(grpc.GenericRpcHandler):
    """Finds the method of a call, for callers that know the token. Cheaper than an interceptor."""

    def __init__(self, handlers: Handlers, token: str) -> None:
        self._handlers = handlers
        self._token = token.encode()
        self._stranger: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
            _turn_away
        )

    def service(self, call: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        for key, value in call.invocation_metadata or ():
            if key == TOKEN_KEY:
                given = value if isinstance(value, bytes) else value.encode()
                if hmac.compare_digest(given, self._token):
                    return self._handlers.get(call.method)
        return self._stranger


async def _turn_away(request: bytes, context: Context) -> bytes:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, f"the call carries no valid {TOKEN_KEY}")


def plugin_handlers(service: PluginService) -> Handlers:
    """The contract's methods by their full name."""
    description = pb.DESCRIPTOR.services_by_name["AgentXPluginService"]
    handlers: Handlers = {}
    for method in description.methods:
        make = KINDS[method.client_streaming, method.server_streaming]
        handlers[f"/{description.full_name}/{method.name}"] = make(
            getattr(service, method.name),
            request_deserializer=getattr(pb, method.input_type.name).FromString,
            response_serializer=getattr(pb, method.output_type.name).SerializeToString,
        )
    return handlers


class PluginServer:
    """Serves one adapter until it is drained."""

    def __init__(self, adapter: Adapter, launch: Launch, contract: int) -> None:
        self._launch = launch
        self._hosting = Hosting(adapter, launch.plugin, contract)
        self._drain_until: float | None = None
        self._draining = asyncio.Event()
        self._server = grpc.aio.server(options=OPTIONS)
        self.credentials = tls.Credentials(launch.tls) if launch.tls else None
        self.address = f"{launch.socket_dir}/p{os.getpid()}-{secrets.token_hex(4)}.sock"

    async def start(self, renew: Any) -> None:
        """Listen; `address` is where. Raises RuntimeError when it cannot."""
        service = PluginService(self._hosting, renew, self.drain)
        handlers = plugin_handlers(service) | HealthService(service.trouble).handlers()
        if self.credentials is not None:
            handlers |= self.credentials.handlers()
        self._server.add_generic_rpc_handlers((Doorman(handlers, self._launch.token),))
        self._listen()
        await self._server.start()

    def _listen(self) -> None:
        if self._launch.tls is not None and self.credentials is not None:
            add = self._server.add_secure_port
            self.address = tls.listen(add, self._launch.tls, self.credentials)
            return
        mask = os.umask(0o177)
        try:
            self._server.add_insecure_port(f"unix:{self.address}")
        finally:
            os.umask(mask)

    async def told_to_end(self) -> None:
        """Wait until the end has begun."""
        await self._draining.wait()

    @property
    def draining(self) -> bool:
        """Whether the end has begun."""
        return self._hosting.draining

    def drain(self, seconds: float, reason: str) -> None:
        """Take no more messages, and end when the running ones are done or after `seconds`.

        Asked again, the earlier end counts.
        """
        until = time.monotonic() + seconds
        if self._drain_until is None:
            logger.info("draining for up to %.0f s: %s", seconds, reason)
            self._drain_until = until
        self._drain_until = min(self._drain_until, until)
        self._hosting.draining = True
        self._draining.set()

    async def ended(self) -> None:
        """Wait for the end: drained, stopped, the adapter shut down, the socket gone."""
        await self._draining.wait()
        await self._drained()
        # The grace lets the answer to Shutdown, and those of the last messages, leave.
        await self._server.stop(grace=0.2)
        try:
            await asyncio.wait_for(settle(self._hosting.adapter.shutdown), timeout=5)
        except Exception:
            logger.exception("the adapter's shutdown failed")
        if self.credentials is not None:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.address)  # noqa: PTH108 - gRPC wants the path as a string

    async def _drained(self) -> None:
        """Wait until nothing runs or the drain is over; a later call may bring its end nearer."""
        while self._hosting.load.in_flight:
            if time.monotonic() >= (self._drain_until or 0.0):
                return
            await asyncio.sleep(0.02)
