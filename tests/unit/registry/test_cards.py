"""What AgentX says of an agent."""

from typing import Any

import pytest

from registry import cards
from registry.errors import BadCard


def card(**changes: Any) -> cards.Card:
    told: dict[str, Any] = {
        "slug": "echo",
        "name": "Echo",
        "description": "Says it again.",
        "version": "1.0.0",
        "partial": {},
        "public_url": "http://agentx.test:8000/",
        "grpc_url": None,
    }
    return cards.build_card(**(told | changes))


def test_a_card_names_agentx_as_its_address() -> None:
    assert card()["supportedInterfaces"] == [
        {
            "url": "http://agentx.test:8000/a2a/echo/",
            "protocolBinding": "JSONRPC",
            "protocolVersion": "1.0",
        }
    ]


def test_the_plugin_cannot_set_the_address() -> None:
    lie = {"supportedInterfaces": [{"url": "http://elsewhere"}], "securitySchemes": {}}
    assert card(partial=lie) == card()


def test_grpc_callers_learn_the_tenant() -> None:
    assert card(grpc_url="agentx.test:50051")["supportedInterfaces"][1]["tenant"] == "echo"


def test_building_from_a_built_card_changes_nothing() -> None:
    skills = [{"id": "s", "name": "S", "description": "does", "tags": ["t"]}]
    first = card(partial={"skills": skills, "iconUrl": "http://agentx.test/i.png"})
    assert card(partial=first) == first
    assert first["skills"] == skills


def test_an_agent_without_skills_gets_one() -> None:
    assert [skill["id"] for skill in card()["skills"]] == ["echo"]


def test_an_open_agent_asks_for_no_key() -> None:
    assert "securityRequirements" in card()
    assert "securityRequirements" not in card(is_open=True)
    assert cards.with_security(card(is_open=True), is_open=False) == card()


def test_no_required_field_is_empty() -> None:
    sparse = card(description="", version="")
    assert all(sparse[field] for field in ("name", "description", "version", "skills"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "name"),
        ({"partial": {"skills": "none"}}, "skills must be a list"),
        ({"partial": {"skills": ["none"]}}, r"skills\[0\] must be an object"),
        ({"partial": {"skills": [{"id": "a", "name": "A", "description": "d"}]}}, "tags"),
        ({"partial": {"defaultInputModes": [1]}}, "defaultInputModes"),
    ],
)
def test_a_bad_part_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(BadCard, match=told):
        card(**change)


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert cards.digest({"a": 1, "b": 2}) == cards.digest({"b": 2, "a": 1})
    assert cards.digest({"a": 1}) != cards.digest({"a": 2})
