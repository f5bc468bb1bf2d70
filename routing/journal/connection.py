"""The journal's own connection: kept while it works, opened again when it does not."""

import asyncio
import contextlib
import logging
from typing import Any, Final

import psycopg
from django.db import connection as django_connection
from psycopg import AsyncConnection

from security.errors import Unavailable

log = logging.getLogger(__name__)
CONNECT_SECONDS: Final = 3
STATEMENT_SECONDS: Final = 10.0
DJANGOS_OWN: Final = frozenset(
    {"pool", "cursor_factory", "context", "prepare_threshold", "options", "application_name"}
    | {"autocommit", "connect_timeout"}
)
# The plan of WRITE does not depend on its documents: plan it once. What we gave up on must not be written later.
SESSION: Final = "-c plan_cache_mode=force_generic_plan -c jit=off -c statement_timeout=9000"
AWAY: Final = "The database is away. Try again soon."


class Connection:
    """One statement at a time, each a transaction of its own."""

    def __init__(self) -> None:
        self._connection: AsyncConnection | None = None
        self._is_away = False

    async def execute(self, statement: str, parameters: dict[str, object]) -> list[Any]:
        """All rows. Raises `Unavailable`, and what psycopg raises for entries that cannot be."""
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                connection = await self._connected()
                cursor = await connection.execute(statement, parameters, prepare=True)
                rows = await cursor.fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, OSError) as error:
            await self.close()
            self._note(is_away=True, why=str(error) or "it does not answer")
            raise Unavailable(AWAY) from error
        self._note(is_away=False)
        return rows

    def _note(self, *, is_away: bool, why: str = "") -> None:
        """Say it once, however many try meanwhile."""
        if is_away and not self._is_away:
            log.warning("the journal cannot reach the database: %s", why)
        elif self._is_away and not is_away:
            log.warning("the journal reaches the database again")
        self._is_away = is_away

    async def _connected(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await _connect()
        return self._connection

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()


async def _connect() -> AsyncConnection:
    """As Django would connect, but for its pool, its cursors and its notion of transactions."""
    given = django_connection.get_connection_params()
    parameters = {name: value for name, value in given.items() if name not in DJANGOS_OWN}
    parameters["options"] = f"{given.get('options', '')} {SESSION}"
    return await AsyncConnection.connect(
        **parameters,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name="agentx-journal",
        prepare_threshold=0,
    )
