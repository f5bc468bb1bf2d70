"""Agents that call other agents in their caller's name: as far as that caller may, while their turn runs, and no further."""

import asyncio
import time
from dataclasses import replace

import pytest
import pytest_asyncio

from plugins_app.models import Plugin, PluginEvent
from registry.models import Agent
from routing.models import Task
from security import turn_tokens
from security.context import HOPS_HEADER
from security.models import ApiKey, AuditEvent
from security.principals import Grant
from security.rows import ask
from security.verdicts import verdicts
from tests.factories import make_key, make_user
from tests.gateways import Gate
from tests.scripted import DONE, Script, make_scripted, message, status
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
IDEMPOTENCY = "urn:agentx:idempotent-send:v1"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def script(transactional_db):
    for slug in ("planner", "worker"):
        make_scripted(slug)
    verdicts.forget()
    return Script()


@pytest.fixture(autouse=True)
def no_drain(monkeypatch):
    """Turns that a test leaves open are of no interest at its end."""
    monkeypatch.setattr("routing.delivery.switchboard.DRAIN_SECONDS", 0.05)


@pytest_asyncio.fixture
async def web(script, key):
    async with Web(key) as web:
        web.switchboard.messages = script
        yield web


def headers(token):
    return {"Authorization": f"Bearer {token}", "A2A-Version": "1.0"}


async def post(web, token, agent, path="/message:send", **fields):
    """Status and JSON, as an agent with this token gets them."""
    if path == "/message:send":
        fields = {"message": message(**fields), "configuration": {"returnImmediately": True}}
    asked = web._client.post(f"/a2a/{agent}{path}", json=fields, headers=headers(token))
    async with asked as response:
        return response.status, await response.json()


async def get(web, token, path):
    async with web._client.get(path, headers=headers(token)) as response:
        return response.status, await response.json()


async def asked(web, script, agent="planner", **headers_):
    """A caller's message on its way: the turn that the agent is given."""
    told = {"message": message(), "configuration": {"returnImmediately": True}}
    answer = await web.post(f"/a2a/{agent}/message:send", told, web.headers(**headers_))
    assert answer.status == 200
    return await script.turn()


async def of_task(task_id):
    return await ask(lambda: Task.objects.select_related("agent").get(id=task_id))


async def ended(task_id):
    async with asyncio.timeout(20):
        while not (found := await of_task(task_id)).closed:  # noqa: ASYNC110 - a fact in the database
            await asyncio.sleep(0.01)
    return found


async def test_an_agent_asks_another_one_in_its_callers_name(web, script):
    planner = await asked(web, script, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    code, told = await post(web, planner.turn.token, "worker")
    assert code == 200
    worker = await script.turn()
    above, below = await of_task(planner.turn.task_id), await of_task(told["task"]["id"])
    assert (below.parent_id, below.owner, below.owner_label) == (
        above.id,
        above.owner,
        above.owner_label,
    )
    assert above.trace == below.trace == TRACE
    assert worker.turn.caller == planner.turn.caller
    assert worker.turn.traceparent[3:35] == TRACE
    worker.say(DONE).end()
    planner.say(DONE).end()
    await ended(above.id)


async def test_a_token_ends_with_its_turn(web, script):
    planner = await asked(web, script)
    planner.say(DONE).end()
    await ended(planner.turn.task_id)
    code, told = await post(web, planner.turn.token, "worker")
    assert code == 401
    assert "has ended" in told["error"]["message"]
    assert await ask(Task.objects.count) == 1


async def test_a_token_ends_with_the_key_it_stands_for(web, script):
    planner = await asked(web, script)
    assert (await post(web, planner.turn.token, "worker"))[0] == 200
    await ask(lambda: ApiKey.objects.update(revoked="2026-01-01T00:00:00Z"))
    verdicts.forget()  # as the news of a revoked key does
    code, told = await post(web, planner.turn.token, "worker")
    assert code == 401
    assert "may not call any more" in told["error"]["message"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        lambda token: token.replace(".", "x."),
        lambda token: turn_tokens.MARK,
        lambda token: turn_tokens.MARK + "…",
        lambda token: turn_tokens.MARK + "a" * 10_000,
        lambda token: turn_tokens.issue(replace(turn_tokens.read(token), expires=time.time() - 1)),
        lambda token: turn_tokens.issue(replace(turn_tokens.read(token), subject="system:x")),
    ],
)
async def test_a_spoiled_token_opens_nothing(web, script, spoil):
    planner = await asked(web, script)
    spoiled = spoil(planner.turn.token).encode("ascii", "replace").decode()
    assert (await post(web, spoiled, "worker"))[0] == 401
    assert await ask(Task.objects.count) == 1


