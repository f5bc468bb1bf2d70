"""Work that one process at a time does: who comes second has nothing to do."""

from typing import Final

from django.db import connection

SAMPLE: Final = 0x73616D706C65
EVALUATE: Final = 0x616C65727473


def first_come(lock: int) -> bool:
    """Take an advisory lock until the transaction at hand ends; False when another process has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        return bool(cursor.fetchone()[0])
