"""The conformance agent does what its README says."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from agentx_sdk import Message, Part
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.testing import Answer, PluginProcess

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text()
FILE = {"filename": "output.txt", "media_type": "text/plain"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent() -> AsyncIterator[PluginProcess]:
    async with PluginProcess(FOLDER) as plugin:
        yield plugin


def shape(answer: Answer) -> list[str]:
    """What happened, in order: states by name, artifacts as a dot, a reply as an exclamation mark."""
    words = []
    for event in answer:
        match event.WhichOneof("event"):
            case "status":
                name = pb.TaskState.Name(event.status.state)
                words.append(name.removeprefix("TASK_STATE_").lower())
            case "artifact":
                words.append(".")
            case "reply":
                words.append("!")
    return words


@pytest.mark.parametrize(
    ("order", "shapes"),
    [
        ("tck-complete-task", ["completed"]),
        ("tck-delayed-complete", ["working", "completed"]),
        ("tck-input-required", ["input_required"]),
        ("tck-multi-turn start", ["input_required"]),
        ("tck-auth-required", ["auth_required"]),
        ("tck-message-response", ["!"]),
        ("tck-reject-task", ["rejected"]),
        ("tck-task-failure", []),
        ("tck-artifact-text", [".", "completed"]),
        ("tck-stream-001", ["working", ".", "completed"]),
        ("tck-stream-002", ["completed"]),
        ("tck-stream-003", ["working", ".", "completed"]),
        ("tck-stream-basic", ["working", ".", "completed"]),
        ("tck-stream-ordering-001", ["working", ".", "completed"]),
        ("tck-stream-artifact-text", ["working", ".", "completed"]),
        ("tck-stream-artifact-file", ["working", ".", "completed"]),
        ("tck-stream-artifact-chunked", ["working", ".", ".", "completed"]),
        ("tck-stream-chunked", ["working", ".", ".", "completed"]),
        ("hello", ["completed"]),
    ],
)
async def test_it_does_what_the_text_orders(agent, order, shapes):
    answer = await agent.stream_all(order)
    assert shape(answer) == shapes
    assert f"`{order.removesuffix(' start')}`" in README or order == "hello"


async def test_the_messages_id_orders_too_and_first(agent):
    assert shape(await agent.send("anything", message_id="tck-reject-task-1")) == ["rejected"]
    answer = await agent.send("tck-reject-task", message_id="tck-complete-task-1")
    assert (shape(answer), answer.question) == (["completed"], "Hello from TCK")


@pytest.mark.parametrize(
    ("order", "part"),
    [
        ("tck-artifact-text", Part(text="Generated text content")),
        ("tck-artifact-file", Part(raw=b"tck", **FILE)),
        ("tck-artifact-file-url", Part(url="https://example.com/output.txt", **FILE)),
        ("tck-artifact-data", Part(data={"key": "value", "count": 42})),
    ],
)
async def test_its_artifacts(agent, order, part):
    answer = await agent.send("x", message_id=f"{order}-1")
    assert (answer.parts, answer.state) == ([part], "completed")


async def test_two_chunks_make_one_artifact(agent):
    answer = await agent.stream_all("tck-stream-artifact-chunked")
    first, last = [event.artifact for event in answer if event.HasField("artifact")]
    assert first.artifact.artifact_id == last.artifact.artifact_id
    assert (first.append, first.last_chunk) == (False, False)
    assert (last.append, last.last_chunk) == (True, True)


@pytest.mark.parametrize("order", ["tck-input-required", "tck-multi-turn", "tck-auth-required"])
async def test_a_follow_up_completes_what_was_asked(agent, order):
    asked = await agent.send(order, task_id="t")
    history = [
        Message(order, role="user"),
        Message(asked.question, role="agent"),
    ]
    assert (await agent.send("here", task_id="t", history=history)).state == "completed"


@pytest.mark.parametrize("text", ["tck-multi-turn second", "here is more input"])
async def test_who_has_more_to_say_is_asked_again(agent, text):
    history = [Message("tck-multi-turn first", role="user"), Message("More?", role="agent")]
    assert (await agent.send(text, task_id="t", history=history)).state == "input_required"
    history += [Message(text, role="user"), Message("More?", role="agent")]
    assert (await agent.send("done", task_id="t", history=history)).state == "completed"


async def test_a_follow_up_with_the_orders_id_completes(agent):
    history = [Message("x", role="user"), Message("More?", role="agent")]
    answer = await agent.send("y", message_id="tck-multi-turn-2", task_id="t", history=history)
    assert answer.state == "completed"


async def test_failure_has_a_reason(agent):
    answer = await agent.send("tck-task-failure")
    assert (answer.state, answer.error_code) == ("failed", "asked_to_fail")


@pytest.mark.parametrize("order", ["tck-cancel", "tck-long-running", "test-resubscribe-message-id"])
async def test_it_works_on_until_it_is_cancelled(agent, order):
    stream = agent.stream("x", message_id=order)
    async for response in stream:
        assert response.events[0].status.state == pb.TASK_STATE_WORKING
        break
    await stream.aclose()
    async with asyncio.timeout(2):
        while (await agent.health()).in_flight:  # noqa: ASYNC110 - asks the process
            await asyncio.sleep(0.01)


async def test_a_call_that_waits_is_cancelled_with_its_caller(agent):
    with pytest.raises(grpc.aio.AioRpcError):
        await agent.send("tck-cancel", timeout=0.2)


@pytest.mark.parametrize(
    ("profile", "streaming", "extensions"),
    [("full", True, 0), ("minimal", False, 0), ("required-extension", True, 1)],
)
async def test_its_profile_chooses_its_card(profile, streaming, extensions):
    async with PluginProcess(FOLDER, config={"profile": profile}) as plugin:
        (listed,) = (await plugin.call("ListAgents")).agents
    told = json.loads(listed.card_json)["capabilities"]
    assert (told["streaming"], told["pushNotifications"]) == (streaming, streaming)
    assert len(told.get("extensions", ())) == extensions
    assert f"`{profile}`" in README


async def test_a_profile_that_is_none_is_refused():
    with pytest.raises(AssertionError, match="profile"):
        async with PluginProcess(FOLDER, config={"profile": "grand"}):
            pass
