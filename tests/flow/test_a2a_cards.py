"""Cards at the well-known addresses: whose, in which version, signed, and not sent twice."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from registry import signing
from registry.errors import AgentNameTaken
from registry.models import Agent, SigningKey
from registry.services import publish_agent, retire_agent, rotate_card_key, set_agent_open
from routing.a2a.shelf import Shelf
from security.principals import system
from security.rows import ask
from tests.factories import make_agent
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

CARD = "/a2a/echo/.well-known/agent-card.json"
OLD_CARD = "/a2a/echo/.well-known/agent.json"
FRONT_DOOR = "/.well-known/agent-card.json"
CATALOGUE = "/.well-known/ai-catalog.json"
JWKS = "/.well-known/jwks.json"
TESTS = system("tests")
MORE = {"id": "more", "name": "More", "description": "Does more.", "tags": ["m"]}


def publish(**changes: Any) -> Agent:
    told = {
        "slug": "echo",
        "name": "Echo",
        "description": "Says back what it is told.",
        "version": "1",
        "framework": "custom",
        "capabilities": ["echo"],
        "retry": "always",
        "card": {},
    }
    return publish_agent(TESTS, **(told | changes))


async def until(question: Callable[[], Awaitable[Any]], within: float = 10.0) -> Any:
    """The route table learns of a change by news, or within two seconds."""
    async with asyncio.timeout(within):
        while not (answer := await question()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return answer


async def card_of(web: Web, path: str = CARD, **headers: str) -> dict[str, Any]:
    answer = await web.get(path, **headers)
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


def opened(slug: str = "echo") -> Agent:
    return set_agent_open(TESTS, slug, True)


# ---- Content and caching


async def test_a_card_is_known_by_its_tag_until_the_agent_says_something_else(web):
    await ask(publish)
    first = await web.get(CARD)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert first.headers["cache-control"] == "private, max-age=30"
    assert set(first.headers["vary"].split(", ")) >= {"A2A-Version", "Authorization"}
    for known in (tag, f'"x", {tag}', tag.removeprefix("W/"), "*"):
        again = await web.get(CARD, **{"If-None-Match": known})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["etag"] == tag
    await ask(publish, description="Says something else.")

    async def changed() -> bool:
        return (await web.get(CARD, **{"If-None-Match": tag})).status == 200

    assert await until(changed)


async def test_a_card_is_known_by_its_date_where_no_tag_is_sent(web):
    await ask(publish)
    headers = (await web.get(CARD)).headers
    date = headers["last-modified"]
    # RFC 9110 §8.8.2.1, for a card of this very second too.
    assert parsedate_to_datetime(date) < parsedate_to_datetime(headers["date"])
    assert (await web.get(CARD, **{"If-Modified-Since": date})).status == 304
    early = "Thu, 01 Jan 2026 00:00:00 GMT"
    assert (await web.get(CARD, **{"If-Modified-Since": early})).status == 200
    assert (await web.get(CARD, **{"If-Modified-Since": "yesterday"})).status == 200
    both = {"If-None-Match": '"other"', "If-Modified-Since": date}
    assert (await web.get(CARD, **both)).status == 200


async def test_a_head_has_the_same_headers_and_no_body(web):
    await ask(publish)
    asked = await web.get(CARD)
    async with web._client.head(CARD, headers=web.headers()) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["etag"] == asked.headers["etag"]


async def test_a_closed_agents_card_is_for_who_may_and_an_open_ones_for_all(web):
    await ask(publish)
    async with Web(None) as stranger:
        assert (await stranger.get(CARD)).status == 401
        assert (await stranger.get("/a2a/nobody/.well-known/agent-card.json")).status == 401
        await ask(opened)

        async def is_open() -> Any:
            answer = await stranger.get(CARD)
            return answer if answer.status == 200 else None

        answer = await until(is_open)
        assert "securitySchemes" not in await answer.json()
        assert answer.headers["cache-control"] == "public, max-age=30"
        await ask(set_agent_open, TESTS, "echo", False)

        async def is_closed() -> bool:
            return (await stranger.get(CARD)).status == 401

        assert await until(is_closed)
    assert "securitySchemes" in await card_of(web)
    assert (await web.get("/a2a/nobody/.well-known/agent-card.json")).status == 404


async def test_a_retired_agent_has_no_card(web):
    await ask(publish)
    await card_of(web)
    await ask(retire_agent, TESTS, "echo")

    async def gone() -> bool:
        return (await web.get(CARD)).status == 404

    assert await until(gone)


async def test_a_card_asked_for_often_is_made_and_asked_of_the_database_once(web, monkeypatch):
    await ask(publish)
    await web.switchboard.routes.refresh()
    asked: list[str] = []
    signed: list[str] = []
    monkeypatch.setattr(
        "routing.a2a.shelf.ask", lambda deed, *args: asked.append(deed.__name__) or ask(deed, *args)
    )
    original = signing.sign
    monkeypatch.setattr(
        signing, "sign", lambda card, **key: signed.append("") or original(card, **key)
    )
    for _ in range(20):
        await card_of(web)
    assert asked.count("_shelved") == 1
    assert len(signed) == 1


async def test_so_many_cards_are_kept_and_the_others_made_again(web, monkeypatch):
    monkeypatch.setattr("routing.a2a.shelf.MAX_SHELVED_CARDS", 1)
    monkeypatch.setattr("routing.a2a.shelf.MAX_SHELVED_PAGES", 1)
    await ask(publish)
    await ask(lambda: publish(slug="other", name="Other"))
    shelf, reader = Shelf(web.switchboard), system("tests")
    for slug in ("echo", "other", "echo"):
        assert json.loads((await shelf.card(reader, slug, "1.0")).body)["name"] == slug.title()
        await shelf.catalogue(slug)
        assert (len(shelf._cards), len(shelf._pages)) == (1, 1)


async def test_many_who_ask_at_once_have_the_front_doors_card_made_once(web, monkeypatch):
    made: list[str] = []
    monkeypatch.setattr(
        "routing.a2a.shelf.ask", lambda deed, *args: made.append(deed.__name__) or ask(deed, *args)
    )
    await asyncio.gather(*(web.get(FRONT_DOOR) for _ in range(20)))
    assert made.count("_front_door") == 1


# ---- Versions


async def test_each_reader_gets_the_card_of_its_version(web):
    await ask(publish)
    new = await card_of(web)
    assert "url" not in new
    versions = [each["protocolVersion"] for each in new["supportedInterfaces"]]
    assert versions == sorted(versions, reverse=True)
    old = await card_of(web, **{"A2A-Version": "0.3.0"})
    assert old["protocolVersion"].startswith("0.3")
    assert old["url"].endswith("/a2a/echo/")
    assert "supportedInterfaces" not in old
    assert "signatures" not in old
    merged = await card_of(web, **{"A2A-Version": ""})
    assert merged["supportedInterfaces"] == new["supportedInterfaces"]
    assert merged["url"] == old["url"]
    assert await card_of(web, f"{CARD}?A2A-Version=1.0", **{"A2A-Version": ""}) == new
    assert await card_of(web, OLD_CARD, **{"A2A-Version": ""}) == old
    assert await card_of(web, OLD_CARD) == new


async def test_cards_of_different_versions_have_different_tags(web):
    await ask(publish)
    asked = [await web.get(CARD, **{"A2A-Version": v}) for v in ("1.0", "0.3", "")]
    assert len({answer.headers["etag"] for answer in asked}) == 3


# ---- Signatures


async def verdict_of(web: Web, card: dict[str, Any]) -> signing.Verdict:
    keys = await (await web.get(JWKS)).json()
    (jku,) = signing.key_sets(card)
    assert jku.endswith(JWKS)
    return signing.verify(card, published={jku: keys}, believed={jku})


async def test_a_card_is_signed_with_a_published_key(web):
    await ask(publish)
    for version in ("1.0", ""):
        card = await card_of(web, **{"A2A-Version": version})
        assert (await verdict_of(web, card)).state == "verified"
    async with Web(None) as stranger:
        answer = await stranger.get(JWKS)
        assert answer.content_type == "application/jwk-set+json"
        assert "d" not in (await answer.json())["keys"][0]


async def test_a_rotated_key_signs_and_the_old_one_stays_published(web):
    await ask(publish)
    before = await web.get(CARD)
    old = await before.json()
    key = await ask(rotate_card_key, TESTS, "EdDSA")

    async def renewed() -> Any:
        answer = await web.get(CARD, **{"If-None-Match": before.headers["etag"]})
        return await answer.json() if answer.status == 200 else None

    new = await until(renewed)
    assert signing.signatures(new)[0].kid == key.kid
    assert signing.signatures(new)[0].algorithm == "EdDSA"
    assert (await verdict_of(web, new)).state == "verified"
    assert (await verdict_of(web, old)).state == "verified"


async def test_one_key_is_made_however_many_ask_first(web):
    await ask(publish)
    async with Web(web.key) as other:
        asked = (each.get(path) for each in (web, other) for path in (CARD, JWKS, FRONT_DOOR))
        assert {answer.status for answer in await asyncio.gather(*asked)} == {200}
    assert await ask(SigningKey.objects.count) == 1


async def test_a_key_that_cannot_be_opened_leaves_cards_unsigned(web, settings):
    await ask(publish)
    await card_of(web)
    settings.SECRET_KEY = "another"
    await ask(publish, description="Says something else.")

    async def unsigned() -> bool:
        return "signatures" not in await card_of(web)

    assert await until(unsigned)


# ---- Extended cards


async def test_an_extended_card_is_for_callers_that_are_known(web):
    await ask(publish, card={"extended": {"skills": [MORE]}})
    await ask(opened)
    await web.switchboard.routes.refresh()
    assert (await card_of(web))["capabilities"]["extendedAgentCard"] is True
    card = await web.result("GetExtendedAgentCard", {})
    assert [skill["id"] for skill in card["skills"]] == ["echo", "more"]
    assert (await verdict_of(web, card)).state == "verified"
    async with Web(None) as stranger:
        answer = await stranger.post("/a2a/echo/", _call("GetExtendedAgentCard"))
        assert answer.status == 401


async def test_an_agent_without_an_extended_card_says_so(web):
    await ask(publish)
    await web.switchboard.routes.refresh()
    assert (await web.refusal("GetExtendedAgentCard", {}))["code"] == -32004
    await ask(lambda: Agent.objects.filter(slug="echo").update(profile={"extended_card": True}))
    assert (await web.refusal("GetExtendedAgentCard", {}))["code"] == -32007


def _call(method: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}


# ---- The front door


def skills_of(card: dict[str, Any]) -> set[str]:
    return {skill["id"] for skill in card["skills"]}


async def test_the_front_door_lists_the_open_agents_and_to_who_is_known_all(web):
    await ask(publish)
    async with Web(None) as stranger:
        for path in (FRONT_DOOR, "/a2a/router/.well-known/agent-card.json"):
            assert skills_of(await card_of(stranger, path)) == {"router"}
        await ask(opened)

        async def listed() -> bool:
            return skills_of(await card_of(stranger, FRONT_DOOR)) == {"echo"}

        assert await until(listed)
        card = await card_of(stranger, FRONT_DOOR)
        assert card["capabilities"]["extendedAgentCard"] is True
        assert "securityRequirements" not in card  # as the agent behind it
        assert "bearer" in card["securitySchemes"]  # for the extended card
    wide = await web.result("GetExtendedAgentCard", {}, agent="router")
    assert skills_of(wide) == {"echo", "slow"}
    assert (await verdict_of(web, wide)).state == "verified"


async def test_the_front_door_can_what_the_agent_behind_it_can(web):
    await ask(publish, card={"capabilities": {"streaming": False, "pushNotifications": False}})

    async def told() -> bool:
        can = (await card_of(web, FRONT_DOOR))["capabilities"]
        return (can["streaming"], can["pushNotifications"]) == (False, False)

    assert await until(told)


async def test_the_front_door_lists_so_many_and_says_so(web, monkeypatch):
    monkeypatch.setattr("routing.a2a.front_door.MAX_FRONT_DOOR_SKILLS", 3)
    await ask(lambda: [make_agent(f"a{n}", is_open=True, state="error") for n in range(3)])
    await ask(lambda: make_agent("ready", is_open=True))
    async with Web(None) as stranger:
        card = await card_of(stranger, FRONT_DOOR)
    assert skills_of(card) == {"ready", "a1", "a2"}
    assert "3 of 4 are listed" in card["description"]


async def test_nobody_may_be_called_as_the_front_door():
    with pytest.raises(AgentNameTaken):
        await ask(lambda: publish(slug="router"))


# ---- The catalogue


async def test_the_catalogue_lists_open_agents_page_by_page(web, monkeypatch):
    await ask(publish)
    monkeypatch.setattr("routing.a2a.shelf.MAX_CATALOGUE_ENTRIES", 2)
    await ask(lambda: [make_agent(f"a{n}", is_open=True, capabilities=("x",)) for n in range(3)])
    async with Web(None) as stranger:
        answer = await stranger.get(CATALOGUE)
        assert answer.content_type == "application/ai-catalog+json"
        told = json.loads(await answer.read())
        assert told["specVersion"] == "1.0"
        first, second, more = told["entries"]
        assert first["identifier"].endswith(":a2a:a0")
        assert first["type"] == "application/a2a-agent-card+json"
        assert first["url"].endswith("/a2a/a0/.well-known/agent-card.json")
        assert (first["tags"], second["identifier"].rpartition(":")[2]) == (["x"], "a1")
        assert more["type"] == "application/ai-catalog+json"
        rest = await (await stranger.get(more["url"].partition("8000")[2])).json()
        assert [each["identifier"].rpartition(":")[2] for each in rest["entries"]] == ["a2"]
        assert (await stranger.get(f"{CATALOGUE}?after=a1%00")).status == 200
        again = await stranger.get(CATALOGUE, **{"If-None-Match": answer.headers["etag"]})
        assert again.status == 304