async def test_another_secret_key_reads_it_only_as_a_former_one(settings):
    grant = Grant("key:1", "t", "a", ("a",), "", time.time() + 60)
    token = turn_tokens.issue(grant)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    assert turn_tokens.read(token) == grant
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(turn_tokens.NotAuthenticated):
        turn_tokens.read(token)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/agents"),
        ("GET", "/api/v1/keys"),
        ("GET", "/api/v1/tasks"),
        ("POST", "/api/v1/messages/send"),
    ],
)
async def test_it_is_good_for_a2a_alone(web, script, method, path):
    planner = await asked(web, script)
    for _ in range(2):
        request = web._client.request(
            method, path, json={"to": "worker"}, headers=headers(planner.turn.token)
        )
        async with request as response:
            told = await response.json()
            assert (response.status, told["code"]) == (403, "forbidden")
            assert "A2A calls alone" in told["detail"]
    refused = await ask(lambda: list(AuditEvent.objects.filter(action="turn.refused")))
    assert [(each.target, each.outcome) for each in refused] == [
        (planner.turn.task_id, "refused")
    ]  # said once, not for each try
    assert refused[0].actor_label.endswith("by agent planner")


async def test_agents_that_ask_one_another_in_circles_come_to_an_end(web, script, settings):
    settings.MAX_HOPS = 3
    play, agents = await asked(web, script), ["planner"]
    while True:
        agents.append("worker" if agents[-1] == "planner" else "planner")
        code, told = await post(web, play.turn.token, agents[-1])
        if code != 200:
            break
        play = await script.turn()
    assert code == 409
    assert " → ".join(agents) in told["error"]["message"]
    assert len(agents) == 5  # three asked another one; the fourth may not
    assert await ask(Task.objects.count) == 4


async def test_servers_that_handed_a_task_on_are_counted_through_agents_too(web, script):
    planner = await asked(web, script, **{HOPS_HEADER: "5"})
    assert turn_tokens.read(planner.turn.token).hops == 5
    assert (await post(web, planner.turn.token, "worker"))[0] == 200  # names no number itself
    worker = await script.turn()
    assert turn_tokens.read(worker.turn.token).hops == 5
    told = {"message": message(), "configuration": {"returnImmediately": True}}
    sent = headers(worker.turn.token) | {HOPS_HEADER: "0"}
    async with web._client.post("/a2a/planner/message:send", json=told, headers=sent) as response:
        assert response.status == 200
    assert turn_tokens.read((await script.turn()).turn.token).hops == 5


async def test_an_agent_sees_what_it_asked_for_and_nothing_else_of_its_callers(web, script):
    private = await asked(web, script, "worker")
    planner = await asked(web, script)
    token = planner.turn.token
    _, told = await post(web, token, "worker")
    own = told["task"]["id"]
    assert (await get(web, token, f"/a2a/worker/tasks/{own}"))[0] == 200
    others = private.turn.task_id
    assert (await get(web, token, f"/a2a/worker/tasks/{others}"))[0] == 404
    assert (await post(web, token, "worker", f"/tasks/{others}:cancel"))[0] == 404
    code, listed = await get(web, token, "/a2a/worker/tasks")
    assert [each["id"] for each in listed["tasks"]] == [own]
    # Nor may it go on with a conversation that its caller has with that agent.
    code, told = await post(web, token, "worker", contextId=private.turn.context_id)
    assert (code, "contextId" in told["error"]["message"]) == (400, True)
    own_context = (await of_task(own)).context_id
    assert (await post(web, token, "worker", contextId=own_context))[0] == 200


async def test_a_conversation_that_the_caller_began_since_is_closed_to_the_agent(web, script):
    planner = await asked(web, script)
    mine = "00000000-0000-4000-8000-000000000001"
    code, _ = await post(web, planner.turn.token, "worker", contextId=mine)
    assert code == 200  # it was free
    (await script.turn()).say(DONE).end()
    told = {"message": message(contextId=mine), "configuration": {"returnImmediately": True}}
    assert (await web.post("/a2a/worker/message:send", told)).status == 200
    code, told = await post(web, planner.turn.token, "worker", contextId=mine)
    assert (code, "contextId" in told["error"]["message"]) == (400, True)


async def test_an_agent_stays_in_the_tenant_of_its_task(web, script):
    told = {"message": message(), "configuration": {"returnImmediately": True}, "tenant": "acme"}
    assert (await web.post("/a2a/planner/message:send", told)).status == 200
    token = (await script.turn()).turn.token
    code, told = await post(web, token, "worker")
    assert code == 200
    below = await of_task(told["task"]["id"])
    assert below.scope == "acme"
    for tenant, answer in (("acme", 200), ("other", 403)):
        asked_ = web._client.get(f"/a2a/worker/tasks?tenant={tenant}", headers=headers(token))
        async with asked_ as response:
            assert response.status == answer
    assert (await get(web, token, f"/a2a/worker/tasks/{below.id}"))[0] == 200
    await was_refused("another tenant")


