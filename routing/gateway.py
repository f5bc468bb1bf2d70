"""The gRPC server of AgentX: health and reflection now; A2A's service and the Agent Worker Protocol join it here."""

import asyncio
import logging
import signal
from typing import Final

import grpc.aio
from django.db import connection
from grpc_health.v1 import health as health_service
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
GRACE_SECONDS: Final = 3.0
CHECK_SECONDS: Final = 2.0
MAX_MESSAGE: Final = 16 * 1024 * 1024
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.so_reuseport", 0),  # a taken port is an error, not a second listener
)


class PortTaken(Exception):  # noqa: N818 - a fact
    """Somebody else listens there already."""


async def serve(host: str, port: int) -> None:
    """Until SIGTERM or SIGINT. Raises `PortTaken`."""
    server = grpc.aio.server(options=OPTIONS)
    servicer = health_service.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    reflection.enable_server_reflection(
        (health_service.SERVICE_NAME, reflection.SERVICE_NAME), server
    )
    try:
        server.add_insecure_port(f"{host}:{port}")
    except RuntimeError:
        raise PortTaken(f"{host}:{port} is taken: choose another AGENTX_GRPC_PORT.") from None
    await servicer.set("live", health_pb2.HealthCheckResponse.SERVING)
    await servicer.set("ready", health_pb2.HealthCheckResponse.NOT_SERVING)  # until it was asked
    await server.start()
    log.info("gateway listens on %s:%s", host, port)
    watch = asyncio.create_task(_tell_health(servicer))
    try:
        await _asked_to_end()
    finally:
        watch.cancel()
        await servicer.enter_graceful_shutdown()
        await server.stop(GRACE_SECONDS)


async def _asked_to_end() -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()


async def _tell_health(servicer: health_service.aio.HealthServicer) -> None:
    """ "" and "live": this process. "ready": it reaches the database, too."""
    while True:
        await servicer.set("ready", await _readiness())
        await asyncio.sleep(CHECK_SECONDS)


async def _readiness() -> int:
    try:
        await ask(_reach_database)
    except Unavailable:
        return health_pb2.HealthCheckResponse.NOT_SERVING
    return health_pb2.HealthCheckResponse.SERVING


def _reach_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
