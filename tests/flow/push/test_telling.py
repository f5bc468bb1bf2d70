"""The courier at work on rows: every event once and in order, tried again, given up."""

import asyncio
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from routing.models import Message, PushConfig, PushDelivery, Task, TaskEvent
from routing.push.parcels import next_parcel
from routing.services import claims, outbox, pushes
from routing.services.outbox import Patience
from security.rows import ask
from tests.factories import make_message
from tests.receiver import Receiver
from tests.webhooks import BEARER, IMPATIENT, courier, happens, keep, settled, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.asyncio
async def test_every_event_is_told_once_in_order_until_the_task_has_ended(task):
    await ask(make_message, task)
    async with Receiver() as hook, courier():
        config = await ask(keep, task, hook.url(), token="t-1", authentication=BEARER)
        first = (await hook.until(1))[0]
        assert first.body["task"]["status"] == {"state": "TASK_STATE_WORKING"}
        assert first.body["task"]["history"][0]["parts"] == [{"text": "hello"}]
        assert first.headers["content-type"] == "application/a2a+json"
        assert first.headers["authorization"] == "Bearer s3cret"
        assert first.headers["x-a2a-notification-token"] == "t-1"
        assert first.headers["user-agent"] == f"AgentX/{settings.VERSION}"
        assert first.headers["agentx-event"] == f"{task.id}/1"
        assert first.headers["agentx-attempt"] == "1"
        assert first.headers["x-request-id"]
        await ask(happens, task, 20, ends=True)
        told = await hook.until(21)
        assert [each.number for each in told] == list(range(1, 22))
        last = told[-1].body["statusUpdate"]
        assert last["taskId"] == str(task.id)
        assert last["status"]["state"] == "TASK_STATE_COMPLETED"
        ended = await settled(config)
    assert (ended.end_reason, ended.delivered_seq) == ("task_ended", 21)
    assert await ask(states, config) == [(seq, "delivered", 1) for seq in range(1, 22)]


@pytest.mark.asyncio
async def test_a_message_of_the_caller_is_not_told(task):
    def speaks() -> None:
        task.seq += 1
        TaskEvent.objects.create(task=task, seq=task.seq, kind="message", payload={})
        Task.objects.filter(id=task.id).update(seq=task.seq)

    async with Receiver() as hook, courier():
        config = await ask(keep, task, hook.url())
        await ask(speaks)
        await ask(happens, task, ends=True)
        assert [each.number for each in await hook.until(2)] == [1, 3]
        await settled(config)


@pytest.mark.asyncio
async def test_an_older_caller_is_told_the_task_in_its_own_shape(task):
    def older(url: str) -> PushConfig:
        return pushes.keep_push(task.id, pushes.checked({"url": url}, "0.3"), 0)

    async with Receiver() as hook, courier():
        config = await ask(older, hook.url())
        (told,) = await hook.until(1)
    assert config.config_id == str(task.id)
    assert told.headers["content-type"] == "application/json"
    assert (told.body["kind"], told.body["id"]) == ("task", str(task.id))
    assert told.body["status"]["state"] == "working"


@pytest.mark.asyncio
async def test_one_that_fails_is_tried_again_and_the_next_event_waits_for_it(task):
    async with Receiver() as hook, courier():
        hook.answers["hook"], hook.headers = [500, 307], {"Location": hook.url("elsewhere")}
        config = await ask(keep, task, hook.url())
        await ask(happens, task, ends=True)
        told = await hook.until(4)
        await settled(config)
    assert [each.number for each in told] == [1, 1, 1, 2]
    assert hook.at("elsewhere") == []
    assert [each.headers["agentx-attempt"] for each in told] == ["1", "2", "3", "1"]
    assert await ask(states, config) == [(1, "delivered", 3), (2, "delivered", 1)]


