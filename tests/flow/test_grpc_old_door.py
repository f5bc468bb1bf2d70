"""A2A 0.3 over gRPC: its own shapes, and the same conversations as 1.0."""

import base64

import grpc
import pytest

from proto import a2a_v03_pb2 as old
from routing.models import Message
from security.rows import ask
from tests.gateways import refusal
from tests.web import text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
Code = grpc.StatusCode


async def test_a_caller_of_0_3_is_answered_in_0_3(gate):
    spoken = {"messageId": "m-1", "role": "ROLE_USER", "content": [{"text": "old"}]}
    answer = await gate.old_call(
        "SendMessage", {"message": spoken, "configuration": {"blocking": True}}
    )
    assert isinstance(answer, old.SendMessageResponse)
    assert answer.task.status.state == old.TASK_STATE_COMPLETED
    assert answer.task.artifacts[0].parts[0].text == "old"
    read = await gate.old_call("GetTask", {"name": f"tasks/{answer.task.id}"})
    assert read.id == answer.task.id
    # The same conversation, read by a caller of 1.0.
    assert text_of(await gate.result("GetTask", {"tenant": "echo", "id": read.id})) == "old"


async def test_0_3_streams_and_subscribes(gate):
    spoken = {"messageId": "m-1", "role": "ROLE_USER", "content": [{"text": "old"}]}
    told = [each async for each in gate.old_call("SendStreamingMessage", {"message": spoken})]
    assert told[0].HasField("task")
    assert told[-1].status_update.final
    task = await gate.later("x", "slow")
    name = {"name": f"tasks/{task['id']}"}
    call = gate.old_call("TaskSubscription", name, x_agentx_agent="slow")
    assert [each async for each in call][-1].status_update.final
    canceled = await gate.later("y", "slow", sleep=60)
    answer = await gate.old_call(
        "CancelTask", {"name": f"tasks/{canceled['id']}"}, x_agentx_agent="slow"
    )
    assert answer.status.state == old.TASK_STATE_CANCELLED


async def test_0_3_keeps_push_configs(gate, settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1/32"]
    task = await gate.later("hi", "slow")
    parent = f"tasks/{task['id']}"
    config = {"pushNotificationConfig": {"id": "mine", "url": "http://127.0.0.1:9/hook"}}
    made = await gate.old_call(
        "CreateTaskPushNotificationConfig",
        {"parent": parent, "configId": "mine", "config": config},
        x_agentx_agent="slow",
    )
    assert made.name == f"{parent}/pushNotificationConfigs/mine"
    named = {"name": made.name}
    read = await gate.old_call("GetTaskPushNotificationConfig", named, x_agentx_agent="slow")
    assert read.push_notification_config.url == "http://127.0.0.1:9/hook"
    listed = await gate.old_call(
        "ListTaskPushNotificationConfig", {"parent": parent}, x_agentx_agent="slow"
    )
    assert [each.name for each in listed.configs] == [made.name]
    await gate.old_call("DeleteTaskPushNotificationConfig", named, x_agentx_agent="slow")


async def test_0_3_gets_the_card_in_its_shape(gate):
    card = await gate.old_call("GetAgentCard", {}, x_agentx_agent="")
    assert card.name and card.protocol_version.startswith("0.3")
    assert card.security_schemes["bearer"].http_auth_security_scheme.scheme == "Bearer"
    assert card.skills[0].id


async def test_0_3_refuses_another_version_and_tells_why(gate):
    code, told = await refusal(gate.old_call("GetAgentCard", {}, a2a_version="1.0"))
    assert (code, told["ErrorInfo"]["reason"]) == (
        Code.FAILED_PRECONDITION,
        "VERSION_NOT_SUPPORTED",
    )
    code, told = await refusal(gate.old_call("GetTask", {"name": "tasks/none"}))
    assert (code, told["ErrorInfo"]["reason"]) == (Code.NOT_FOUND, "TASK_NOT_FOUND")


async def test_files_of_python_clients_of_0_3_are_encoded_twice(gate):
    """They put base64 text into a field of bytes, and read it so."""
    text = base64.b64encode(b"\x00\x01file")
    spoken = old.Message(
        message_id="m-1",
        role=old.ROLE_USER,
        content=[old.Part(file=old.FilePart(file_with_bytes=text, mime_type="text/plain"))],
    )
    answer = await gate.older.SendMessage(
        old.SendMessageRequest(request=spoken),
        metadata=gate.metadata(a2a_version="", x_agentx_agent="echo"),
    )
    kept = (await ask(Message.objects.get, task=answer.task.id, role="user")).message
    assert kept["parts"][0]["raw"] == text.decode()