async def test_an_agent_sets_no_webhooks_in_its_callers_name(web, script):
    planner = await asked(web, script)
    token, hook = planner.turn.token, {"url": "https://93.184.215.14/hook"}
    asked_ = {
        "message": message(),
        "configuration": {"returnImmediately": True, "taskPushNotificationConfig": hook},
    }
    url = "/a2a/worker/message:send"
    async with web._client.post(url, json=asked_, headers=headers(token)) as response:
        assert response.status == 403
        assert "webhooks" in (await response.json())["error"]["message"]
    assert await ask(Task.objects.count) == 1
    _, told = await post(web, token, "worker")
    own = told["task"]["id"]
    code, _ = await post(web, token, "worker", f"/tasks/{own}/pushNotificationConfigs", **hook)
    assert code == 403
    await was_refused("webhook")


async def was_refused(what):
    found = await ask(lambda: list(AuditEvent.objects.filter(action="turn.refused")))
    assert [(each.after["door"], each.outcome) for each in found] == [(what, "refused")]
    events = PluginEvent.objects.filter(type="refused", plugin__slug="planner")
    assert [each.data["tried"] for each in await ask(lambda: list(events))] == [what]


async def test_a_message_that_the_caller_sent_is_not_found_by_its_id(web, script):
    once = {"A2A-Extensions": IDEMPOTENCY, "A2A-Version": "1.0"}
    told = {"message": message(messageId="mine"), "configuration": {"returnImmediately": True}}
    answer = await web.post("/a2a/worker/message:send", told, web.headers(**once))
    assert answer.status == 200
    await script.turn()
    token = (await asked(web, script)).turn.token
    lent = headers(token) | once
    async with web._client.post("/a2a/worker/message:send", json=told, headers=lent) as response:
        assert response.status == 409
        assert "taken" in (await response.json())["error"]["message"]


async def test_cancelling_a_task_cancels_what_its_turn_asked_for(web, script):
    planner = await asked(web, script)
    _, told = await post(web, planner.turn.token, "worker")
    worker = await script.turn()
    _, further = await post(web, worker.turn.token, "planner")
    await script.turn()
    task_id = planner.turn.task_id
    await web.post(f"/a2a/planner/tasks/{task_id}:cancel", {})
    for task in (task_id, told["task"]["id"], further["task"]["id"]):
        assert (await ended(task)).state == "CANCELED"
    await asyncio.wait_for(worker.closed.wait(), 20)


async def test_what_a_lost_turn_asked_for_ends_too(web, script):
    planner = await asked(web, script)
    _, told = await post(web, planner.turn.token, "worker")
    await script.turn()
    planner.say(status("FAILED", "no")).end()
    assert (await ended(told["task"]["id"])).state == "CANCELED"


async def test_a_stranger_s_agent_may_ask_open_agents_only(script):
    await ask(lambda: Agent.objects.filter(slug="planner").update(is_open=True))
    async with Web() as web:
        web.switchboard.messages = script
        planner = await asked(web, script)
        code, _ = await post(web, planner.turn.token, "worker")
        assert code == 401
        assert (await post(web, planner.turn.token, "planner"))[0] == 200


async def test_a_viewer_s_rights_are_not_more_in_an_agents_hands(web, script):
    """Who may everything lends an agent no more than calls of agents."""
    admin = (await ask(lambda: make_key(make_user("ada", "admin"), role="admin")))[1]
    grant = turn_tokens.read((await asked(web, script)).turn.token)
    key_id = await ask(lambda: str(ApiKey.objects.get(prefix=admin.split("_")[1]).id))
    token = turn_tokens.issue(replace(grant, subject=f"key:{key_id}"))
    principal = await ask(verdicts.judge_turn, token, "")
    assert principal.permissions == {"agents.call"}


async def test_what_nobody_has_looked_at_is_lent_nobodys_name(web, script):
    await ask(lambda: Plugin.objects.update(trust="public"))
    await web.switchboard.routes.refresh()
    play = await asked(web, script)
    assert (play.turn.token, play.turn.agentx_url) == ("", "")


async def test_over_grpc_too(web, script):
    planner = await asked(web, script)
    async with Gate() as gate:
        gate.gateway.switchboard.messages = script
        told = {"message": message(), "configuration": {"returnImmediately": True}}
        bearer = f"Bearer {planner.turn.token}"
        answer = await gate.result("SendMessage", told | {"tenant": "worker"}, authorization=bearer)
        below = await of_task(answer["task"]["id"])
        assert str(below.parent_id) == planner.turn.task_id