@pytest.mark.asyncio
async def test_it_is_given_up_in_the_end_and_says_so_and_does_not_block_for_ever(task):
    """After a dead letter each further event gets one attempt, until one arrives."""
    async with Receiver() as hook, courier():
        hook.answers["hook"] = [500, 500, 503, 500, 204, 500]
        config = await ask(keep, task, hook.url())
        await ask(happens, task, 3, ends=True)
        told = await hook.until(7)
        await settled(config)
    assert [each.number for each in told] == [1, 1, 1, 2, 3, 4, 4]
    expected = [(1, "dead", 3), (2, "dead", 1), (3, "delivered", 1), (4, "delivered", 2)]
    assert await ask(states, config) == expected
    dead = await ask(PushDelivery.objects.get, config=config, seq=1)
    assert (dead.status, dead.error) == (503, "answered 503")


@pytest.mark.asyncio
async def test_gone_ends_the_config(task):
    async with Receiver() as hook, courier():
        hook.answers["hook"] = [410]
        config = await ask(keep, task, hook.url())
        await ask(happens, task)
        await hook.until(1)
        assert (await settled(config)).end_reason == "gone"
    assert await ask(states, config) == [(1, "dead", 1)]


@pytest.mark.asyncio
async def test_a_receiver_may_ask_for_a_pause(task):
    async with Receiver() as hook, courier(Patience(attempts=3, first=0.01, most=500)):
        hook.answers["hook"], hook.headers = [429], {"Retry-After": "300"}
        config = await ask(keep, task, hook.url())
        await hook.until(1)
        async with asyncio.timeout(10):
            while not (found := await ask(PushConfig.objects.get, id=config.id)).attempts:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert found.due > timezone.now() + timedelta(seconds=200)


def test_the_pauses_grow_are_random_and_bounded():
    patience = Patience(attempts=10, first=1, most=60)
    longest = [max(patience.pause(failed) for _ in range(300)) for failed in (1, 3, 20)]
    assert 0.5 < longest[0] <= 1 < longest[1] <= 4 < longest[2] <= 60
    assert min(patience.pause(20) for _ in range(300)) < 30
    assert patience.pause(1, wished=1e9) == 60


def test_what_arrived_is_forgotten_after_a_while_and_what_did_not_is_kept(task):
    config = keep(task, "https://hook.example/")
    old = timezone.now() - timedelta(days=30)
    for seq, state in enumerate(("delivered", "dead", "delivered")):
        PushDelivery.objects.create(config=config, seq=seq, state=state, updated=old)
    PushDelivery.objects.filter(seq=2).update(updated=timezone.now())
    assert outbox.prune_deliveries() == 1
    assert not PushDelivery.objects.filter(seq=0).exists()


def test_a_deleted_config_is_told_nothing_more(task):
    config = keep(task, "https://hook.example/")
    (errand,) = claims.claim_due(10, {})
    pushes.drop_push(task.id, config.config_id)
    assert next_parcel(errand) is None
    assert outbox.note(errand, 1, outbox.Outcome(204), IMPATIENT) is False
    pushes.drop_push(task.id, config.config_id)


def test_a_task_whose_shape_is_undecided_is_not_told(task):
    """An agent that may answer with a message alone: no task is promised before it is known."""
    keep(task, "https://hook.example/")
    Task.objects.filter(id=task.id).update(is_direct=True)
    assert claims.claim_due(10, {}) == []
    said = {"messageId": "a-1", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}
    task.seq = 2
    status = {"state": "TASK_STATE_COMPLETED", "message": said}
    TaskEvent.objects.create(task=task, seq=2, kind="status", payload=status)
    Task.objects.filter(id=task.id).update(state="COMPLETED", closed=timezone.now(), seq=2)
    (errand,) = claims.claim_due(10, {})
    parcel = next_parcel(errand)
    assert parcel is not None and parcel.seq == 2
    assert json.loads(parcel.body) == {"message": said}
    assert not Message.objects.filter(task=task).exists()
