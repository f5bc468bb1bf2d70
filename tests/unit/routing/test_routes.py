"""The route table asks only for what was written, and misses nothing that was."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from registry.models import Agent
from routing.errors import AgentUnreachable
from routing.routes import Roster
from tests.factories import make_agent, make_instance, make_plugin

pytestmark = pytest.mark.django_db(transaction=True)


def rows_read(roster: Roster) -> int:
    """How many agents a reading notes."""
    noted: list[object] = []
    original = roster._note
    roster._note = lambda *row: noted.append(row) or original(*row)
    try:
        roster.read()
    finally:
        roster._note = original
    return len(noted)


def test_what_was_not_written_is_not_read_again():
    for name in ("a", "b", "c"):
        make_agent(name)
    roster = Roster()
    assert set(roster.read()) == {"a", "b", "c"}
    assert rows_read(roster) == 0
    Agent.objects.filter(slug="b").update(is_open=True)  # past auto_now
    assert rows_read(roster) == 1
    assert roster.read()["b"].is_open
    with CaptureQueriesContext(connection) as queries:
        roster.read()
    assert len(queries) <= 5


def test_retired_deleted_and_new_agents_are_seen():
    make_agent("a")
    gone = make_agent("b")
    roster = Roster()
    roster.read()
    Agent.objects.filter(slug="a").update(retired="2026-01-01T00:00Z", state="shutdown")
    assert set(roster.read()) == {"b"}
    gone.delete()
    make_agent("c")
    assert set(roster.read()) == {"c"}


def test_a_row_committed_late_is_not_missed():
    make_agent("a")
    roster = Roster()
    roster.read()
    written, go_on = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            Agent.objects.filter(slug="a").update(state="error")
            written.set()
            go_on.wait(10)
        connections.close_all()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    try:
        assert written.wait(10)
        make_agent("b")  # a younger transaction, committed first
        assert set(roster.read()) == {"a", "b"}
    finally:
        go_on.set()
        writer.join()
    assert roster.read()["a"].state == "error"


def test_a_hosted_agent_has_its_plugins_state():
    agent = make_agent("a")
    plugin = make_plugin("p", agents=(agent,))
    roster = Roster()
    assert roster.read()["a"].plugin_state == plugin.state
    plugin.state, plugin.reason = "error", "broke"
    plugin.save()
    assert (roster.read()["a"].plugin_state, roster.read()["a"].plugin_reason) == ("error", "broke")


def test_an_agent_that_could_not_be_made_is_refused_at_once_with_the_reason():
    """Its process lives, and has nothing for it."""
    bad, good = make_agent("bad", state="error", reason="no such model"), make_agent("good")
    plugin = make_plugin("both", agents=(bad, good), desired="running", state="running")
    held = {"bad": {"revision": 0, "trouble": "no such model"}}
    make_instance(plugin, agents={**held, "good": {"revision": 0, "trouble": ""}})
    routes = Roster().read()
    assert (len(routes["bad"].targets), len(routes["good"].targets)) == (0, 1)
    routes["good"].require_usable()
    with pytest.raises(AgentUnreachable, match="The agent bad has failed: no such model"):
        routes["bad"].require_usable()
