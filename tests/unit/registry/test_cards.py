"""What an agent says of itself, and what AgentX serves of it."""

from typing import Any

import pytest

from registry import cards
from registry.cards import Change
from registry.errors import BadCard

DOORS = cards.Doors("http://agentx.test:8000", "agentx.test:50051", "first")


def said(partial: Any = None, **changes: Any) -> cards.Card:
    told = {"slug": "echo", "name": "Echo", "description": "Says it again.", "version": "1.0.0"}
    return cards.statement(**(told | changes), partial={} if partial is None else partial)


def card(partial: Any = None, *, is_open: bool = False, **changes: Any) -> cards.Card:
    slug = changes.get("slug", "echo")
    return cards.served(said(partial, **changes), slug=slug, doors=DOORS, is_open=is_open)


def bindings(slug: str) -> list[tuple[str, str, str]]:
    return [
        (each["protocolBinding"], each["protocolVersion"], each["url"])
        for each in cards.interfaces(slug, DOORS)
    ]


def test_a_card_names_agentxs_own_doors_the_newest_first() -> None:
    assert bindings("echo") == [
        ("JSONRPC", "1.0", "http://agentx.test:8000/a2a/echo/"),
        ("HTTP+JSON", "1.0", "http://agentx.test:8000/a2a/echo"),
        ("GRPC", "1.0", "agentx.test:50051"),
        ("JSONRPC", "0.3", "http://agentx.test:8000/a2a/echo/"),
        ("HTTP+JSON", "0.3", "http://agentx.test:8000/a2a/echo"),
    ]
    assert cards.interfaces("echo", DOORS)[2]["tenant"] == "echo"


@pytest.mark.parametrize("slug", ["router", "first"])
def test_grpc_of_old_clients_is_told_where_a_call_without_a_tenant_arrives(slug: str) -> None:
    assert ("GRPC", "0.3", "agentx.test:50051") in bindings(slug)


def test_without_a_gateway_no_grpc_is_told() -> None:
    told = cards.interfaces("echo", cards.Doors("http://agentx.test"))
    assert {each["protocolBinding"] for each in told} == {"JSONRPC", "HTTP+JSON"}


def test_a_plugin_cannot_set_addresses_or_security() -> None:
    lie = {"supportedInterfaces": [{"url": "http://elsewhere"}], "securitySchemes": {}, "x": 1}
    assert card(lie) == card()


def test_a_plugin_may_say_no_and_name_extensions() -> None:
    extension = {"uri": "urn:a2a:tck:required-extension", "required": True}
    told = said({"capabilities": {"streaming": False, "extensions": [extension]}})
    assert told["capabilities"] == {
        "streaming": False,
        "pushNotifications": True,
        "extendedAgentCard": False,
        "extensions": [extension],
    }


def test_a_statement_made_of_a_statement_is_the_same() -> None:
    skill = {"id": "s", "name": "S", "description": "does", "tags": ["t"]}
    part = {
        "skills": [skill],
        "iconUrl": "http://agentx.test/i.png",
        "extended": {"skills": [skill]},
    }
    first = said(part)
    assert said(first) == first
    assert first["skills"] == [skill]


def test_an_agent_without_skills_gets_one() -> None:
    assert [skill["id"] for skill in card()["skills"]] == ["echo"]


def test_a_skill_needs_only_an_id_and_a_name() -> None:
    (skill,) = said({"skills": [{"id": "sum", "name": "Sums"}]})["skills"]
    assert (skill["description"], skill["tags"]) == ("Sums", ["sum"])


def test_an_open_agent_asks_for_no_key() -> None:
    assert "securityRequirements" in card()
    assert "securityRequirements" not in card(is_open=True)
    assert "securitySchemes" not in card(is_open=True)


def test_the_extended_part_is_for_those_who_may_ask() -> None:
    more = {"id": "more", "name": "More", "description": "Does more.", "tags": ["m"]}
    told = said({"extended": {"description": "Says more.", "skills": [more]}})
    assert told["capabilities"]["extendedAgentCard"] is True
    served = cards.served(told, slug="echo", doors=DOORS, is_open=True)
    assert "extended" not in served
    assert [skill["id"] for skill in served["skills"]] == ["echo"]
    assert "bearer" in served["securitySchemes"]
    assert "securityRequirements" not in served
    wide = cards.served(cards.extended_statement(told), slug="echo", doors=DOORS, is_open=True)
    assert [skill["id"] for skill in wide["skills"]] == ["echo", "more"]
    assert wide["description"] == "Says more."


