"""Several couriers, dead ones, none: nothing is lost, and a bad webhook holds up nobody else."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from routing.limits import MAX_PUSH_CONFIGS, PUSH_CLAIM_SECONDS, PUSH_PER_HOST
from routing.models import PushConfig
from routing.push.parcels import next_parcel
from routing.services import claims, outbox
from routing.services.outbox import Patience
from routing.tasks import deliver_push
from security.rows import ask
from tests.receiver import Receiver
from tests.webhooks import IMPATIENT, courier, happens, keep, settled, states

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(settings.BASE_DIR)


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
