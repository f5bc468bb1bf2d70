"""The courier at work on rows: order, retries, giving up, replay, and what a bad webhook does to others."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from routing import selectors
from routing.errors import TaskNotFound
from routing.limits import MAX_PUSH_CONFIGS, PUSH_CLAIM_SECONDS, PUSH_PER_HOST
from routing.models import Message, PushConfig, PushDelivery, Task, TaskEvent
from routing.push.courier import Courier
from routing.push.parcels import next_parcel
from routing.services import claims, outbox, pushes, replay_dead, replay_delivery
from routing.services.outbox import Patience
from routing.tasks import deliver_push
from security.errors import Conflict, Forbidden, InvalidInput, NotFound
from security.principals import ANONYMOUS
from security.rows import ask
from tests.factories import make_agent, make_message, make_task
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
IMPATIENT = Patience(attempts=3, first=0.02, most=0.05)
ROOT = Path(settings.BASE_DIR)


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def task(db) -> Task:
    return make_task(make_agent(), state="WORKING", seq=1)


@contextlib.asynccontextmanager
async def courier(patience: Patience = IMPATIENT) -> AsyncIterator[Courier]:
    courier = Courier(patience)
    at_work = asyncio.create_task(courier.run())
    yield courier
    at_work.cancel()
    await asyncio.gather(at_work, return_exceptions=True)


def keep(task: Task, url: str, after: int = 0, **config) -> PushConfig:
    return pushes.keep_push(task.id, pushes.checked({"url": url} | config), after)


def happens(task: Task, count: int = 1, *, ends: bool = False) -> None:
    """The next events of a task, as the journal writes them."""
    for each in range(count):
        task.seq += 1
        state = "COMPLETED" if ends and each == count - 1 else "WORKING"
        status = {"state": f"TASK_STATE_{state}", "timestamp": "2026-01-01T00:00:00.000Z"}
        TaskEvent.objects.create(task=task, seq=task.seq, kind="status", payload=status)
        closed = timezone.now() if state == "COMPLETED" else None
        Task.objects.filter(id=task.id).update(seq=task.seq, state=state, closed=closed)


async def settled(config: PushConfig, within: float = 10.0) -> PushConfig:
    """Once nothing is left to be told."""
    async with asyncio.timeout(within):
        while (found := await ask(PushConfig.objects.get, id=config.id)).ended is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


def states(config: PushConfig) -> list[tuple[int, str, int]]:
    rows = PushDelivery.objects.filter(config=config).order_by("seq")
    return list(rows.values_list("seq", "state", "attempts"))


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


BEARER = {"scheme": "Bearer", "credentials": "s3cret"}


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


@pytest.mark.asyncio
async def test_a_dead_letter_can_be_replayed(task, operator):
    async with Receiver() as hook, courier(Patience(attempts=1)):
        hook.answers["hook"] = [500, 500]
        config = await ask(keep, task, hook.url())
        await ask(happens, task, ends=True)
        await settled(config)
        dead = await ask(PushDelivery.objects.get, config=config, seq=1)
        replayed = await ask(replay_delivery, operator, dead.id)
        assert replayed.state == "pending"
        assert (await hook.until(3))[-1].number == 1
        async with asyncio.timeout(10):
            while (await ask(states, config))[0] != (1, "delivered", 2):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await ask(replay_dead, operator, task.id) == 1
        assert (await hook.until(4))[-1].number == 2
    with pytest.raises(NotFound):
        await ask(replay_delivery, operator, task.id)


def test_only_who_may_see_a_delivery_may_replay_it(task, caller, operator):
    config = keep(task, "https://hook.example/")
    dead = PushDelivery.objects.create(config=config, seq=1, state="dead")
    with pytest.raises(NotFound):
        replay_delivery(caller, dead.id)
    with pytest.raises(TaskNotFound):
        replay_dead(caller, task.id)
    assert not selectors.push_deliveries(caller)
    with pytest.raises(NotFound):
        selectors.access_push_delivery(caller, dead.id)
    Task.objects.filter(id=task.id).update(owner=caller.subject)
    assert selectors.access_push_delivery(caller, dead.id) == dead
    assert selectors.push_configs(caller).get().dead == 1
    assert replay_dead(caller, task.id) == 1
    with pytest.raises(Conflict):
        replay_delivery(operator, dead.id)


def test_who_sees_all_tasks_may_not_replay_them(task):
    from security.selectors import user_principal
    from tests.factories import make_user

    viewer = user_principal(make_user("vera", "viewer"))
    dead = PushDelivery.objects.create(config=keep(task, "https://x.example/"), seq=1, state="dead")
    with pytest.raises(Forbidden):
        replay_delivery(viewer, dead.id)
    with pytest.raises(Exception):  # noqa: B017 - a stranger is told to log in
        replay_delivery(ANONYMOUS, dead.id)


@pytest.mark.asyncio
async def test_a_silent_webhook_holds_up_nobody_else(task):
    async with Receiver() as hook, courier(Patience()):
        with hook.held("silent"):
            for number in range(PUSH_PER_HOST - 1):
                await ask(keep, task, hook.url("silent"), id=f"s{number}")
            await ask(keep, task, hook.url("brisk"), id="brisk")
            await ask(happens, task, 10)
            assert len(await hook.until(11, "brisk")) == 11
            assert len(hook.at("silent")) == PUSH_PER_HOST - 1


@pytest.mark.asyncio
async def test_one_host_is_not_told_everything_at_once(task):
    async with Receiver() as hook, courier(Patience()):
        with hook.held("silent"):
            for number in range(MAX_PUSH_CONFIGS - 1):
                await ask(keep, task, hook.url("silent"), id=f"s{number}")
            await hook.until(PUSH_PER_HOST, "silent")
            # Another name, hence another host: its turn comes at once.
            await ask(keep, task, hook.url("brisk", "localhost"), id="brisk")
            await hook.until(1, "brisk")
            assert len(hook.at("silent")) == PUSH_PER_HOST
        await hook.until(MAX_PUSH_CONFIGS - 1, "silent")


def test_what_a_lost_courier_had_in_hand_is_taken_up_again(task):
    config = keep(task, "https://hook.example/")
    (errand,) = claims.claim_due(10, {})
    assert claims.claim_due(10, {}) == []
    past = timezone.now() - timedelta(seconds=PUSH_CLAIM_SECONDS)
    PushConfig.objects.filter(id=config.id, due__gt=timezone.now()).update(due=past)
    (again,) = claims.claim_due(10, {})
    assert again.claim != errand.claim
    # The first one comes back from the dead: its word does not count any more.
    assert next_parcel(errand) is None
    assert outbox.note(errand, 1, outbox.Outcome(204), IMPATIENT) is False
    assert outbox.note(again, 1, outbox.Outcome(204), IMPATIENT) is True
    assert states(config) == [(1, "delivered", 1)]


def test_a_reason_that_a_row_cannot_hold_is_cut(task):
    config = keep(task, "https://hook.example/")
    (errand,) = claims.claim_due(10, {})
    assert outbox.note(errand, 1, outbox.Outcome(error="a\0b" * 1000), Patience(attempts=1))
    assert PushDelivery.objects.get(config=config).error.startswith("abab")


def test_two_couriers_never_have_one_webhook_in_hand(task):
    for number in range(8):
        keep(task, f"https://{number}.example/", id=str(number))
    first = claims.claim_due(4, {})
    second = claims.claim_due(100, {})
    assert len(first) == len(second) == 4
    assert not {each.config for each in first} & {each.config for each in second}


def test_couriers_that_look_at_the_same_moment_share_the_work(task):
    for number in range(MAX_PUSH_CONFIGS):
        keep(task, f"https://{number}.example/", id=str(number))
    together = threading.Barrier(4)

    def look() -> list[claims.Errand]:
        together.wait(10)
        try:
            return [errand for _ in range(MAX_PUSH_CONFIGS) for errand in claims.claim_due(1, {})]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(look) for _ in range(4)]]
    taken = [errand.config for share in found for errand in share]
    assert len(taken) == len(set(taken)) == MAX_PUSH_CONFIGS


def test_the_pauses_grow_are_random_and_bounded():
    patience = Patience(attempts=10, first=1, most=60)
    longest = [max(patience.pause(failed) for _ in range(300)) for failed in (1, 3, 20)]
    assert 0.5 < longest[0] <= 1 < longest[1] <= 4 < longest[2] <= 60
    assert min(patience.pause(20) for _ in range(300)) < 30
    assert patience.pause(1, wished=1e9) == 60


@pytest.mark.asyncio
async def test_a_name_that_leads_inside_is_refused_when_it_is_told(task, settings, monkeypatch):
    """What the name stood for when the config was made does not matter."""
    settings.WEBHOOK_ALLOW = []
    asked = []

    async def answers(self, host, port, **_):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    async with Receiver() as hook:
        config = await ask(keep, task, hook.url(host="rebind.example"))
        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answers)
        await Courier(Patience(attempts=1)).once()
    assert asked == ["rebind.example"]
    assert hook.heard == []
    dead = await ask(PushDelivery.objects.get, config=config)
    assert "private address" in dead.error


@pytest.mark.asyncio
async def test_an_address_that_is_no_longer_allowed_is_not_told(task, settings):
    async with Receiver() as hook:
        config = await ask(keep, task, hook.url())
        settings.WEBHOOK_ALLOW = []
        await Courier(Patience(attempts=1)).once()
        assert hook.heard == []
    assert "private address" in (await ask(PushDelivery.objects.get, config=config)).error


@pytest.mark.asyncio
async def test_a_secret_that_cannot_be_opened_is_a_reason_not_a_crash(task):
    async with Receiver() as hook:
        config = await ask(keep, task, hook.url(), token="t")
        await ask(PushConfig.objects.filter(id=config.id).update, sealed_token="nonsense")
        await Courier(Patience(attempts=1)).once()
        assert hook.heard == []
    assert "cannot be opened" in (await ask(PushDelivery.objects.get, config=config)).error


def test_secrets_are_sealed_in_the_row(task):
    config = keep(task, "https://hook.example/", token="t-1", authentication=BEARER)
    config.refresh_from_db()
    row = str(list(PushConfig.objects.filter(id=config.id).values_list()))
    assert "t-1" not in row and "s3cret" not in row
    assert pushes.shown(config) == {
        "id": config.config_id,
        "taskId": str(task.id),
        "url": "https://hook.example/",
        "authentication": {"scheme": "Bearer"},
    }


@pytest.mark.parametrize(
    ("field", "config"),
    [
        ("url", {}),
        ("url", {"url": ""}),
        ("url", {"url": 7}),
        ("url", {"url": "ftp://hook.example/"}),
        ("url", {"url": "file:///etc/passwd"}),
        ("url", {"url": "https://"}),
        ("url", {"url": "https://u:p@hook.example/"}),
        ("url", {"url": "https://hook.example/\r\nX: y"}),
        ("url", {"url": "https://hook.example/ x"}),
        ("url", {"url": "http://1.2.3.4\\@127.0.0.2/"}),
        ("url", {"url": "http://10.0.0.1/"}),
        ("url", {"url": "http://100.64.1.1/"}),
        ("url", {"url": "http://169.254.169.254/latest/"}),
        ("url", {"url": "http://metadata.google.internal/"}),
        ("url", {"url": "http://[::ffff:10.0.0.1]/"}),
        ("url", {"url": "http://[::1]/"}),
        ("url", {"url": "http://0x0a000001/"}),
        ("url", {"url": "http://012.0.0.1/"}),
        ("url", {"url": "https://hook.example/" + "x" * 2048}),
        ("token", {"url": "https://x.example/", "token": "a\r\nB: c"}),
        ("token", {"url": "https://x.example/", "token": "x" * 8193}),
        ("id", {"url": "https://x.example/", "id": "x" * 129}),
        ("authentication", {"url": "https://x.example/", "authentication": "Bearer x"}),
        (
            "authentication.scheme",
            {"url": "https://x.example/", "authentication": {"credentials": "x"}},
        ),
        (
            "authentication.scheme",
            {"url": "https://x.example/", "authentication": {"scheme": "Two words"}},
        ),
        (
            "authentication.credentials",
            {
                "url": "https://x.example/",
                "authentication": {"scheme": "Bearer", "credentials": "x\ny"},
            },
        ),
    ],
)
def test_what_cannot_be_told_is_refused_when_it_is_asked_for(field, config):
    with pytest.raises(InvalidInput) as refused:
        pushes.checked(config)
    assert list(refused.value.fields) == [field]


def test_a_task_has_so_many_configs_and_no_more(task):
    for number in range(MAX_PUSH_CONFIGS):
        keep(task, "https://hook.example/", id=str(number))
    with pytest.raises(InvalidInput, match="at most 20"):
        keep(task, "https://hook.example/", id="one too many")
    assert keep(task, "https://other.example/", id="0").url == "https://other.example/"


@pytest.mark.asyncio
async def test_the_worker_tells_what_no_courier_took(task):
    """`routing.deliver_push` is what is left where no courier runs."""
    async with Receiver() as hook:
        await ask(keep, task, hook.url())
        assert await asyncio.to_thread(deliver_push) == 0, "a courier would take it in this moment"
        past = timezone.now() - timedelta(seconds=30)
        await ask(PushConfig.objects.update, due=past)
        assert await asyncio.to_thread(deliver_push) == 1
        await hook.until(1)


def test_what_arrived_is_forgotten_after_a_while_and_what_did_not_is_kept(task):
    config = keep(task, "https://hook.example/")
    old = timezone.now() - timedelta(days=30)
    for seq, state in enumerate(("delivered", "dead", "delivered")):
        PushDelivery.objects.create(config=config, seq=seq, state=state, updated=old)
    PushDelivery.objects.filter(seq=2).update(updated=timezone.now())
    assert outbox.prune_deliveries() == 1
    assert not PushDelivery.objects.filter(seq=0).exists()


class Process:
    """`manage.py courier` on the test database."""

    def __init__(self) -> None:
        name = connection.settings_dict["NAME"]
        url = os.environ["DATABASE_URL"].rpartition("/")
        query = url[2].partition("?")
        database = f"{url[0]}/{name}?{query[2]}" if query[1] else f"{url[0]}/{name}"
        environment = os.environ | {
            "DATABASE_URL": database,
            "AGENTX_WEBHOOK_ALLOW": "127.0.0.0/8",
        }
        self.child = subprocess.Popen(
            [sys.executable, "manage.py", "courier"], cwd=ROOT, env=environment
        )

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(10)


@pytest.mark.asyncio
async def test_what_a_killed_courier_had_in_hand_is_told_by_the_next(task):
    """Nothing is lost; what it was telling is told twice."""
    async with Receiver() as hook:
        first = await asyncio.to_thread(Process)
        try:
            config = await ask(keep, task, hook.url())
            with hook.held("hook"):
                await hook.until(1, within=30)
                await ask(happens, task, 3, ends=True)
                await asyncio.to_thread(first.kill)
        finally:
            await asyncio.to_thread(first.kill)
        # Its claim has to end first: what remains of it is taken away here, to be quick.
        past = timezone.now() - timedelta(seconds=1)
        await ask(PushConfig.objects.filter(id=config.id).update, due=past)
        async with courier():
            assert [each.number for each in await hook.until(5)] == [1, 1, 2, 3, 4]
            await settled(config)


@pytest.mark.asyncio
async def test_one_that_is_told_to_stop_hands_over_at_once(task):
    async with Receiver() as hook:
        with hook.held("hook"):
            async with courier():
                config = await ask(keep, task, hook.url())
                await hook.until(1)
        assert (await ask(PushConfig.objects.get, id=config.id)).claim is None
        async with courier():
            assert [each.number for each in await hook.until(2)] == [1, 1]


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
