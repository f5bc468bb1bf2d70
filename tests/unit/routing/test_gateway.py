"""The gRPC server: health of its own and of what it needs, reflection, an orderly end."""

import asyncio
import contextlib
import socket

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from routing import gateway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@contextlib.asynccontextmanager
async def serving():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = asyncio.create_task(gateway.serve("127.0.0.1", port))
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await asyncio.wait_for(channel.channel_ready(), 5)
            yield channel, port
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


async def test_it_says_how_it_is():
    async with serving() as (channel, _):
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "live", "ready"):
            async with asyncio.timeout(5):
                while not await is_serving(health, service):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)


async def is_serving(health, service):
    answer = await health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    return answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_it_says_what_it_serves():
    async with serving() as (channel, _):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in stub.ServerReflectionInfo(iter([asked])):
            names = {service.name for service in answer.list_services_response.service}
            assert "grpc.health.v1.Health" in names
            break


async def test_a_taken_port_is_one_sentence():
    async with serving() as (_, port):
        with pytest.raises(gateway.PortTaken, match="AGENTX_GRPC_PORT"):
            await gateway.serve("127.0.0.1", port)
