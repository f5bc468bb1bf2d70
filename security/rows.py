"""The ORM from the event loop: in a thread, and no connection is held when the answer is there."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

from security.errors import Unavailable

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
AWAY = "The database is away. Try again soon."


def database_time() -> datetime:
    """By the one clock that all machines share: theirs differ, and who is silent is judged by another one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


async def ask(
    question: Callable[Arguments, Answer], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Answer:
    """Run a selector or service in a thread. Raises `Unavailable` when Postgres cannot be asked."""
    return await asyncio.to_thread(_closing, lambda: question(*args, **kwargs))


def _closing(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(AWAY) from error
    finally:
        connections.close_all()
