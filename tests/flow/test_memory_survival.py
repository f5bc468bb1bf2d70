"""Conversations whose agent's processes are killed, in a supervised node: nothing that was acknowledged is forgotten."""

import asyncio

import pytest

from plugins_app import services
from plugins_app.models import Plugin
from routing.models import ConversationMemory
from security.rows import ask
from tests.nodes import BROKEN, US, eventually, installed, instances, kill, running
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def recalling(node) -> Plugin:
    plugin = installed(BROKEN / "recalling", replicas=2, start=False)
    Plugin.objects.filter(id=plugin.id).update(trust="internal")
    services.set_desired(US, plugin.slug, "running")
    eventually(lambda: running(plugin, 2), within=60)
    return plugin


async def said(web: Web, text: str, context: str = "c", **metadata) -> str:
    """The agent's words: all that it was told in the conversation."""
    task = await web.send(text, "recalling", contextId=context, metadata=metadata)
    assert task["status"]["state"] == "TASK_STATE_COMPLETED", task["status"]
    return "".join(part["text"] for each in task["artifacts"] for part in each["parts"])


def kill_one(plugin: Plugin) -> None:
    kill(next(each.pid for each in instances(plugin) if each.state == "running"))


@pytest.mark.asyncio
async def test_processes_that_are_killed_between_turns_and_during(recalling, key, tmp_path):
    async with Web(key) as one, Web(key) as other:
        assert await said(one, "a") == "a"
        await ask(kill_one, recalling)
        assert await said(other, "b") == "a b"  # by another process of both kinds
        pairs = ((one, "c"), (other, "d"))
        # One process ends in the midst of its turn, which is delivered again with the same memory.
        crashing = [said(web, word, crash=str(tmp_path / "crashed")) for web, word in pairs]
        answers = sorted(await asyncio.gather(*crashing), key=len)
        assert (tmp_path / "crashed").exists()
        assert [len(each.split()) for each in answers] == [3, 4]
        assert set(answers[1].split()) == {"a", "b", "c", "d"}
        kept = await ask(lambda: ConversationMemory.objects.get())
        assert (kept.revision, kept.turn) == (4, None)


@pytest.mark.asyncio
async def test_twenty_messages_at_once_to_two_processes_by_two_webs(recalling, key):
    async with Web(key) as one, Web(key) as other:
        sending = [said(web, f"n{n}") for n, web in enumerate([one, other] * 10)]
        answers = await asyncio.gather(*sending)
        assert sorted(len(each.split()) for each in answers) == list(range(1, 21))
        longest = max(answers, key=len).split()
        assert all(longest[: len(each.split())] == each.split() for each in answers)
