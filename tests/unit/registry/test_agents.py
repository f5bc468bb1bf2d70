"""Agents appear, change, are found, and leave."""

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from registry import selectors, services
from registry.connections import credentials_of
from registry.errors import AgentNameTaken, AgentNotFound, CardNotFound
from registry.models import Agent, Upstream
from registry.sightings import FoundCard
from registry.signals import agent_changed
from security.errors import Forbidden, InvalidInput, NotAuthenticated
from security.models import AuditEvent
from security.principals import Principal, system
from tests.factories import make_agent

pytestmark = pytest.mark.django_db
SUPERVISOR = system("supervisor")


def publish(**changes: Any) -> Agent:
    told: dict[str, Any] = {
        "slug": "echo",
        "name": "Echo",
        "description": "Says it again.",
        "version": "1.0.0",
        "framework": "custom",
        "capabilities": ["echo", "Text Generation"],
        "retry": "undelivered",
        "card": {},
    }
    return services.publish_agent(SUPERVISOR, **(told | changes))


def register(principal: Principal, **changes: Any) -> Agent:
    told: dict[str, Any] = {
        "name": "Mastra Agent 1",
        "capabilities": ["text-generation", "tool-calling"],
        "endpoint": "http://localhost:3000",
        "metadata": {"framework": "mastra"},
    }
    return services.register_remote_agent(principal, **(told | changes))


def test_publishing_twice_keeps_one_card() -> None:
    publish()
    agent = publish()
    assert [card.version for card in agent.cards.all()] == [1]
    assert AuditEvent.objects.filter(action="agent.published").count() == 1


def test_a_changed_card_is_the_next_version() -> None:
    publish()
    agent = publish(version="1.1.0")
    current = selectors.current_card(agent)
    assert current is not None
    assert (current.version, current.card["version"]) == (2, "1.1.0")
    assert agent.cards.count() == 2


def test_opening_an_agent_is_no_new_word_of_its_own(admin: Principal) -> None:
    before = publish()
    agent = services.set_agent_open(admin, "echo", True)
    assert agent.cards.count() == 1
    assert agent.card_changed > before.card_changed


def test_what_changed_between_versions_is_told(caller: Principal) -> None:
    publish()
    publish(version="1.1.0")
    versions = selectors.card_versions(caller, "echo")
    assert [card.version for card in versions] == [2, 1]
    (change,) = selectors.card_changes(caller, "echo", 1, 2)
    assert (change.path, change.before, change.after) == ("version", "1.0.0", "1.1.0")
    with pytest.raises(CardNotFound):
        selectors.access_card(caller, "echo", 3)


def test_the_message_path_learns_what_the_card_says() -> None:
    extension = {"uri": "urn:x:required", "required": True}
    part = {"capabilities": {"pushNotifications": False, "extensions": [extension]}}
    agent = publish(card=part)
    assert agent.profile["push"] is False
    assert agent.profile["streaming"] is True
    assert agent.profile["required_extensions"] == ("urn:x:required",)


def test_capabilities_are_written_as_they_are_searched() -> None:
    names = sorted(c.name for c in publish().capabilities.all())
    assert names == ["echo", "text-generation"]


def test_publishing_keeps_the_state_and_the_open_door(admin: Principal) -> None:
    publish()
    services.set_agent_states(["echo"], Agent.State.READY)
    services.set_agent_open(admin, "echo", True)
    agent = publish(version="2")
    assert agent.state == Agent.State.READY
    card = selectors.served_card(agent)
    assert card is not None
    assert "securityRequirements" not in card


def test_states_move_in_bulk_and_only_where_they_differ() -> None:
    ready, down = make_agent("a"), make_agent("b", state="shutdown")
    assert services.set_agent_states(["a", down.id], Agent.State.READY) == [down]
    assert services.set_agent_states([ready.id], Agent.State.READY) == []


def test_a_change_is_told_after_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    told: list[Agent] = []

    def hear(agent: Agent, **_: Any) -> None:
        told.append(agent)

    agent_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            agent = publish()
            assert told == []
    finally:
        agent_changed.disconnect(hear)
    assert told == [agent]


def test_a_remote_agent_gets_an_address_from_its_name(caller: Principal) -> None:
    agent = register(caller)
    assert (agent.slug, agent.state, agent.source) == ("mastra-agent-1", "unknown", "remote")
    assert agent.framework == "mastra"
    current = selectors.current_card(agent)
    assert current is not None
    assert [skill["id"] for skill in current.card["skills"]] == ["text-generation", "tool-calling"]


