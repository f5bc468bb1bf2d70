"""grpc.health.v1, written out by hand.

Two messages of one field each: cheaper than one more dependency, and no second copy of health.proto
can meet the one that grpcio-health-checking registers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import grpc.aio

SERVICE = "grpc.health.v1.Health"
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
WATCH_SECONDS = 0.5
PLUGIN_SERVICE = "agentx.plugin.AgentXPluginService"

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


def decode_request(wire: bytes) -> str:
    """The `service` of a HealthCheckRequest (field 1, a string)."""
    if not wire:
        return ""
    if wire[0] != 0x0A or len(wire) < 2 or wire[1] > 127:
        raise ValueError("not a health check for a service with a short name")
    return wire[2 : 2 + wire[1]].decode()


def encode_response(status: int) -> bytes:
    """A HealthCheckResponse (field 1, an enum)."""
    return bytes((0x08, status))


class HealthService:
    """Answers "live" (and "") while the loop turns, "ready" when messages may come."""

    def __init__(self, trouble: Callable[[], Awaitable[str]]) -> None:
        self._trouble = trouble

    async def check(self, service: str, context: Context) -> int:
        status = await self._status(service)
        if status == SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"unknown service {service!r}")
        return status

    async def watch(self, service: str, context: Context) -> AsyncIterator[int]:
        last = None
        while True:
            status = await self._status(service)
            if status != last:
                yield status
            last = status
            await asyncio.sleep(WATCH_SECONDS)

    async def _status(self, service: str) -> int:
        if service in ("", "live"):
            return SERVING
        if service in ("ready", PLUGIN_SERVICE):
            return NOT_SERVING if await self._trouble() else SERVING
        return SERVICE_UNKNOWN

    def handlers(self) -> "dict[str, grpc.RpcMethodHandler[Any, Any]]":
        """The gRPC methods by their full name."""
        return {
            f"/{SERVICE}/Check": grpc.unary_unary_rpc_method_handler(
                self.check, decode_request, encode_response
            ),
            f"/{SERVICE}/Watch": grpc.unary_stream_rpc_method_handler(
                self.watch, decode_request, encode_response
            ),
        }
