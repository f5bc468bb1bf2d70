"""Agents elsewhere: found by their cards, looked at, and what happens when a card changes."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from aiohttp import web as http
from rest_framework.test import APIClient

from registry import signing, tasks
from registry.models import Agent, HealthCheck, Upstream
from registry.services import claim_due_upstreams
from registry.watching import Watch
from security.models import AuditEvent
from security.rows import ask
from tests.callers import client_of, problem
from tests.far import Far

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def near(settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]


@pytest.fixture
def developer(transactional_db: None) -> APIClient:
    return client_of("developer")


async def post(client: APIClient, path: str, body: Json | None = None) -> Any:
    return await ask(client.post, f"/api/v1/agents/{path}", body or {}, format="json")


async def get(client: APIClient, path: str) -> Json:
    answer = await ask(client.get, f"/api/v1/agents/{path}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


async def register(client: APIClient, far: Far, **fields: Any) -> Json:
    answer = await post(client, "register", {"card_url": far.url} | fields)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


async def refused(client: APIClient, path: str, body: Json, status: int = 400) -> tuple[str, str]:
    answer = await post(client, path, body)
    return problem(answer, status), answer.json()["detail"]


async def look() -> Upstream:
    """At all of them, now."""
    await make_due()
    assert await Watch().once()
    return await ask(Upstream.objects.select_related("agent").get)


async def make_due() -> None:
    await ask(Upstream.objects.update, next_check="2026-01-01T00:00Z")


async def test_by_the_url_of_its_card(developer: APIClient, far: Far) -> None:
    made = await register(developer, far)
    assert (made["slug"], made["source"], made["state"]) == ("far", "remote", "ready")
    assert (made["endpoint"], made["trust"]) == (f"{far.url}/", "public")
    assert made["capabilities"] == ["chat", "talk"]
    assert made["card"]["skills"] == far.card["skills"]
    urls = [each["url"] for each in made["card"]["supportedInterfaces"]]
    assert not [url for url in urls if url.startswith(far.url)]
    told = await get(developer, "far/upstream")
    assert told["card_url"] == f"{far.url}/.well-known/agent-card.json"
    assert told["interface"] == {
        "url": f"{far.url}/",
        "binding": "JSONRPC",
        "version": "1.0",
        "tenant": "",
    }
    assert (told["health"], told["signature"], told["drift"]) == ("ready", "unsigned", [])


async def test_the_form_of_the_seed_goes_on_working(developer: APIClient) -> None:
    body = {"name": "Old One", "capabilities": ["a b"], "endpoint": "http://127.0.0.1:9/x"}
    answer = await post(developer, "register", body | {"metadata": {"version": "2"}})
    assert answer.status_code == 201
    assert (answer.json()["slug"], answer.json()["state"]) == ("old-one", "unknown")
    upstream = await ask(Upstream.objects.get)
    assert (upstream.url, upstream.binding) == ("http://127.0.0.1:9/x", "JSONRPC")


async def test_a_preview_keeps_nothing(developer: APIClient, far: Far) -> None:
    answer = await post(developer, "preview", {"card_url": far.url})
    told = answer.json()
    assert told["card"] == far.card
    assert (told["slug"], told["is_taken"], told["signature"]) == ("far", False, "unsigned")
    assert told["interface"]["binding"] == "JSONRPC"
    assert ["plain HTTP" in each for each in told["warnings"]] == [True]
    assert await ask(Agent.objects.count) == 0


async def test_credentials_are_sealed_and_never_told(developer: APIClient, far: Far) -> None:
    secret = {"scheme": "bearer", "token": "s3cr3t-t0ken"}
    made = await register(developer, far, credentials=secret)
    upstream = await ask(Upstream.objects.get)
    assert "s3cr3t" not in upstream.credentials
    told = await get(developer, "far/upstream")
    assert told["credentials"] == "bearer"
    audited = await ask(lambda: list(AuditEvent.objects.values_list("after", flat=True)))
    assert "s3cr3t" not in json.dumps([made, told, audited])


NO_CREDENTIALS: list[Json] = [
    {"scheme": "digest"},
    {"scheme": "bearer"},
    {"scheme": "bearer", "token": "a\r\nX-Evil: 1"},
    {"scheme": "apiKey", "value": "x", "name": "Host"},
    {"scheme": "basic", "username": "a:b", "password": "c"},
]


async def test_credentials_that_are_none(developer: APIClient, far: Far) -> None:
    for credentials in NO_CREDENTIALS:
        body = {"card_url": far.url, "credentials": credentials}
        code, _ = await refused(developer, "register", body)
        assert code == "invalid_input"
    assert await ask(Agent.objects.count) == 0


async def answer(_: http.Request, **told: Any) -> http.StreamResponse:
    return http.Response(**told)


CARDS: list[tuple[Json, str]] = [
    ({"status": 302, "headers": {"Location": "http://10.0.0.1/"}}, "redirects"),
    ({"status": 500}, "answers 500."),
    ({"status": 401}, "answers 401. Give the credentials"),
    ({"text": "<html>"}, "no JSON object"),
    ({"text": "{}"}, "no agent card"),
    ({"text": '{"a":' * 90 + "1" + "}" * 90}, "no JSON object"),
    ({"text": json.dumps({"name": "x" * 1_100_000})}, "larger than"),
]


async def test_cards_that_cannot_be_read(developer: APIClient, far: Far) -> None:
    for told, why in CARDS:
        far.card_answer = partial(answer, **told)
        code, detail = await refused(developer, "register", {"card_url": far.url})
        assert code == "agent_card_unreachable"
        assert why in detail


async def test_a_private_address(developer: APIClient, far: Far, settings: Any) -> None:
    settings.WEBHOOK_ALLOW = []
    _, detail = await refused(developer, "preview", {"card_url": far.url})
    assert "private address" in detail


async def test_a_card_without_a_way_to_it(developer: APIClient, far: Far) -> None:
    far.card_changes = {"supportedInterfaces": [{"url": "x", "protocolBinding": "SMOKE"}]}
    _, detail = await refused(developer, "register", {"card_url": far.url})
    assert "no interface that AgentX speaks" in detail


async def test_another_s_name_is_not_taken_over(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    async with Far() as other:
        code, _ = await refused(developer, "register", {"card_url": other.url}, 409)
    assert code == "agent_name_taken"
    await register(developer, far)  # itself again


async def test_down_after_three_looks_and_back_after_one(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    far.card_answer = partial(answer, status=503)
    for failures in (1, 2):
        upstream = await look()
        assert (upstream.health, upstream.failures) == ("ready", failures)
    upstream = await look()
    assert (upstream.health, upstream.agent.state) == ("error", "error")
    assert "answers 503" in upstream.detail
    far.card_answer = None
    upstream = await look()
    assert (upstream.health, upstream.agent.state, upstream.detail) == ("ready", "ready", "")
    checks = (await get(developer, "far/upstream"))["checks"]
    assert [each["is_ok"] for each in checks] == [True, False, False, False]


async def test_looks_ask_by_etag(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    before = (await ask(Upstream.objects.get)).fetched
    upstream = await look()
    assert upstream.health == "ready"
    assert upstream.fetched == before  # 304: nothing was told


async def test_a_slow_one_keeps_nobody_waiting(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    async with Far(name="Slow") as slow:
        await register(developer, slow)
        waiting = asyncio.Event()

        async def never(_: http.Request) -> http.StreamResponse:
            await waiting.wait()
            return http.Response(status=500)

        slow.card_answer = never
        await make_due()
        watch = asyncio.create_task(Watch().run())
        await until_looked_at("far")
        assert await ask(HealthCheck.objects.count) == 1
        waiting.set()
        await until_looked_at("slow")
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def until_looked_at(slug: str) -> None:
    async with asyncio.timeout(10):
        while not await ask(HealthCheck.objects.filter(upstream__agent__slug=slug).exists):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_whoever_claims_first_looks(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    assert len(await ask(claim_due_upstreams)) == 1
    assert await ask(claim_due_upstreams) == []


async def test_celery_looks_at_what_nobody_else_does(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    assert await ask(tasks.look_at_upstreams) == 0  # due, but not for long
    await make_due()
    assert await ask(tasks.look_at_upstreams) == 1


async def test_a_changed_card_waits_for_approval(developer: APIClient, far: Far) -> None:
    made = await register(developer, far)
    far.card_changes = {"description": "Says more now."}
    upstream = await look()
    assert upstream.health == "ready"
    told = await get(developer, "far/upstream")
    assert [each["path"] for each in told["drift"]] == ["description"]
    assert (await get(developer, "far"))["description"] == made["description"]
    assert await ask(AuditEvent.objects.filter(action="agent.card_drifted").count) == 1
    await look()
    assert await ask(AuditEvent.objects.filter(action="agent.card_drifted").count) == 1
    answer = await post(developer, "far/card/approve")
    assert (answer.status_code, answer.json()["description"]) == (200, "Says more now.")
    assert (await ask(Upstream.objects.get)).revision == 2
    assert (await get(developer, "far/upstream"))["drift"] == []
    assert problem(await post(developer, "far/card/approve"), 409) == "no_pending_card"


async def test_a_rejected_card_is_not_shown_again(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    far.card_changes = {"description": "Says more now."}
    await look()
    await post(developer, "far/card/reject")
    upstream = await look()
    assert upstream.pending_card is None
    far.card_changes = {"description": "Says something else."}
    assert (await look()).pending_card is not None
    far.card_changes = {}
    assert (await look()).pending_card is None  # as it was approved


async def test_the_endpoint_finds_its_card_later(developer: APIClient, far: Far) -> None:
    body = {"name": "By endpoint", "endpoint": f"{far.url}/"}
    assert (await post(developer, "register", body)).status_code == 201
    upstream = await look()
    assert upstream.card == far.card
    assert upstream.agent.state == "ready"
    shown = await get(developer, "by-endpoint")
    assert shown["description"] == "Lives elsewhere."


async def test_a_look_on_demand(developer: APIClient, far: Far) -> None:
    await register(developer, far)
    answer = await post(developer, "far/upstream/check")
    assert answer.json()["checked"]
    assert await ask(HealthCheck.objects.count) == 1


def signed(far: Far, private: str, public: Json) -> Json:
    """Its card as it is now, signed; the key set is beside the card."""
    jku = f"{far.url}/.well-known/jwks.json"
    return signing.sign(
        far.card, private=private, kid=public["kid"], algorithm=public["alg"], jku=jku
    )


async def test_signatures(developer: APIClient) -> None:
    private, public = signing.new_key("ES256")
    async with Far() as far:
        far.documents["/.well-known/jwks.json"] = {"keys": [public]}
        far.card_changes = {"signatures": signed(far, private, public)["signatures"]}
        assert (await register(developer, far))["trust"] == "verified"
        assert (await ask(Upstream.objects.get)).signature == "verified"
        far.card_changes |= {"description": "Not what was signed."}
        upstream = await look()
        assert (upstream.signature, upstream.agent.state) == ("invalid", "error")
        assert "signature" in upstream.detail


async def test_a_key_that_nobody_vouches_for(developer: APIClient, far: Far) -> None:
    private, public = signing.new_key("EdDSA")
    far.card_changes = {"signatures": signed(far, private, public)["signatures"]}
    await register(developer, far)
    assert (await ask(Upstream.objects.get)).signature == "untrusted"
    await register(developer, far, trusted_keys={"keys": [public]})
    assert (await ask(Upstream.objects.get)).signature == "verified"
