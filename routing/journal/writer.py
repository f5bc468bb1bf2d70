"""The writer: drains what waits into one statement, then wakes the waiters."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.types.json import Jsonb

from routing import signals
from routing.errors import EntryRefused, StaleTask
from routing.journal import entries
from routing.journal.connection import AWAY, Connection
from routing.journal.entries import Change, Claim, Entry, NewMessage, Once
from routing.journal.statements import CLAIM, KNOWN, REMEMBERING, RENEW, WRITE
from routing.limits import LEASE_SECONDS
from routing.record import Record
from security.errors import Unavailable

log = logging.getLogger(__name__)
BATCH_ENTRIES: Final = 256
BATCH_BYTES: Final = 8 * 1024 * 1024
RETRY_SECONDS: Final = 0.2
OPEN_PATIENCE: Final = 5.0  # a restart of Postgres takes less


class Journal:
    """Call `open` and `change` from the event loop in which `run` runs.

    Raises, from both: `Unavailable` when Postgres is away, `EntryRefused` when it cannot hold the entry;
    `change` raises `StaleTask` when the task is no longer as `before` says.
    """

    def __init__(self) -> None:
        self._waiting: list[Entry] = []
        self._wake = asyncio.Event()
        self._connection = Connection()
        # Renewals must not wait behind a long batch, nor share its fate.
        self._one_at_a_time = asyncio.Lock()
        # Called with the tasks whose turn in their conversations has come.
        self.on_turn: Callable[[list[str]], None] = _nobody

    async def open(
        self, record: Record, message: NewMessage, once: Once | None = None
    ) -> Claim | bool:
        """False: this message is to be taken once, and was taken before; or the task that asked for this one is not at
        work any more. Nothing was written then.

        A `Claim`: it is the conversation's turn, with what the agent remembers. True where it is not, or not known.
        """
        entry = entries.opening(record, message, once)
        return await self._insist(entry, OPEN_PATIENCE)

    async def change(self, step: Change, *, patience: float = OPEN_PATIENCE) -> None:
        """`patience`: seconds to go on trying while Postgres is away; more for what must not get lost."""
        if not await self._insist(entries.change(step), patience):
            raise StaleTask(step.before.id)

    async def claim(self, ids: Sequence[str], owner: str) -> dict[str, Claim]:
        """Of these tasks, which wait for the turn of their conversations: whose turn it is now.

        Others' tasks may be among them, who are to be told. Raises `Unavailable`.
        """
        async with self._one_at_a_time:
            rows = await self._connection.execute(CLAIM, {"ids": list(ids), "owner": owner})
        return {task_id: Claim(bytes(value), revision) for task_id, value, revision in rows}

    async def _insist(self, entry: Entry, patience: float) -> Claim | bool:
        """Try until it is known whether it applied. The first failure may only mean that our connection is old."""
        until, pause = time.monotonic() + patience, 0.0
        while True:
            try:
                return await self._try(entry)
            except Unavailable:
                if time.monotonic() + pause > until:
                    raise
            await asyncio.sleep(pause)
            entry, pause = entry.again(), RETRY_SECONDS

    async def _try(self, entry: Entry) -> Claim | bool:
        try:
            if await self._commit(entry):
                return entry.claim or True
            return await self._is_known(entry)
        except EntryRefused:
            if await self._is_known(entry):  # an opening cannot be written twice
                return True
            raise

    async def renew(self, ids: Sequence[str], owner: str) -> dict[str, bool]:
        """Hold these tasks for another LEASE_SECONDS. Those still ours -> whether a cancel was asked for.

        Raises `Unavailable`.
        """
        parameters = {"ids": list(ids), "owner": owner, "lease": LEASE_SECONDS}
        async with self._one_at_a_time:
            return dict(await self._connection.execute(RENEW, parameters))

    async def _is_known(self, entry: Entry) -> bool:
        """Whether an earlier try, whose answer got lost with its connection, was applied after all."""
        if not entry.tried_before:
            return False
        async with self._one_at_a_time:
            known = bool(await self._connection.execute(KNOWN, {"event": entry.event_id}))
        if known:
            _tell([entry.news])
        return known

    async def run(self) -> None:
        """Write until cancelled; what waits then is written first."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                try:
                    await self._drain()
                except Exception:
                    log.exception("the journal failed to write; it goes on")
        finally:
            await self._drain()
            await self._connection.close()

    def _commit(self, entry: Entry) -> asyncio.Future[bool]:
        self._waiting.append(entry)
        self._wake.set()
        return entry.done

    async def _drain(self) -> None:
        while batch := self._take():
            async with self._one_at_a_time:
                await self._write(batch)

    def _take(self) -> list[Entry]:
        """What fits in one transaction; of one task only its first change, for the next depends on it."""
        batch: list[Entry] = []
        tasks: set[str] = set()
        size = 0
        for entry in self._waiting:
            size += len(entry.document)
            full = len(batch) == BATCH_ENTRIES or (batch and size > BATCH_BYTES)
            if full or entry.task_id in tasks:
                break
            tasks.add(entry.task_id)
            batch.append(entry)
        del self._waiting[: len(batch)]
        return batch

    async def _write(self, batch: list[Entry]) -> None:
        """Whatever happens, nobody is left waiting."""
        try:
            applied = await self._applied(batch)
        except psycopg.Error as error:
            await self._write_singly(batch, error)
        except Unavailable as error:
            _fail_all(batch, error)
        except BaseException:
            _fail_all(batch, Unavailable(AWAY))
            raise
        else:
            self._settle(batch, applied)

    async def _write_singly(self, batch: list[Entry], error: psycopg.Error) -> None:
        """One bad row must not fail its neighbours."""
        if len(batch) == 1:
            log.warning("the database refuses an entry of task %s: %s", batch[0].task_id, error)
            batch[0].fail(EntryRefused(_told(error)))
            return
        for entry in batch:
            await self._write([entry])

    async def _applied(self, batch: list[Entry]) -> set[str]:
        """The ids of the tasks whose rows are now committed."""
        opened = [entry.document for entry in batch if entry.opens]
        changed = [entry.document for entry in batch if not entry.opens]
        parameters = {
            "opened": Jsonb(opened, dumps=_array),
            "changed": Jsonb(changed, dumps=_array),
            "lease": LEASE_SECONDS,
        }
        sure = {entry.task_id for entry in batch if entry.is_sure}
        if any(entry.remembers for entry in batch):
            rows = await self._connection.execute(REMEMBERING, parameters)
            return sure | self._remembered(batch, rows)
        rows = await self._connection.execute(WRITE, parameters)
        return sure | {row[0] for row in rows}

    def _remembered(self, batch: list[Entry], rows: list[Any]) -> set[str]:
        """What a batch that holds turns of conversations did; those who are next are told."""
        begun = {row[1]: Claim(bytes(row[2]), row[3]) for row in rows if row[0] == "begun"}
        for entry in batch:
            if entry.opens and entry.remembers:
                entry.claim = begun.get(entry.task_id)
                if entry.claim is None:
                    entry.news = replace(entry.news, state="SUBMITTED")
        if following := [row[1] for row in rows if row[0] == "next"]:
            self.on_turn(following)
        return {row[1] for row in rows if row[0] == "written"}

    def _settle(self, batch: list[Entry], applied: set[str]) -> None:
        news = [entry.news for entry in batch if entry.task_id in applied]
        for entry in batch:
            entry.settle(entry.task_id in applied)
        if news:
            _tell(news)


def _nobody(task_ids: list[str]) -> None:
    """Nobody waits."""


def _array(documents: list[bytes]) -> bytes:
    return b"[" + b",".join(documents) + b"]"


def _fail_all(batch: list[Entry], error: Exception) -> None:
    for entry in batch:
        entry.fail(error)


def _told(error: psycopg.Error) -> str:
    """What may be told of a refusal by the database."""
    match error:
        case errors.UntranslatableCharacter():
            return "it holds a character that cannot be stored (U+0000)"
        case errors.ForeignKeyViolation():
            return "its agent is gone"
        case _:
            return "it cannot be stored"


def _tell(news: list[signals.TaskChanged]) -> None:
    for receiver, failure in signals.tasks_changed.send_robust(sender=Journal, changes=news):
        if isinstance(failure, Exception):
            log.error("%s failed on news of tasks", receiver, exc_info=failure)
