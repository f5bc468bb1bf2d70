"""What agents remember of conversations: kept with the end of a turn, given to one turn at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from monitoring.metrics import model_tokens_total
from plugins_app.client.errors import Broken, TurnFailed
from plugins_app.services import uninstall
from registry.models import Agent
from routing.limits import MAX_DELIVERIES
from routing.models import ConversationMemory, Task
from routing.selectors import memories
from routing.services import forget_memories, forget_memory, prune_memories
from security.errors import NotFound
from security.models import AuditEvent
from security.rows import ask
from security.selectors import key_principal
from tests.factories import make_key, make_user
from tests.scripted import Core, Script, chunk, make_scripted, send, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SLUG = "scripted"


@pytest.fixture
def script(transactional_db):
    make_scripted(keeps_memory=True)
    return Script()


def done(memory=None, state="COMPLETED"):
    return replace(status(state), memory=memory)


def said(text, context="c-1", **fields):
    return send(text, messageId=f"m-{text}", contextId=context, **fields)


def kept():
    return dict(ConversationMemory.objects.values_list("context_id", "value"))


def long_ago():
    return timezone.now() - timedelta(minutes=1)


async def dropped(*sending):
    """Callers of a process that was killed: their connections are gone."""
    for each in sending:
        each.cancel()
    await asyncio.gather(*sending, return_exceptions=True)


async def rows(*fields):
    return await ask(lambda: list(Task.objects.order_by("created").values_list(*fields)))


async def until(question, wanted):
    """Wait for a fact in the database."""
    async with asyncio.timeout(20):
        while (found := await question()) != wanted:  # noqa: ASYNC110 - a fact in the database
            await asyncio.sleep(0.01)
    return found


async def test_the_next_turn_gets_what_the_last_one_left(script, caller):
    async with Core(script) as core:
        for before, after in ((b"", b"one"), (b"one", b"two"), (b"two", None), (b"two", b"")):
            sending = asyncio.create_task(core.operations.send(caller, SLUG, said(str(after))))
            play = await script.turn()
            assert play.turn.memory == before
            play.say(done(after)).end()
            assert (await sending).state == "COMPLETED"
        assert await ask(kept) == {"c-1": b""}
        assert await ask(lambda: ConversationMemory.objects.get().turn) is None


async def test_conversations_do_not_share_what_is_remembered(script, caller, stranger):
    async with Core(script) as core:
        for context in ("c-1", "c-2"):
            sending = asyncio.create_task(core.operations.send(caller, SLUG, said("a", context)))
            play = await script.turn()
            assert play.turn.memory == b""
            play.say(done(context.encode())).end()
            await sending
        assert await ask(kept) == {"c-1": b"c-1", "c-2": b"c-2"}


async def test_one_message_at_a_time_first_come_first_served(script, caller):
    async with Core(script) as core:
        sending = [
            asyncio.create_task(core.operations.send(caller, SLUG, said(f"n{number}")))
            for number in range(20)
        ]
        order = []
        for number in range(20):
            play = await script.turn()
            assert script.arrived.empty()
            order.append(play.turn.task_id)
            assert play.turn.memory == str(number or "").encode()
            play.say(done(str(number + 1).encode())).end()
        answers = await asyncio.gather(*sending)
        assert {each.state for each in answers} == {"COMPLETED"}
        assert order == sorted(order)  # by their ids, which grow with time
        assert await ask(kept) == {"c-1": b"20"}


async def test_who_waits_is_submitted_and_can_be_cancelled(script, caller):
    async with Core(script) as core:
        first = asyncio.create_task(core.operations.send(caller, SLUG, said("a")))
        play = await script.turn()
        waiting = await core.operations.send(caller, SLUG, said("b", return_immediately=True))
        third = asyncio.create_task(core.operations.send(caller, SLUG, said("c")))
        assert waiting.state == "SUBMITTED"
        await until(lambda: rows("state"), [("WORKING",), ("SUBMITTED",), ("SUBMITTED",)])
        assert (await core.operations.cancel(caller, SLUG, waiting.id)).state == "CANCELED"
        play.say(done(b"a")).end()
        play = await script.turn()
        assert play.turn.message["parts"] == [{"text": "c"}]
        assert play.turn.memory == b"a"
        play.say(done(b"ac")).end()
        await asyncio.gather(first, third)
        assert await ask(kept) == {"c-1": b"ac"}


@pytest.mark.parametrize("ending", ["FAILED", "REJECTED", "CANCELED"])
async def test_a_turn_that_does_not_succeed_leaves_it_as_it_was(script, caller, ending):
    async with Core(script) as core:
        for memory, state in ((b"good", "COMPLETED"), (b"bad", ending)):
            sending = asyncio.create_task(core.operations.send(caller, SLUG, said(state)))
            (await script.turn()).say(done(memory, state)).end()
            await sending
        assert await ask(kept) == {"c-1": b"good"}
        assert await ask(lambda: ConversationMemory.objects.get().turn) is None


async def test_a_question_keeps_it_and_lets_others_speak(script, caller):
    async with Core(script) as core:
        asking = asyncio.create_task(core.operations.send(caller, SLUG, said("a")))
        (await script.turn()).say(done(b"asked", "INPUT_REQUIRED")).end()
        asked = await asking
        other = asyncio.create_task(core.operations.send(caller, SLUG, said("b")))
        play = await script.turn()
        assert play.turn.memory == b"asked"
        answer = asyncio.create_task(
            core.operations.send(caller, SLUG, said("yes", taskId=asked.id))
        )
        await until(lambda: rows("state"), [("SUBMITTED",), ("WORKING",)])
        play.say(done(b"other")).end()
        play = await script.turn()
        assert (play.turn.task_id, play.turn.memory) == (asked.id, b"other")
        play.say(done(b"answered")).end()
        assert (await answer).state == (await other).state == "COMPLETED"
        assert await ask(kept) == {"c-1": b"answered"}


async def test_two_web_processes_give_one_turn_at_a_time(script, caller):
    """Both answer the same conversation; whoever ends a turn hands on to whoever waits, in either process."""
    async with Core(script) as one, Core(script) as other:
        cores = [one, other] * 6
        sending = [
            asyncio.create_task(core.operations.send(caller, SLUG, said(f"n{number}")))
            for number, core in enumerate(cores)
        ]
        for number in range(len(cores)):
            play = await script.turn()
            at_work = await rows("state")
            assert [each for (each,) in at_work].count("WORKING") <= 1
            assert play.turn.memory == str(number or "").encode()
            play.say(done(str(number + 1).encode())).end()
        await asyncio.gather(*sending)
        assert await ask(kept) == {"c-1": b"12"}


async def test_without_news_who_waits_finds_out(script, caller, settings, monkeypatch):
    async with Core(script) as one, Core(script) as other:
        first = asyncio.create_task(one.operations.send(caller, SLUG, said("a")))
        play = await script.turn()
        second = asyncio.create_task(other.operations.send(caller, SLUG, said("b")))
        await until(lambda: rows("state"), [("WORKING",), ("SUBMITTED",)])
        monkeypatch.setattr(one.switchboard.conversations, "_others", lambda task_ids: None)
        play.say(done(b"a")).end()
        play = await script.turn()
        assert play.turn.memory == b"a"
        play.say(done(b"ab")).end()
        await asyncio.gather(first, second)


async def test_another_delivery_gets_the_same_memory(script, caller):
    async with Core(script) as core:
        for memory in (b"one", b"two"):
            sending = asyncio.create_task(core.operations.send(caller, SLUG, said(str(memory))))
            play = await script.turn()
            if memory == b"two":
                play.say(replace(chunk("half"), memory=b"half")).end(Broken("killed"))
                play = await script.turn()
                assert play.turn.memory == b"one"
            play.say(done(memory)).end()
            await sending
        assert await ask(kept) == {"c-1": b"two"}


async def test_another_web_process_goes_on_with_the_same_memory(script, caller):
    """kill -9 of the one that held the turn, and of one that waited: neither is lost, and they keep their order."""
    async with Core(script) as lost:
        sending = asyncio.create_task(lost.operations.send(caller, SLUG, said("a")))
        (await script.turn()).say(done(b"a")).end()
        await sending
        sending = [
            asyncio.create_task(lost.operations.send(caller, SLUG, said(text))) for text in "bc"
        ]
        held = await script.turn()
        await until(
            lambda: rows("state"), [("COMPLETED",), *sorted([("WORKING",), ("SUBMITTED",)])[::-1]]
        )
        await lost.die()
        async with Core(script):
            await ask(lambda: Task.objects.filter(closed=None).update(lease_until=long_ago()))
            again = await script.turn()
            assert again.turn.task_id == held.turn.task_id
            assert again.turn.memory == b"a"
            again.say(done(b"ab")).end()
            last = await script.turn()
            assert last.turn.memory == b"ab"
            last.say(done(b"abc")).end()
            await until(lambda: rows("state"), [("COMPLETED",)] * 3)
        await dropped(*sending)
    assert await ask(kept) == {"c-1": b"abc"}


async def test_a_holder_that_was_lost_for_good_does_not_keep_others_waiting(script, caller):
    async with Core(script) as lost, Core(script) as core:
        holder = asyncio.create_task(lost.operations.send(caller, SLUG, said("a")))
        held = await script.turn()
        waiting = asyncio.create_task(core.operations.send(caller, SLUG, said("b")))
        await until(lambda: rows("state"), [("WORKING",), ("SUBMITTED",)])
        await lost.die()
        await ask(
            lambda: Task.objects.filter(id=held.turn.task_id).update(
                lease_until=long_ago(), deliveries=MAX_DELIVERIES
            )
        )
        play = await script.turn()
        assert play.turn.memory == b""
        play.say(done(b"b")).end()
        assert (await waiting).state == "COMPLETED"
        assert await rows("state", "reason") == [("FAILED", "lease_lost"), ("COMPLETED", "")]
        await dropped(holder)


async def test_agents_that_do_not_remember_have_no_rows_and_no_turns(caller, transactional_db):
    await ask(make_scripted)
    script = Script()
    async with Core(script) as core:
        sending = [
            asyncio.create_task(core.operations.send(caller, SLUG, said(text))) for text in "ab"
        ]
        plays = [await script.turn(), await script.turn()]  # at once
        assert [play.turn.memory for play in plays] == [None, None]
        for play in plays:
            play.say(done()).end()
        await asyncio.gather(*sending)
        assert await ask(kept) == {}


async def one_turn(core, script, caller, memory, text="a"):
    sending = asyncio.create_task(core.operations.send(caller, SLUG, said(text)))
    play = await script.turn()
    play.say(done(memory)).end()
    await sending
    return play.turn.memory


async def test_what_is_forgotten_during_a_turn_does_not_come_back_with_its_end(
    script, caller, admin
):
    async with Core(script) as core:
        await one_turn(core, script, caller, b"secret")
        sending = asyncio.create_task(core.operations.send(caller, SLUG, said("b")))
        play = await script.turn()
        assert await ask(forget_memory, admin, SLUG, "c-1") == 1
        play.say(done(b"secret and more")).end()
        assert (await sending).state == "COMPLETED"
        assert await ask(kept) == {"c-1": b""}
        assert await one_turn(core, script, caller, b"anew", "c") == b""
        assert await ask(kept) == {"c-1": b"anew"}
        event = await ask(lambda: AuditEvent.objects.get(action="memory.forgotten"))
        assert (event.target, event.after) == (SLUG, {"context_id": "c-1", "count": 1})


async def test_callers_forget_their_own_and_managers_all(script, caller, admin):
    other = await ask(lambda: key_principal(make_key(make_user("oscar", "developer"))[0]))
    async with Core(script) as core:
        for who, context in ((caller, "c-1"), (other, "c-2"), (other, "c-3")):
            sending = asyncio.create_task(core.operations.send(who, SLUG, said("a", context)))
            (await script.turn()).say(done(b"x")).end()
            await sending
        with pytest.raises(NotFound):
            await ask(forget_memory, caller, SLUG, "c-2")
        assert await ask(forget_memories, caller, SLUG) == 1
        assert await ask(lambda: [each.size for each in memories(other, SLUG)]) == [1, 1]
        assert await ask(lambda: memories(caller, SLUG).count()) == 0
        assert await ask(forget_memories, admin, SLUG) == 2
        assert await ask(kept) == {}


async def test_memory_goes_with_the_plugin_and_with_time(script, caller, admin, settings):
    async with Core(script) as core:
        await one_turn(core, script, caller, b"x")
        assert await ask(prune_memories) == 0
        old = timezone.now() - timedelta(days=settings.MEMORY_DAYS, minutes=1)
        await ask(lambda: ConversationMemory.objects.update(updated=old))
        settings.MEMORY_DAYS = 0
        assert await ask(prune_memories) == 0
        settings.MEMORY_DAYS = 30
        assert await ask(prune_memories) == 1
        await one_turn(core, script, caller, b"y")
        await ask(lambda: Agent.objects.update(retired=timezone.now()))
        assert await ask(prune_memories) == 1
        await ask(lambda: Agent.objects.update(retired=None))
        await one_turn(core, script, caller, b"z")
        await ask(uninstall, admin, SLUG)
        assert await ask(kept) == {}


async def test_usage_of_every_turn_is_added_up_and_counted(script, caller):
    used = {"model": "m", "inputTokens": 3, "outputTokens": 2, "cost": 0.5, "currency": "EUR"}
    counted = model_tokens_total.labels(SLUG, SLUG, "input")
    before = counted._value.get()
    told = status("INPUT_REQUIRED", metadata={"agentx": {"usage": [used]}})
    async with Core(script) as core:
        sending = asyncio.create_task(core.operations.send(caller, SLUG, said("a")))
        (await script.turn()).say(told).end()
        asked = await sending
        answer = asyncio.create_task(core.operations.send(caller, SLUG, said("b", taskId=asked.id)))
        failed = TurnFailed("no", "model_failed", {"agentx": {"usage": [used]}, "x": 1})
        (await script.turn()).end(failed)
        assert (await answer).state == "FAILED"
        task = await ask(lambda: Task.objects.get())
        assert task.usage == {
            "inputTokens": 6,
            "outputTokens": 4,
            "models": ["m"],
            "cost": 1.0,
            "currency": "EUR",
        }
        last = await ask(lambda: task.events.order_by("seq").last())
        assert last.payload["metadata"]["x"] == 1
        assert counted._value.get() - before == 6
