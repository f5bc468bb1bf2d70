"""A plugin that speaks for an agent it does not host is not heard, and it is written down."""

import asyncio

import pytest
from django.db.models import QuerySet

from plugins_app.client.errors import Impostor
from plugins_app.client.messages import _check_names
from plugins_app.client.shapes import AgentDescription
from plugins_app.models import PluginEvent, PluginInstance
from plugins_app.services.describing import publish_described
from proto import agentx_plugin_pb2 as pb
from security.models import AuditEvent
from security.principals import system
from security.rows import ask
from tests.factories import make_agent
from tests.scripted import Core, make_scripted, send

pytestmark = pytest.mark.django_db(transaction=True)


def refusals(action: str) -> "QuerySet[AuditEvent]":
    return AuditEvent.objects.filter(action=action, outcome="refused")


@pytest.mark.asyncio
async def test_an_answer_in_anothers_name_fails_the_task(script):
    async with Core(script) as core:
        sending = asyncio.create_task(core.operations.send(system("test"), "scripted", send()))
        (await script.turn()).end(Impostor("it came in the name of 'other'"))
        task = await sending
    assert (task.state, task.reason) == ("FAILED", "invalid_agent_response")
    event = await ask(PluginEvent.objects.get)
    told = "An answer for scripted was refused: it came in the name of 'other'."
    assert (event.type, event.message) == ("refused", told)
    audit = await ask(refusals("plugin.answered").get)
    assert audit.after["task"] == task.id


@pytest.mark.parametrize(
    "event",
    [
        pb.Event(message=pb.A2AMessage(from_agent_id="other")),
        pb.Event(reply=pb.A2AMessage(from_agent_id="other")),
        pb.Event(status=pb.StatusChange(message=pb.A2AMessage(from_agent_id="other"))),
    ],
    ids=["message", "reply", "status"],
)
def test_every_message_of_an_answer_is_looked_at(event):
    with pytest.raises(Impostor, match="in the name of 'other'"):
        _check_names([event], "own")
    _check_names([event], "other")
    _check_names([pb.Event(message=pb.A2AMessage())], "own")


def test_a_card_for_anothers_agent_is_not_taken():
    make_scripted("one")
    make_agent("other")
    row = PluginInstance.objects.get()
    release = row.plugin.release
    release.manifest = {
        "metadata": {"name": "one", "version": "1.0.0"},
        "runtime": {"language": "python", "entrypoint": "main.py"},
        "agents": [{"slug": "one", "name": "One"}],
    }
    release.save()
    stranger = AgentDescription("other", "Other", "", "1", "custom", (), {"iconUrl": "x"})
    unknown = AgentDescription("unknown", "Unknown", "", "1", "custom", (), {})
    publish_described(row.id, [stranger, unknown])
    assert refusals("plugin.described").get().after["agent"] == "other"
    assert PluginEvent.objects.get(type="refused").message.startswith(
        "It speaks of the agent other"
    )
