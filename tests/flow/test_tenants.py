"""The tenant that an A2A request names is a wall: tasks and contexts of one are not seen from another."""

import asyncio

import pytest

from routing.errors import TaskNotFound
from routing.requests import Listing
from security.errors import InvalidInput
from tests.scripted import DONE, Core, send, status

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SLUG = "scripted"


async def answered(core, caller, script, happening=DONE, **fields):
    sending = asyncio.create_task(core.operations.send(caller, SLUG, send(**fields)))
    (await script.turn()).say(happening).end()
    return await sending


async def test_another_tenants_tasks_are_not_there(script, caller):
    acme, other = caller.within("acme"), caller.within("other")
    async with Core(script) as core:
        task = await answered(core, acme, script, status("INPUT_REQUIRED", "?"))
        assert (await core.operations.task(acme, SLUG, task.id, None)).scope == "acme"
        for stranger in (other, caller):
            with pytest.raises(TaskNotFound):
                await core.operations.task(stranger, SLUG, task.id, None)
            with pytest.raises(TaskNotFound):
                await core.operations.cancel(stranger, SLUG, task.id)
            with pytest.raises(TaskNotFound):
                await core.operations.subscribe(stranger, SLUG, task.id, 0)
            with pytest.raises(TaskNotFound):
                await core.operations.send(stranger, SLUG, send(taskId=task.id))
            assert (await core.operations.tasks(stranger, SLUG, Listing())).total == 0
        assert (await core.operations.tasks(acme, SLUG, Listing())).total == 1


async def test_another_tenants_context_cannot_be_entered(script, caller):
    async with Core(script) as core:
        await answered(core, caller.within("acme"), script, contextId="c")
        for _ in range(2):  # also once it is remembered
            with pytest.raises(InvalidInput):
                await core.operations.send(caller, SLUG, send(contextId="c"))
        assert await answered(core, caller.within("acme"), script, contextId="c")
