"""Ends that come at an awkward moment: while the journal writes, under an open channel, from another process."""

import asyncio
from contextlib import aclosing

import pytest

from plugins_app.client.channels import Channels
from plugins_app.client.codec import Turn
from plugins_app.client.messages import PluginMessages
from routing.models import Task
from security.rows import ask
from tests.echoes import make_rows
from tests.flow.test_a2a_delivery import one_terminal_state
from tests.web import Web, message, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
WORDS = " ".join(map(str, range(200)))


def held(journal, monkeypatch, seconds):
    """Each change takes so long to be known, as on a busy machine."""
    change = journal.change

    async def slowly(step, **more):
        await change(step, **more)
        await asyncio.sleep(seconds)

    monkeypatch.setattr(journal, "change", slowly)


async def test_a_cancel_while_the_journal_writes_is_the_end(web, monkeypatch):
    held(web.switchboard.journal, monkeypatch, 0.05)
    for n in range(5):
        task = await web.later(WORDS, metadata={"stream": True, "pause": 0.01})
        await asyncio.sleep(0.11 + 0.02 * n)
        canceled = await web.result("CancelTask", {"id": task["id"]})
        assert state(canceled) == "CANCELED"
        assert await ask(one_terminal_state, task["id"]) == "CANCELED"


async def test_going_down_while_the_journal_writes_is_the_end(
    key, echo, transactional_db, monkeypatch
):
    monkeypatch.setattr("routing.delivery.switchboard.DRAIN_SECONDS", 0.5)
    await ask(make_rows, echo, retry="undelivered")
    async with Web(key) as web:
        held(web.switchboard.journal, monkeypatch, 0.05)
        task = await web.later(WORDS, metadata={"stream": True, "pause": 0.01})
    assert await ask(one_terminal_state, task["id"]) == "FAILED"
    assert (await ask(lambda: Task.objects.get(id=task["id"]))).reason == "agentx_stopped"


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(("retry", "end"), [("always", "COMPLETED"), ("undelivered", "FAILED")])
async def test_a_channel_closed_under_a_message_is_no_cancel(
    key, echo, transactional_db, live, retry, end
):
    await ask(make_rows, echo, retry=retry)
    async with Web(key) as web:
        send = web.later if live else web.send
        sending = asyncio.create_task(send(metadata={"sleep": 0.5}))
        await echo.until_in_flight(1)
        (run,) = web.switchboard.runs.values()
        await web.switchboard.messages.forget(echo.target.launch_id)
        ended = await asyncio.wait_for(asyncio.shield(run.settled), 10)
        assert ended.state == end
        assert await ask(one_terminal_state, ended.id) == end
        if end == "FAILED":
            assert ended.reason == "process_lost"
        await sending
    await echo.until_in_flight(0)


async def test_a_stream_that_is_put_away_half_read_stops_the_agent(echo):
    """Between two items nobody awaits gRPC: no cancellation reaches it by itself."""
    channels = Channels()
    messages = PluginMessages(channels)
    asked = message(WORDS, metadata={"stream": True, "pause": 0.05})
    turn = Turn("echo", asked, "task", "context")
    async with aclosing(messages.stream(echo.target, turn)) as items:
        async for happenings in items:
            if happenings:
                break
    await echo.until_in_flight(0)
    await channels.close()
