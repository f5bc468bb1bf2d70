"""How many queries each list page asks: the same for three rows as for thirty, and written down.

A change that needs more is made on purpose: `UPDATE_QUERY_COUNTS=1 pytest tests/flow/test_query_counts.py`.
"""

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from monitoring.models import Alert, AlertRule
from plugins_app.models import (
    FIRST_ELSEWHERE,
    AutoscalePolicy,
    ConfigRevision,
    HostedAgent,
    Package,
    PackageRating,
    PackageReview,
    Plugin,
    PluginEvent,
    Preparation,
    PublisherKey,
    ScalingDecision,
)
from plugins_app.services import join_tokens
from registry.models import Agent
from routing.models import ConversationMemory, PushConfig, PushDelivery
from security import audit
from security.principals import system
from tests.factories import (
    make_agent,
    make_instance,
    make_key,
    make_message,
    make_node,
    make_plugin,
    make_release,
    make_task,
    make_user,
)

PINNED = Path(__file__).parents[1] / "query_counts.json"
PAGES = (
    *("/", "/agents/", "/plugins/", "/plugins/plugin-0/", "/tasks/", "/alerts/", "/autoscaling/"),
    *("/nodes/", "/audit/", "/keys/", "/users/", "/push/", "/agents/agent-0/", "/card-keys/"),
    *("/catalogue/", "/catalogue/package-0/", "/packages/reviews/", "/publishers/"),
    *("/join-tokens/", "/plugins/plugin-0/releases/"),
    "/plugins/plugin-0/configure/",
    "/plugins/plugin-0/agents/",
    "/agents/agent-0/memory/",
)


def fill(first: int, last: int) -> None:
    for number in range(first, last):
        agent = make_agent(f"agent-{number}", capabilities=(f"can-{number}",))
        node = make_node(f"node-{number}")
        plugin = make_plugin(f"plugin-{number}", agents=(agent,))
        earlier = make_release(Plugin.objects.get(slug="plugin-0"), f"0.{number}.0")
        Preparation.objects.create(release=earlier, node=node)
        make_instance(plugin, node=node)
        make_instance(plugin, FIRST_ELSEWHERE, node=node)
        join_tokens.create_token(system("tests"), plugin.slug, name=f"token-{number}")
        AutoscalePolicy.objects.create(plugin=plugin)
        decision = {"before": 1, "after": 2, "in_flight": 1, "target_in_flight": 1}
        ScalingDecision.objects.create(plugin=plugin, reason="", **decision)
        PluginEvent.objects.create(plugin=plugin, type="ready")
        ConfigRevision.objects.create(plugin=plugin, number=1, config={"a": number})
        task = make_task(agent)
        make_message(task)
        hook = {"url": "https://hooks.example/", "host": "hooks.example"}
        config = PushConfig.objects.create(task=task, config_id="hook", **hook)
        PushDelivery.objects.create(config=config, seq=1, state="dead")
        rule = AlertRule.objects.create(name=f"rule-{number}", metric="error_rate", threshold=1)
        Alert.objects.create(rule=rule, value=1)
        audit.record(system("tests"), "test.done", "test", str(number))
        make_key(make_user(f"person-{number}", "viewer"))
        make_package(number)
        _make_hosted(number)


def _make_hosted(number: int) -> None:
    """One agent more of the first plugin, and one conversation more that its first agent remembers."""
    plugin = Plugin.objects.get(slug="plugin-0")
    HostedAgent.objects.create(plugin=plugin, agent=make_agent(f"more-{number}"), config={})
    agent = Agent.objects.get(slug="agent-0")
    whose = {"owner": "user:nobody", "context_id": f"c-{number}", "hosted": agent.hosted_by}
    ConversationMemory.objects.create(agent=agent, **whose)


def make_package(number: int) -> None:
    """One listed plugin more, and one version, rating and review more of the first."""
    key = PublisherKey.objects.create(name=f"publisher-{number}", public_key=f"{number}")
    told = {"manifest": {}, "size": 1, "signer": key, "listed": True, "review": "pending"}
    digests = (f"{number:032}{kind:032}" for kind in range(2))
    Package.objects.create(
        name=f"package-{number}", version="0", latest=True, digest=next(digests), **told
    )
    of_first = {"name": "package-0", "version": f"1.{number}", "digest": next(digests)}
    package = Package.objects.create(**told, **of_first)
    PackageRating.objects.create(name="package-0", subject=f"person-{number}", stars=3)
    PackageReview.objects.create(package=package, reviewer="ada", approved=True, trust="public")


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


@pytest.mark.django_db
def test_lists_do_not_ask_per_row() -> None:
    client = Client()
    client.force_login(make_user("ada", "admin"))
    fill(0, 3)
    few = {path: queries_of(client, path) for path in PAGES}
    fill(3, 30)
    assert {path: queries_of(client, path) for path in PAGES} == few
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        PINNED.write_text(json.dumps(few, indent=2) + "\n")
    assert few == json.loads(PINNED.read_text())
