"""The small parts of the delivery: balance, feed, inbox, history."""

import asyncio
from collections import Counter

import pytest

from plugins_app.client.codec import Happening
from plugins_app.client.errors import TurnFailed
from plugins_app.client.target import Target
from routing import routes as routes_of
from routing.delivery.balance import Balance
from routing.delivery.feed import Feed
from routing.delivery.inbox import MAX_PENDING, MAX_PENDING_BYTES, Inbox
from routing.delivery.pace import QUICK_SECONDS, TURNS, Paces
from routing.delivery.turns import newest_that_fit, trace_of, traceparent
from routing.limits import EVENT_BYTES
from routing.record import Event
from routing.routes import Route, Routes

TARGETS = [Target(f"i-{n}", f"unix:/{n}", f"l-{n}") for n in range(3)]


def test_the_process_with_the_fewest_messages_is_chosen():
    balance = Balance()
    with balance.carry(TARGETS[0]), balance.carry(TARGETS[1]):
        assert balance.choose(TARGETS) == TARGETS[2]
        with balance.carry(TARGETS[2]), balance.carry(TARGETS[2]):
            assert balance.choose(TARGETS) != TARGETS[2]
    assert all(balance.is_idle(target.launch_id) for target in TARGETS)


def test_among_equals_each_has_its_turn():
    balance = Balance()
    chosen = Counter(balance.choose(TARGETS).instance_id for _ in range(30))
    assert set(chosen.values()) == {10}


@pytest.mark.asyncio
async def test_a_process_to_avoid_is_passed_by_for_a_while_and_looked_at_again(monkeypatch):
    monkeypatch.setattr(routes_of, "AVOID_SECONDS", 0.05)
    routes = Routes()
    route = Route("a", "echo", "ready", "plugin", "always", False, "running", "", tuple(TARGETS))
    routes._routes = {"echo": route}
    routes.avoid(TARGETS[1])
    assert routes._wake.is_set()
    assert routes.usable("echo") == [TARGETS[0], TARGETS[2]]
    await asyncio.sleep(0.06)
    assert routes.usable("echo") == TARGETS


@pytest.mark.asyncio
async def test_a_feed_tells_everybody_everything_from_where_they_are():
    feed = Feed(1)
    events = [Event(n, "status", {}) for n in range(2, 8)]
    feed.publish(events[:2])

    async def heard(seq):
        return [event.seq async for event in feed.after(seq)]

    listening = [asyncio.create_task(heard(seq)) for seq in (1, 2, 4)]
    await asyncio.sleep(0)
    for event in events[2:]:
        feed.publish([event])
        await asyncio.sleep(0)
    feed.close()
    late = asyncio.create_task(heard(1))
    assert await asyncio.gather(*listening) == [[2, 3, 4, 5, 6, 7], [3, 4, 5, 6, 7], [5, 6, 7]]
    assert await late == [2, 3, 4, 5, 6, 7]
    assert feed.last_seq == 7
    assert feed.follows(1)
    assert not feed.follows(0)


@pytest.mark.asyncio
async def test_an_inbox_gives_what_came_meanwhile_together():
    gate = asyncio.Event()

    async def items():
        for n in range(3):
            yield [Happening("status", {"n": n})]
        gate.set()
        await asyncio.sleep(0.01)
        yield [Happening("status", {"n": 3})]

    inbox = Inbox(items())
    await gate.wait()
    assert [each.payload["n"] for each in await inbox.take()] == [0, 1, 2]
    assert [each.payload["n"] for each in await inbox.take()] == [3]
    assert await inbox.take() is None
    await inbox.close()


@pytest.mark.asyncio
async def test_an_inbox_raises_after_what_came_before():
    async def items():
        yield [Happening("status", {"n": 0})]
        raise ValueError("broken")

    inbox = Inbox(items())
    await asyncio.sleep(0.01)
    assert len(await inbox.take()) == 1
    with pytest.raises(ValueError, match="broken"):
        await inbox.take()


@pytest.mark.asyncio
async def test_closing_an_inbox_closes_its_stream():
    closed = asyncio.Event()

    async def items():
        try:
            yield []
            await asyncio.sleep(60)
        finally:
            closed.set()

    inbox = Inbox(items())
    await inbox.take()
    await inbox.close()
    assert closed.is_set()


def test_an_agent_gets_the_newest_history_that_fits():
    history = [{"messageId": f"m-{n}", "parts": [{"text": "x" * 100}]} for n in range(10)]
    fitting = newest_that_fit(history, limit=450)
    assert [each["messageId"] for each in fitting] == ["m-7", "m-8", "m-9"]
    assert newest_that_fit(history) == history
    assert newest_that_fit([], limit=0) == []


@pytest.mark.asyncio
async def test_a_plugin_that_talks_faster_than_the_journal_writes_has_to_wait():
    made = 0

    async def items():
        nonlocal made
        for _ in range(1000):
            made += 1
            yield [Happening("status", {"n": made})]

    inbox = Inbox(items())
    await asyncio.sleep(0.05)
    assert made == MAX_PENDING
    taken = []
    while (happenings := await inbox.take()) is not None:
        taken += [each.payload["n"] for each in happenings]
    assert taken == list(range(1, 1001))


@pytest.mark.asyncio
async def test_a_plugin_that_says_large_things_has_to_wait_too():
    made = 0

    async def items():
        nonlocal made
        for _ in range(12):
            made += 1
            yield [Happening("artifact", {"x": "x" * (MAX_PENDING_BYTES // 3)})]

    inbox = Inbox(items())
    await asyncio.sleep(0.05)
    assert made == 3
    while await inbox.take() is not None:
        pass
    assert made == 12


@pytest.mark.parametrize("text", ["x" * EVENT_BYTES, ""])
@pytest.mark.asyncio
async def test_an_agent_that_does_not_come_to_an_end_is_not_heard_for_ever(monkeypatch, text):
    """However little it says at a time: each event is a row."""
    monkeypatch.setattr("routing.delivery.inbox.MAX_TURN_BYTES", 20 * EVENT_BYTES)

    async def items():
        while True:
            yield [Happening("artifact", {"x": text})]

    inbox, heard = Inbox(items()), 0
    with pytest.raises(TurnFailed, match="in one turn"):
        while happenings := await inbox.take():
            heard += len(happenings)
    assert 0 < heard <= 20


def test_an_agent_is_quick_when_all_of_its_last_turns_were():
    paces = Paces()
    assert not paces.is_quick("echo")  # unknown
    paces.note("echo", 0.01)
    assert paces.is_quick("echo")
    paces.note("echo", QUICK_SECONDS + 0.01)
    for _ in range(TURNS - 1):
        assert not paces.is_quick("echo")
        paces.note("echo", 0.01)
    assert not paces.is_quick("echo")
    paces.note("echo", 0.01)
    assert paces.is_quick("echo")
    assert not paces.is_quick("other")


def test_a_turn_is_a_span_of_the_callers_trace_or_of_one_found_by_the_requests_id():
    trace, request = "0af7651916cd43dd8448eb211c80319c", "0193a4c0e5b97d4f8a3b2c1d0e9f8a7b"
    first, second = traceparent(trace), traceparent(trace)
    assert first[:36] == second[:36] == f"00-{trace}-"
    assert first != second  # each turn is a span of its own
    assert trace_of({"trace": trace}, request) == trace
    assert trace_of({}, request) == request
    chosen = trace_of({}, "chosen-by-the-caller")
    assert len(chosen) == 32
    assert int(chosen, 16)
