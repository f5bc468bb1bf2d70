"""Push notifications as callers meet them: asked for at a door, told by a courier, while agents work."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import settings as django_settings

from registry.models import Agent
from registry.profile import Profile
from routing.limits import MAX_PUSH_CONFIGS
from routing.models import PushConfig, Task
from routing.push.courier import Courier
from security.rows import ask
from tests.receiver import Receiver
from tests.web import Json, Web, message, reason, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
CREATE = "CreateTaskPushNotificationConfig"
GET = "GetTaskPushNotificationConfig"
LIST = "ListTaskPushNotificationConfigs"
DELETE = "DeleteTaskPushNotificationConfig"
URL = "https://hook.example/a"
LOGIN = {"scheme": "Bearer", "credentials": "s3cret"}


@pytest.fixture(autouse=True)
def loopback(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.0/8"]


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with Receiver() as hook:
        yield hook


@pytest_asyncio.fixture
async def courier() -> AsyncIterator[None]:
    at_work = asyncio.create_task(Courier().run())
    yield
    at_work.cancel()
    await asyncio.gather(at_work, return_exceptions=True)


def inline(url: str, **config: object) -> Json:
    return {"taskPushNotificationConfig": {"url": url, **config}}


async def test_a_message_may_bring_its_webhook_which_hears_what_a_stream_hears(web, hook, courier):
    task = await web.send(configuration=inline(hook.url(), token="t-1"))
    assert state(task) == "COMPLETED"
    rows = await ask(Task.objects.get, id=task["id"])
    told = await hook.until(rows.seq)
    assert [each.number for each in told] == list(range(1, rows.seq + 1))
    assert told[0].body["task"]["id"] == task["id"]
    assert "artifactUpdate" in told[1].body
    assert told[-1].body["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert {each.headers["x-a2a-notification-token"] for each in told} == {"t-1"}


async def test_a_webhook_hears_at_once_not_at_the_next_look(web, hook, courier, monkeypatch):
    """With the courier's own looks far apart, news alone has to bring it about."""
    monkeypatch.setattr("routing.push.courier.POLL_SECONDS", 600.0)
    await web.send(configuration=inline(hook.url("first")))
    await hook.until(3, "first")


async def test_a_slow_webhook_does_not_slow_the_message(web, hook, courier):
    """Side by side with a brisk one. If messages waited for it, the first would never be answered."""

    async def quickest(name: str) -> float:
        times = []
        for _ in range(5):
            began = time.monotonic()
            await web.send(configuration=inline(hook.url(name)))
            times.append(time.monotonic() - began)
        return min(times)

    await quickest("brisk")
    with hook.held("silent"):
        silent = await quickest("silent")
        await hook.until(5, "silent")
    assert silent < await quickest("brisk") * 4


async def test_a_refused_webhook_refuses_the_message_before_anything_happens(web, settings):
    settings.WEBHOOK_ALLOW = []
    params = {"message": message(), "configuration": inline("http://169.254.169.254/latest")}
    refusal = await web.refusal("SendMessage", params)
    assert (refusal["code"], reason(refusal)) == (-32602, "INVALID_PARAMS")
    (violation,) = refusal["data"][1]["fieldViolations"]
    assert violation["field"] == "configuration.taskPushNotificationConfig.url"
    assert not await ask(Task.objects.exists)


async def test_configs_are_created_read_listed_and_deleted(web):
    task = await web.send()
    given = {"taskId": task["id"], "id": "c-1", "url": URL, "token": "t-1", "authentication": LOGIN}
    assert await web.result(CREATE, given) == given
    shown = {"taskId": task["id"], "id": "c-1", "url": URL, "authentication": {"scheme": "Bearer"}}
    assert await web.result(GET, {"taskId": task["id"], "id": "c-1"}) == shown
    other = await web.result(CREATE, {"taskId": task["id"], "url": URL})
    assert other["id"]
    listed = await web.result(LIST, {"taskId": task["id"]})
    assert [each["id"] for each in listed["configs"]] == ["c-1", other["id"]]
    assert listed["nextPageToken"] == ""
    for _ in range(2):
        answer = await web.rpc(DELETE, {"taskId": task["id"], "id": "c-1"})
        assert answer["result"] is None
    refusal = await web.refusal(GET, {"taskId": task["id"], "id": "c-1"})
    assert reason(refusal) == "TASK_NOT_FOUND"


