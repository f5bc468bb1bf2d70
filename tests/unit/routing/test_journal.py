"""The journal on a real Postgres: what it promises to those who wait."""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest
from uuid_utils import uuid7

from routing.errors import EntryRefused, StaleTask
from routing.journal import Change, Journal, NewMessage, connection, writer
from routing.models import Conversation, Message, Task, TaskEvent
from routing.record import after, now, status_of
from routing.signals import tasks_changed
from security.errors import Unavailable
from security.rows import ask
from tests.factories import make_agent
from tests.unit.routing.test_record import chunk, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture
def agent(transactional_db):
    return make_agent()


@asynccontextmanager
async def journal_running():
    journal = Journal()
    running = asyncio.create_task(journal.run())
    try:
        yield journal
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def opened(agent, **fields):
    told = {"id": str(uuid7()), "agent_id": str(agent.id), "lease_owner": "us"}
    return record(**(told | fields))


def said(text="hello"):
    message = {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": text}]}
    return NewMessage(message, "user")


def ending(before, *changes):
    end = ("status", status_of("COMPLETED", now()))
    ended, events = after(before, [*changes, end])
    ended.lease_owner = ""
    return Change(before, ended, events)


async def test_many_wait_for_one_transaction(agent):
    async with journal_running() as journal:
        records = [opened(agent) for _ in range(50)]
        await asyncio.gather(*(journal.open(each, said()) for each in records))
        assert await ask(transactions, records) == 1
        assert await ask(Message.objects.count) == 50
        assert await ask(TaskEvent.objects.count) == 50


def transactions(records):
    """How many transactions wrote these tasks."""
    ids = [each.id for each in records]
    found = Task.objects.filter(id__in=ids).extra(select={"by": "xmin::text"})
    assert len(found) == len(ids)
    return len({task.by for task in found})


async def test_one_bad_row_does_not_fail_its_neighbours(agent):
    async with journal_running() as journal:
        good = [opened(agent) for _ in range(5)]
        bad = [(opened(agent), said("a\0b")), (opened(agent, agent_id=str(uuid7())), said())]
        waits = [journal.open(each, said()) for each in good]
        waits[2:2] = [journal.open(*each) for each in bad]
        results = await asyncio.gather(*waits, return_exceptions=True)
        refused = [each for each in results if each is not True]
        assert [type(each) for each in refused] == [EntryRefused, EntryRefused]
        assert "U+0000" in str(refused[0])
        assert await ask(Task.objects.count) == 5


async def test_a_change_needs_the_number_and_the_holder_it_expects(agent):
    async with journal_running() as journal:
        first = opened(agent)
        await journal.open(first, said())
        await journal.change(ending(first, chunk("x")))
        with pytest.raises(StaleTask):
            await journal.change(ending(first))
        other = opened(agent)
        await journal.open(other, said())
        onward, events = after(other, [chunk("x")])
        await journal.change(Change(other, onward, events))
        with pytest.raises(StaleTask):  # the right holder, an old number
            await journal.change(Change(other, onward, events))
        stranger = opened(agent, id=other.id, seq=onward.seq, lease_owner="them")
        with pytest.raises(StaleTask):
            await journal.change(ending(stranger))
        rows = await ask(lambda: list(TaskEvent.objects.filter(task_id=first.id)))
        assert [row.seq for row in rows] == [1, 2, 3]


async def test_of_two_changes_in_one_moment_one_applies(agent):
    async with journal_running() as journal:
        first = opened(agent)
        await journal.open(first, said())
        both = [journal.change(ending(first)) for _ in range(2)]
        results = await asyncio.gather(*both, return_exceptions=True)
        assert [type(each) for each in results] == [type(None), StaleTask]


async def test_without_postgres_waiters_are_told_and_it_comes_back_by_itself(agent, monkeypatch):
    async def away():
        raise psycopg.OperationalError("connection refused")

    async with journal_running() as journal:
        with monkeypatch.context() as without:
            without.setattr(connection, "_connect", away)
            without.setattr(writer, "OPEN_PATIENCE", 0.5)
            with pytest.raises(Unavailable):
                await journal.open(opened(agent), said())
        await journal.open(opened(agent), said())
        assert await ask(Task.objects.count) == 1


async def test_it_reconnects_when_its_session_is_killed(agent):
    async with journal_running() as journal:
        first, second = opened(agent), opened(agent)
        await journal.open(first, said())
        await ask(kill_journals)
        await journal.open(second, said())
        await ask(kill_journals)
        await journal.change(ending(first))
        states = await ask(lambda: dict(Task.objects.values_list("id", "state")))
        assert sorted(states.values()) == ["COMPLETED", "WORKING"]


async def test_callers_wait_while_postgres_restarts(agent, monkeypatch, caplog):
    connect = connection._connect
    began = time.monotonic()

    async def restarting():
        if time.monotonic() - began < 1.0:
            raise psycopg.OperationalError("the database system is starting up")
        return await connect()

    monkeypatch.setattr(connection, "_connect", restarting)
    async with journal_running() as journal:
        await asyncio.gather(*(journal.open(opened(agent), said()) for _ in range(5)))
    assert 1.0 < time.monotonic() - began < 2.0
    assert await ask(Task.objects.count) == 5
    told = [each.message for each in caplog.records if each.name == connection.__name__]
    assert len(told) == 2  # that it is away, that it is back


@pytest.mark.parametrize("kind", ["opening", "change"])
async def test_an_entry_whose_answer_got_lost_is_written_and_told_once(agent, monkeypatch, kind):
    told = []

    def hear(changes, **_):
        told.extend(changes)

    tasks_changed.connect(hear)
    async with journal_running() as journal:
        first = opened(agent)
        if kind == "change":
            await journal.open(first, said())
            told.clear()
        execute = journal._connection.execute

        async def lose_one(statement, parameters):
            await execute(statement, parameters)
            monkeypatch.setattr(journal._connection, "execute", execute)
            raise Unavailable("server closed the connection unexpectedly")

        monkeypatch.setattr(journal._connection, "execute", lose_one)
        if kind == "change":
            await journal.change(ending(first))
        else:
            await journal.open(first, said())
    tasks_changed.disconnect(hear)
    events = await ask(lambda: list(TaskEvent.objects.filter(task=first.id).order_by("seq")))
    assert [each.seq for each in events] == ([1] if kind == "opening" else [1, 2])
    assert await ask(lambda: Message.objects.filter(task=first.id).count()) == 1
    assert len(told) == 1


def kill_journals():
    with connection.django_connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'agentx-journal' AND datname = current_database()"
        )


