"""Agents that say themselves that they are there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry import services
from registry.models import Agent
from registry.tasks import end_silent_leases
from security.errors import Forbidden, InvalidInput
from security.models import AuditEvent
from security.principals import Principal
from security.selectors import user_principal
from tests.factories import make_agent, make_user

pytestmark = pytest.mark.django_db


def make_remote(slug: str = "far", **fields: object) -> Agent:
    return make_agent(slug, source="remote", endpoint="https://far.example/", **fields)


def silence(agent: Agent) -> None:
    Agent.objects.filter(id=agent.id).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_silent_agent_is_unknown_until_it_is_heard_of_again(caller: Principal) -> None:
    agent = services.heartbeat_agent(caller, make_remote(state="unknown").slug, lease_seconds=30)
    assert (agent.state, agent.lease_seconds) == ("ready", 30)
    assert services.end_silent_leases() == []
    silence(agent)
    assert services.end_silent_leases() == [agent]
    agent.refresh_from_db()
    assert (agent.state, agent.lease_until) == ("unknown", None)
    assert AuditEvent.objects.filter(action="agent.lease_lapsed").count() == 1
    assert services.end_silent_leases() == []
    agent = services.heartbeat_agent(caller, "far")
    assert (agent.state, agent.lease_seconds) == ("ready", 30)
    assert agent.lease_until is not None


def test_clocks_that_differ_make_nobody_silent(
    caller: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = timezone.now() - timedelta(hours=1)
    with monkeypatch.context() as there:
        there.setattr(timezone, "now", lambda: late)
        services.heartbeat_agent(caller, make_remote().slug, lease_seconds=60)
    assert services.end_silent_leases() == []


def test_the_sweep_repeats_by_itself(caller: Principal) -> None:
    agent = services.heartbeat_agent(caller, make_remote().slug, lease_seconds=5)
    silence(agent)
    end_silent_leases()
    agent.refresh_from_db()
    assert agent.state == "unknown"


def test_an_agent_that_goes_in_order_ends_its_lease(caller: Principal) -> None:
    services.heartbeat_agent(caller, make_remote().slug, lease_seconds=5)
    agent = services.heartbeat_agent(caller, "far", state="shutdown")
    assert (agent.state, agent.lease_until) == ("shutdown", None)


def test_a_heartbeat_without_a_lease_only_says_how_it_is(caller: Principal) -> None:
    agent = services.heartbeat_agent(caller, make_remote().slug, state="busy")
    assert (agent.state, agent.lease_until) == ("busy", None)
    assert agent.heartbeat is not None


def test_a_heartbeat_that_says_nothing_new_is_no_change(caller: Principal) -> None:
    agent = services.heartbeat_agent(caller, make_remote().slug, lease_seconds=60)
    again = services.heartbeat_agent(caller, "far")
    assert again.updated == agent.updated
    assert again.heartbeat > agent.heartbeat


def test_maintenance_is_an_operators_word(caller: Principal) -> None:
    agent = services.heartbeat_agent(
        caller, make_remote(state="maintenance").slug, lease_seconds=60
    )
    assert agent.state == "maintenance"
    silence(agent)
    assert services.end_silent_leases() == []
    agent.refresh_from_db()
    assert (agent.state, agent.lease_until) == ("maintenance", None)


@pytest.mark.parametrize(
    "given", [{"state": "error"}, {"lease_seconds": 1}, {"lease_seconds": 10**6}]
)
def test_what_is_no_heartbeat_is_refused(caller: Principal, given: dict[str, object]) -> None:
    make_remote()
    with pytest.raises(InvalidInput):
        services.heartbeat_agent(caller, "far", **given)  # type: ignore[arg-type]


def test_a_hosted_agent_has_a_plugin_to_speak_for_it(caller: Principal) -> None:
    make_agent("echo")
    with pytest.raises(InvalidInput):
        services.heartbeat_agent(caller, "echo")


def test_who_only_looks_sends_no_heartbeats(db: None) -> None:
    make_remote()
    with pytest.raises(Forbidden):
        services.heartbeat_agent(user_principal(make_user("vera", "viewer")), "far")


def test_an_agent_may_register_with_a_lease(caller: Principal) -> None:
    told = {"name": "far", "endpoint": "http://far.example/"}
    agent = services.register_remote_agent(caller, **told, lease_seconds=60)
    assert agent.lease_until > timezone.now()
    again = services.register_remote_agent(caller, **told)
    assert (again.lease_seconds, again.lease_until) == (None, None)