def test_registering_again_updates_and_another_endpoint_is_refused(caller: Principal) -> None:
    first = register(caller)
    assert register(caller, capabilities=["rag"]).id == first.id
    with pytest.raises(AgentNameTaken):
        register(caller, endpoint="http://localhost:4000")


def test_an_address_of_a_plugin_cannot_be_taken(caller: Principal) -> None:
    publish(slug="mastra-agent-1")
    with pytest.raises(AgentNameTaken):
        register(caller)


def test_an_address_of_a_remote_agent_cannot_be_taken(caller: Principal) -> None:
    register(caller)
    with pytest.raises(AgentNameTaken):
        publish(slug="mastra-agent-1")


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "localhost:3000",
        "file:///etc/passwd",
        "http://",
        "http://user:pw@host/",
        "http://host:port/",
        "http://host/#part",
        "http://[::1",
        "http://host/" + "x" * 500,
    ],
)
def test_an_endpoint_must_be_a_plain_http_url(caller: Principal, endpoint: str) -> None:
    with pytest.raises(InvalidInput):
        register(caller, endpoint=endpoint)


@pytest.mark.parametrize("change", [{"name": "!!!"}, {"capabilities": ["..."]}])
def test_names_need_letters(caller: Principal, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        register(caller, **change)


def test_a_retired_agent_is_gone_until_it_comes_back(admin: Principal) -> None:
    publish()
    services.retire_agent(admin, "echo")
    with pytest.raises(AgentNotFound):
        selectors.access_agent(admin, "echo")
    assert services.set_agent_states(["echo"], Agent.State.READY) == []
    assert publish().retired is None


def test_hosted_agents_are_the_operators_and_those_elsewhere_the_developers(
    operator: Principal, caller: Principal
) -> None:
    make_agent("echo")
    make_agent("afar", source=Agent.Source.REMOTE, endpoint="https://far.example/")
    deeds = (services.retire_agent, lambda who, ref: services.set_agent_open(who, ref, True))
    for principal, others in ((operator, "afar"), (caller, "echo")):
        for deed in deeds:
            with pytest.raises(Forbidden):
                deed(principal, others)
    for principal, theirs in ((operator, "echo"), (caller, "afar")):
        assert services.set_agent_open(principal, theirs, True).is_open
        assert services.retire_agent(principal, theirs).retired is not None


def test_an_address_that_was_retired_is_closed_and_forgets_what_it_was_trusted_with(
    caller: Principal,
) -> None:
    register(caller, credentials={"scheme": "bearer", "token": "secret"})
    services.set_agent_open(caller, "mastra-agent-1", True)
    services.retire_agent(caller, "mastra-agent-1")
    taken = register(caller, endpoint="http://elsewhere.example/")
    assert (taken.is_open, taken.upstream.credentials) == (False, "")


def test_a_credential_goes_where_it_was_given_for(caller: Principal) -> None:
    """Not to a card elsewhere that names the right interface: looks show the credential to the card's server, too."""
    register(caller, credentials={"scheme": "bearer", "token": "secret"})
    entry = {"url": "http://localhost:3000", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    card = {"name": "Mastra Agent 1", "supportedInterfaces": [entry], "skills": []}
    thief = FoundCard("https://thief.example/card.json", card)
    with pytest.raises(InvalidInput, match=r"https://thief\.example"):
        register(caller, found=thief)
    register(caller, found=FoundCard("http://localhost:3000/card.json", card))
    kept = Upstream.objects.get()
    assert credentials_of(kept)["token"] == "secret"
    register(caller, found=thief, credentials={"scheme": "bearer", "token": "another"})
    assert credentials_of(Upstream.objects.get())["token"] == "another"


def test_a_stranger_finds_open_agents_only(stranger: Principal) -> None:
    make_agent("echo")
    make_agent("greeter", is_open=True)
    assert selectors.access_agent(stranger, "greeter").slug == "greeter"
    for ref in ("echo", "missing"):
        with pytest.raises(NotAuthenticated):
            selectors.access_agent(stranger, ref)
    assert [agent.slug for agent in selectors.open_agents()] == ["greeter"]


def test_opening_is_written_down_once(admin: Principal) -> None:
    publish()
    services.set_agent_open(admin, "echo", True)
    services.set_agent_open(admin, "echo", True)
    event = AuditEvent.objects.get(action="agent.opened")
    assert (event.actor, event.target, event.after) == (admin.subject, "echo", {"open": True})


def test_an_agent_is_found_by_slug_and_by_id(caller: Principal) -> None:
    agent = make_agent()
    assert selectors.access_agent(caller, str(agent.id)) == agent
    assert selectors.access_agent(caller, "echo") == agent
