"""Lists cost the same number of queries however long they are."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.models import Agent
from routing.models import ConversationMemory
from security.models import User
from tests.callers import Api
from tests.factories import (
    make_agent,
    make_instance,
    make_key,
    make_message,
    make_node,
    make_plugin,
    make_task,
    make_user,
)

pytestmark = pytest.mark.django_db


def one_agent(n: int) -> None:
    make_agent(f"agent-{n}", capabilities=("echo",))


def one_plugin(n: int) -> None:
    plugin = make_plugin(f"plugin-{n}", agents=(make_agent(f"hosted-{n}"),))
    make_instance(plugin)


def one_task(n: int) -> None:
    make_message(make_task(make_agent(f"busy-{n}")))


def one_key(n: int) -> None:
    make_key(User.objects.filter(username="ada").first() or make_user("ada", "admin"), name=str(n))


def one_memory(n: int) -> None:
    agent = Agent.objects.filter(slug="remembers").first()
    if agent is None:
        agent = make_agent("remembers")
        make_plugin("remembers", agents=(agent,))
    whose = {"owner": f"key:{n}", "context_id": f"c-{n}"}
    ConversationMemory.objects.create(agent=agent, hosted=agent.hosted_by, **whose)


MAKERS: dict[str, Callable[[int], object]] = {
    "agents": one_agent,
    "agents/discover": one_agent,
    "plugins": one_plugin,
    "tasks": one_task,
    "agents/remembers/memory": one_memory,
    "messages/history": one_task,
    "nodes": lambda n: make_node(f"node-{n}"),
    "users": lambda n: make_user(f"user-{n}", "viewer"),
    "keys": one_key,
    "audit": one_key,
}


@pytest.mark.parametrize("path", MAKERS)
def test_a_longer_list_takes_no_more_queries(api: Api, path: str) -> None:
    client = api("admin")
    make = MAKERS[path]
    make(0)
    assert client.get(f"/api/v1/{path}").status_code == 200  # the key's verdict is remembered now
    with CaptureQueriesContext(connection) as short:
        client.get(f"/api/v1/{path}")
    for n in range(1, 5):
        make(n)
    with CaptureQueriesContext(connection) as long:
        client.get(f"/api/v1/{path}")
    assert len(long) == len(short), [query["sql"] for query in long]