def test_nothing_in_a_served_card_is_empty_and_it_is_a_card() -> None:
    part = {
        "documentationUrl": "",
        "skills": [{"id": "a", "name": "A", "examples": [], "inputModes": [""]}],
        "capabilities": {"extensions": [{"uri": "urn:x", "required": False, "params": {"a": []}}]},
    }
    served = card(part, description="", version="")
    assert cards.full(served) == served
    cards.validate_card(served)
    assert served["capabilities"]["extensions"] == [{"uri": "urn:x"}]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"skills": "none"}, "skills must be a list"),
        ({"skills": ["none"]}, r"skills\[0\] must be an object"),
        ({"skills": [{"name": "A"}]}, r"skills\[0\].id is missing"),
        ({"skills": [{"id": "a", "name": "A", "tags": "t"}]}, r"skills\[0\].tags must be a list"),
        ({"defaultInputModes": [1]}, r"defaultInputModes\[0\] must be a text"),
        ({"provider": {"url": "http://a.example"}}, "provider.organization is missing"),
        ({"documentationUrl": "javascript:alert(1)"}, "documentationUrl must be a URL"),
        ({"iconUrl": "data:text/html,x"}, "iconUrl must be a URL"),
        ({"capabilities": []}, "capabilities must be an object"),
        ({"capabilities": {"streaming": "no"}}, "capabilities.streaming must be true or false"),
        ({"capabilities": {"extensions": [{"uri": "x"}]}}, r"extensions\[0\].uri must be a URL"),
        ({"extended": {"skills": [{"id": "a"}]}}, r"extended.skills\[0\].name is missing"),
        ({"extended": []}, None),
        ([], "must be an object"),
    ],
)
def test_a_bad_part_is_refused_by_the_path_of_its_field(part: Any, told: str | None) -> None:
    if told is None:
        assert said(part) == said()
        return
    with pytest.raises(BadCard, match=told):
        said(part)


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(BadCard) as refusal:
        cards.validate_card({"name": " ", "capabilities": {}, "skills": []})
    assert refusal.value.fields["name"] == "must be a text that is not empty"
    assert refusal.value.fields["skills"] == "must be a list that is not empty"
    assert refusal.value.fields["supportedInterfaces"] == "is missing"


def test_a_security_scheme_is_of_one_kind() -> None:
    served = card() | {"securitySchemes": {"odd": {}}}
    with pytest.raises(BadCard, match=r"securitySchemes\.odd must name a kind"):
        cards.validate_card(served)
    served["securitySchemes"] = {"key": {"apiKeySecurityScheme": {"location": "hat", "name": "k"}}}
    with pytest.raises(BadCard, match="location must be one of header, query, cookie"):
        cards.validate_card(served)


def test_a_card_too_deep_or_too_large_is_refused() -> None:
    deep: dict[str, Any] = {"end": 1}
    for _ in range(40):
        deep = {"in": deep}
    with pytest.raises(BadCard, match="deep"):
        said({"capabilities": {"extensions": [{"uri": "urn:x", "params": deep}]}})
    wide = [{"id": f"s{n}", "name": "n" * 900} for n in range(900)]
    with pytest.raises(BadCard, match="bytes"):
        said({"skills": wide})
    with pytest.raises(BadCard, match="larger than 1000"):
        said({"skills": [{"id": f"s{n}", "name": "n"} for n in range(1_001)]})


def test_the_digest_does_not_depend_on_the_order_of_keys_or_signatures() -> None:
    assert cards.digest({"a": 1, "b": 2}) == cards.digest({"b": 2, "a": 1, "signatures": [1]})
    assert cards.digest({"a": 1}) != cards.digest({"a": 2})


def test_a_difference_is_told_by_its_place() -> None:
    old = said({"skills": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]})
    new = said({"skills": [{"id": "b", "name": "Bee"}, {"id": "c", "name": "C"}]}, version="2")
    found = {change.path: change for change in cards.diff(old, new)}
    assert found["version"] == Change("version", "changed", "1.0.0", "2")
    assert found["skills[b].name"] == Change("skills[b].name", "changed", "B", "Bee")
    assert found["skills[a]"].kind == "removed"
    assert found["skills[c]"].after["name"] == "C"
    assert cards.diff(old, old) == []
    assert cards.diff({"a": True}, {"a": 1})[0].kind == "changed"
