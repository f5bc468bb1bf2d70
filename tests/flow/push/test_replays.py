"""What was given up is tried once more, by whom that is allowed."""

import asyncio

import pytest

from routing import selectors
from routing.errors import TaskNotFound
from routing.models import PushDelivery, Task
from routing.services import replay_dead, replay_delivery
from routing.services.outbox import Patience
from security.errors import Conflict, Forbidden, NotFound
from security.principals import ANONYMOUS
from security.rows import ask
from tests.receiver import Receiver
from tests.webhooks import courier, happens, keep, settled, states

pytestmark = pytest.mark.django_db(transaction=True)


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