async def test_news_is_sent_once_per_batch_after_the_commit(agent):
    heard = []

    def hear(sender, changes, **_):
        heard.append(list(changes))

    tasks_changed.connect(hear)
    try:
        async with journal_running() as journal:
            records = [opened(agent) for _ in range(3)]
            await asyncio.gather(*(journal.open(each, said()) for each in records))
            await asyncio.gather(*(journal.change(ending(each)) for each in records))
            with pytest.raises(StaleTask):
                await journal.change(ending(records[0]))
    finally:
        tasks_changed.disconnect(hear)
    assert [len(changes) for changes in heard] == [3, 3]
    assert all(change.opened and not change.closed for change in heard[0])
    assert all(change.closed and change.seconds >= 0 for change in heard[1])


async def test_a_conversation_is_one_row_per_caller_and_context(agent):
    async with journal_running() as journal:
        for owner in ("key:1", "key:1", "key:2"):
            await journal.open(opened(agent, owner=owner), said())
        assert await ask(Conversation.objects.count) == 2


async def test_what_waits_at_the_end_is_still_written(agent):
    async with journal_running() as journal:
        waiting = asyncio.ensure_future(journal.open(opened(agent), said()))
        await asyncio.sleep(0)
    await asyncio.wait_for(waiting, 1)
    assert await ask(Task.objects.count) == 1


async def test_a_batch_has_a_bound_in_bytes(agent, monkeypatch):
    monkeypatch.setattr(writer, "BATCH_BYTES", 2000)
    async with journal_running() as journal:
        records = [opened(agent) for _ in range(6)]
        await asyncio.gather(*(journal.open(each, said("x" * 900)) for each in records))
        assert await ask(transactions, records) >= 3