async def test_the_same_id_again_replaces(web):
    task = await web.send()
    for url in (URL, f"{URL}/other"):
        await web.result(CREATE, {"taskId": task["id"], "id": "c-1", "url": url})
    (config,) = (await web.result(LIST, {"taskId": task["id"]}))["configs"]
    assert config["url"] == f"{URL}/other"


async def test_the_list_comes_in_pages(web):
    task = await web.send()
    for number in range(5):
        await web.result(CREATE, {"taskId": task["id"], "id": f"c-{number}", "url": URL})
    seen, token = [], ""
    while True:
        page = await web.result(LIST, {"taskId": task["id"], "pageSize": 2, "pageToken": token})
        seen.append([each["id"] for each in page["configs"]])
        if not (token := page["nextPageToken"]):
            break
    assert seen == [["c-0", "c-1"], ["c-2", "c-3"], ["c-4"]]
    for token in ("nonsense", "AAAA", "!"):
        refusal = await web.refusal(LIST, {"taskId": task["id"], "pageToken": token})
        assert refusal["code"] == -32602


async def test_nobody_else_knows_of_a_task_s_webhooks(web, other_key):
    task = await web.send()
    await web.result(CREATE, {"taskId": task["id"], "id": "c-1", "url": URL})
    ids = {"taskId": task["id"], "id": "c-1"}
    async with Web(other_key) as stranger:
        for verb, params in ((CREATE, ids | {"url": URL}), (GET, ids), (LIST, ids), (DELETE, ids)):
            hidden = await stranger.refusal(verb, params)
            missing = await web.refusal(verb, params | {"taskId": "0" * 8})
            assert reason(hidden) == reason(missing) == "TASK_NOT_FOUND", verb
    assert await web.result(GET, ids)


async def test_an_agent_that_sends_none_says_so_to_every_operation(web):
    task = await web.send()
    no = Profile(push=False).as_json()
    await ask(Agent.objects.filter(slug="echo").update, profile=no)
    await web.switchboard.routes.refresh()
    ids = {"taskId": task["id"], "id": "c-1", "url": URL}
    for verb in (CREATE, GET, LIST, DELETE):
        assert reason(await web.refusal(verb, ids)) == "PUSH_NOTIFICATION_NOT_SUPPORTED"
    params = {"message": message(), "configuration": inline(URL)}
    refusal = await web.refusal("SendMessage", params)
    assert (refusal["code"], reason(refusal)) == (-32003, "PUSH_NOTIFICATION_NOT_SUPPORTED")


async def test_a_task_takes_so_many_webhooks(web):
    task = await web.send()
    for number in range(MAX_PUSH_CONFIGS):
        await web.result(CREATE, {"taskId": task["id"], "id": f"c-{number}", "url": URL})
    refusal = await web.refusal(CREATE, {"taskId": task["id"], "url": URL})
    assert f"at most {MAX_PUSH_CONFIGS}" in refusal["message"]


async def test_one_that_comes_later_hears_what_is_still_to_come(web, hook, courier, echo):
    task = await web.later("take your time", agent="slow")
    await web.result(CREATE, {"taskId": task["id"], "url": hook.url()}, agent="slow")
    await web.ended(task["id"], agent="slow")
    rows = await ask(Task.objects.get, id=task["id"])
    told = await hook.until(rows.seq - 1)
    assert [each.number for each in told] == list(range(2, rows.seq + 1))


async def test_one_of_a_task_that_has_ended_is_kept_and_hears_nothing(web, hook, courier):
    task = await web.send()
    await web.result(CREATE, {"taskId": task["id"], "id": "late", "url": hook.url()})
    config = await ask(PushConfig.objects.get, config_id="late")
    assert config.end_reason == "task_ended"
    assert hook.heard == []


async def test_without_redis_it_is_told_all_the_same(web, hook, monkeypatch):
    """The courier's own look finds it: here it listens at a port where nobody is."""
    monkeypatch.setattr(django_settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    at_work = asyncio.create_task(Courier().run())
    try:
        task = await web.send(configuration=inline(hook.url()))
        rows = await ask(Task.objects.get, id=task["id"])
        await hook.until(rows.seq)
    finally:
        at_work.cancel()
        await asyncio.gather(at_work, return_exceptions=True)
