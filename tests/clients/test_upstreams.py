"""AgentX as a client: agents of the official SDKs, registered by their cards, every binding of both versions."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from registry.connections import headers_of
from registry.fetching import find_card
from registry.services import register_remote_agent
from routing.models import Task
from security.principals import system
from security.rows import ask
from tests.clients.upstreams import sdk_server
from tests.factories import make_key
from tests.web import Web, message, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
BINDINGS = ("JSONRPC", "HTTP+JSON", "GRPC")


@pytest.fixture(scope="module")
def new() -> Iterator[str]:
    with sdk_server("1.3.0") as url:
        yield url


@pytest.fixture(scope="module")
def old() -> Iterator[str]:
    with sdk_server("0.3.26") as url:
        yield url


async def register(url: str, binding: str) -> None:
    found = await find_card(f"{url}/cards/{binding.replace('+', '-')}.json", headers_of({}))
    agent = await ask(register_remote_agent, system("tests"), name="far", found=found)
    upstream = await ask(lambda: agent.upstream)
    assert upstream.binding == binding


@pytest.mark.parametrize("binding", BINDINGS)
async def test_of_1_0(new: str, binding: str, settings: Any) -> None:
    await everything(new, binding, settings)


@pytest.mark.parametrize("binding", BINDINGS)
async def test_of_0_3(old: str, binding: str, settings: Any) -> None:
    await everything(old, binding, settings)


async def everything(url: str, binding: str, settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    key = await ask(lambda: make_key()[1])
    await register(url, binding)
    async with Web(key) as web:
        await it_answers(web)
        await it_streams(web)
        await it_answers_directly(web)
        await it_asks(web)
        await it_is_cancelled(web)


async def it_answers(web: Web) -> None:
    task = await web.send("hello", "far")
    assert (state(task), text_of(task)) == ("COMPLETED", "you said hello")


async def it_streams(web: Web) -> None:
    params = {"message": message("hello")}
    told = [each async for each in web.stream("SendStreamingMessage", params, "far")]
    assert "task" in told[0]
    chunks = [each["artifactUpdate"] for each in told if "artifactUpdate" in each]
    assert [each["artifact"]["parts"] for each in chunks] == [
        [{"text": "you said "}],
        [{"text": "hello"}],
    ]
    assert [each.get("append", False) for each in chunks] == [False, True]
    assert told[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def it_answers_directly(web: Web) -> None:
    result = await web.result("SendMessage", {"message": message("direct")}, "far")
    assert result["message"]["parts"] == [{"text": "hi"}]


async def it_asks(web: Web) -> None:
    asked = await web.send("ask", "far")
    assert state(asked) == "INPUT_REQUIRED"
    assert asked["status"]["message"]["parts"] == [{"text": "What?"}]
    task = await web.send("this", "far", taskId=asked["id"], messageId="m-2")
    assert (state(task), text_of(task)) == ("COMPLETED", "you said this")


async def it_is_cancelled(web: Web) -> None:
    task = await web.later("hold", "far")
    upstream = await _known(task["id"])
    canceled = await web.result("CancelTask", {"id": task["id"]}, "far")
    assert state(canceled) == "CANCELED"
    line = next(iter(web.switchboard.remote._lines.values()))
    async with asyncio.timeout(10):
        while True:
            theirs = await line.upstream.get(upstream["taskId"], {})
            if theirs["status"]["state"] == "TASK_STATE_CANCELED":
                break
            await asyncio.sleep(0.05)


async def _known(task_id: str) -> dict[str, Any]:
    """What the agent calls the task."""
    async with asyncio.timeout(10):
        while not (upstream := (await ask(Task.objects.get, id=task_id)).upstream):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return dict(upstream)
