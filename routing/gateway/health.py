"""grpc.health.v1: how this process is, and whether it can do its work."""

import asyncio
from typing import Final

from django.db import connection
from grpc_health.v1 import health as health_service
from grpc_health.v1 import health_pb2

from security.errors import Unavailable
from security.rows import ask

CHECK_SECONDS: Final = 2.0
SERVING: Final = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """ "" and "live": this process runs. "ready" and each of `services`: it reaches the database, too."""

    def __init__(self, services: tuple[str, ...]) -> None:
        self.servicer = health_service.aio.HealthServicer()
        self._dependent = ("ready", *services)

    async def begin(self) -> None:
        await self.servicer.set("live", SERVING)
        await self._tell(NOT_SERVING)  # until the database was asked

    async def run(self) -> None:
        while True:
            await self._tell(await _readiness())
            await asyncio.sleep(CHECK_SECONDS)

    async def end(self) -> None:
        """Say to all who watch that nothing more is taken."""
        await self.servicer.enter_graceful_shutdown()

    async def _tell(self, status: int) -> None:
        for name in self._dependent:
            await self.servicer.set(name, status)


async def _readiness() -> int:
    try:
        await ask(_reach_database)
    except Unavailable:
        return NOT_SERVING
    return SERVING


def _reach_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
