"""Processes that AgentX did not start call home: let in by a token, known by a certificate, served like any other."""

import pytest
import pytest_asyncio

from plugins_app.models import PluginEvent, PluginInstance
from plugins_app.selectors.joining import joined
from plugins_app.services.placement import place_instances
from routing.gateway.homes import Door
from security.models import AuditEvent
from security.rows import ask
from tests.guests import ECHO, Guest, a_token, is_running, states, until
from tests.nodes import installed
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest_asyncio.fixture
async def door(transactional_db):
    await ask(installed, ECHO)
    door = Door("127.0.0.1", 0)
    await door.start()
    yield door
    await door.stop()


@pytest.fixture
def guests(door):
    """Makes processes, and leaves none."""
    made: list[Guest] = []

    def make(token: str, at: Door = door, **options) -> Guest:
        made.append(Guest(at, token, **options))
        return made[-1]

    yield make
    for guest in made:
        guest.end()


def refusals() -> list[str]:
    told = AuditEvent.objects.filter(outcome="refused").order_by("time")
    return [each.after["reason"] for each in told]


async def test_a_process_elsewhere_joins_and_answers_messages(guests, key):
    guests(await a_token())
    await until(is_running)
    row = await ask(lambda: joined().select_related("node").get())
    assert row.node.labels == {"remote": "true"} and row.node.state == "active"
    assert row.address.startswith("dns:///127.0.0.1:") and row.certificate_expires
    async with Web(key) as web:
        answer = await web.send("hello from afar")
    assert "hello from afar" in str(answer)
    assert await ask(PluginEvent.objects.filter(type="joined").exists)
    await ask(place_instances)  # the scheduler leaves it where it is, and puts nothing there
    assert await ask(states) == ["running"]
    assert await ask(PluginInstance.objects.count) == 1
