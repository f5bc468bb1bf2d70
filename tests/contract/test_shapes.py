"""Every shape of `process` and every hook, over a real process and real gRPC."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from agentx_sdk import Message, Part
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.testing import PluginProcess

SHAPES = Path(__file__).parent / "plugins" / "shapes"
AGENTS = {"shape": {"colour": "red", "api_key": "s3cret"}}
pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def plugin() -> AsyncIterator[PluginProcess]:
    async with PluginProcess(SHAPES, agents=AGENTS, config={"token": "t", "hidden": "h"}) as it:
        yield it


async def both(plugin: PluginProcess, *content, **fields):
    """The same message over both calls: they must end in the same state with the same words."""
    unary = await plugin.send(*content, **fields)
    streamed = await plugin.stream_all(*content, **fields)
    assert (unary.state, unary.text, unary.error) == (streamed.state, streamed.text, streamed.error)
    return unary


async def test_a_string_becomes_one_artifact_named_reply(plugin):
    answer = await both(plugin, "hello")
    assert (answer.text, answer.state) == ("hello", "completed")
    (artifact,) = answer.artifacts
    assert artifact.name == "reply"


async def test_nothing_completes_without_an_artifact(plugin):
    answer = await both(plugin, "none")
    assert (answer.state, answer.artifacts) == ("completed", [])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dict", [Part(data={"a": [1, None]})]),
        ("reply", [Part(text="see"), Part(data={"k": 1})]),
        ("artifact", [Part(text="x")]),
        ("file", [Part(raw=b"\x00\xff", media_type="image/png", filename="p.png")]),
    ],
)
async def test_parts_travel(plugin, text, parts):
    answer = await both(plugin, text)
    assert (answer.parts, answer.state) == (parts, "completed")


async def test_a_message_is_an_event_of_its_own(plugin):
    answer = await both(plugin, "message", context_id="c1")
    message = answer[0].message
    assert (message.parts[0].text, message.role) == ("direct", "agent")
    assert (message.conversation_id, message.from_agent_id) == ("c1", "shape")


@pytest.mark.parametrize(
    ("text", "state"), [("input", "input_required"), ("auth", "auth_required")]
)
async def test_an_interruption_ends_the_turn(plugin, text, state):
    answer = await both(plugin, text)
    assert (answer.state, len(answer)) == (state, 1)
    assert answer.question in ("which?", "log in there")


async def test_who_follows_the_task_sees_it_go_on_once_authorised(plugin):
    assert (await plugin.send("authorised")).state == "auth_required"
    streamed = await plugin.stream_all("authorised")
    states = [event.status.state for event in streamed if event.HasField("status")]
    assert states == [pb.TASK_STATE_AUTH_REQUIRED, pb.TASK_STATE_COMPLETED]
    assert streamed.text == "thank you"


async def test_a_generator_that_ends_with_its_question_sends_nothing_after_it(plugin):
    responses = [each async for each in plugin.stream("asks")]
    assert [len(each.events) for each in responses] == [1]
    assert responses[0].events[0].status.state == pb.TASK_STATE_AUTH_REQUIRED


async def test_a_direct_message_is_the_whole_answer(plugin):
    for answer in (await plugin.send("direct"), await plugin.stream_all("direct")):
        (event,) = answer
        assert event.WhichOneof("event") == "reply"
        assert (event.reply.parts[0].text, event.reply.task_id) == ("no task", "")
        assert answer.reply.text == "no task"


async def test_a_direct_message_is_refused_after_anything_else(plugin):
    answer = await both(plugin, "too direct")
    assert (answer.state, answer.error_code) == ("failed", "agent_error")
    assert "nothing may come before it" in answer.error


async def test_tokens_are_appended_to_one_artifact(plugin):
    streamed = await plugin.stream_all("tokens")
    changes = [event.artifact for event in streamed if event.HasField("artifact")]
    assert [change.append for change in changes] == [False, True, True]
    assert len({change.artifact.artifact_id for change in changes}) == 1
    whole = await plugin.send("tokens")
    assert [part.text for part in whole.parts] == ["one two three"]


async def test_tokens_leave_as_they_come(plugin):
    times = [
        asyncio.get_running_loop().time()
        async for _ in plugin.stream("tokens", metadata={"pause": 0.2})
    ]
    assert times[1] - times[0] > 0.15


async def test_a_plain_generator_runs_in_threads(plugin):
    assert (await both(plugin, "blocking tokens")).text == "thread by thread"


@pytest.mark.parametrize("call", ["send", "stream_all"])
async def test_a_generator_may_yield_everything(plugin, call):
    answer = await getattr(plugin, call)("mixed")
    assert (answer.state, answer.question) == ("input_required", "go on?")
    assert answer[0].status.message.parts[0].text == "thinking"
    report = [artifact for artifact in answer.artifacts if artifact.artifact_id == "r1"]
    assert [artifact.parts[0].text for artifact in report] == ["a file", " and more"]
    reply = [artifact for artifact in answer.artifacts if artifact.name == "reply"]
    kinds = [part.WhichOneof("content") for artifact in reply for part in artifact.parts]
    assert kinds == ["text", "data", "text"]


async def test_a_failure_half_way_keeps_what_was_streamed(plugin):
    streamed = await plugin.stream_all("breaks")
    assert (streamed.text, streamed.state, streamed.error_code) == ("some", "failed", "half_way")


@pytest.mark.parametrize(
    ("text", "error"),
    [("bug", "KeyError: 'missing'"), ("object", "TypeError: "), ("state", "ValueError: ")],
)
async def test_a_mistake_is_told_by_class_and_words_and_its_traceback_only_logged(
    plugin, text, error
):
    answer = await both(plugin, text)
    assert answer.error.startswith(error)
    assert (answer.state, answer.error_code) == ("failed", "agent_error")
    assert "Traceback" not in answer.error
    assert "Traceback" in plugin.log


async def test_the_turn_tells_what_was_sent(plugin):
    answer = await plugin.send(
        "about",
        {"x": 1},
        metadata={"k": "v"},
        history=[Message("earlier", role="user"), Message("asked", role="agent")],
        task_id="t1",
        context_id="c1",
        caller="user:ann",
        accepted_output_modes=["text/plain"],
    )
    told = answer.parts[0].data
    assert told["kinds"] == ["text", "data"]
    assert (told["task"], told["context"], told["agent"]) == ("t1", "c1", "shape")
    assert told["metadata"] == {"k": "v"}
    assert told["config"] == AGENTS["shape"]
    assert told["caller"] == "user:ann"
    assert told["history"] == [["user", "earlier"], ["agent", "asked"]]
    assert (told["modes"], told["seconds_left"], told["cancelled"]) == (["text/plain"], None, False)


async def test_the_payload_of_the_first_sketch_is_read(plugin):
    request = plugin.request("new words")
    del request.message.parts[:]
    request.message.payload.text.content = "old words"
    response = await plugin.call("ProcessMessage", request)
    assert response.events[0].artifact.artifact.parts[0].text == "old words"


async def test_redelivery_makes_the_same_artifact_again(plugin):
    request = plugin.request("hello")
    first, second = [await plugin.call("ProcessMessage", request) for _ in range(2)]
    assert first == second


async def test_cancelling_a_stream_closes_the_adapters_generator(plugin, tmp_path):
    path = tmp_path / "note"
    async for _ in plugin.stream("tokens", metadata={"pause": 20, "note": str(path)}):
        break
    await until(path.exists)
    assert path.read_text() == "closed"
    assert (await plugin.health()).in_flight == 0


async def test_a_thread_can_see_that_its_turn_was_cancelled(plugin, tmp_path):
    path = tmp_path / "note"
    with pytest.raises(grpc.aio.AioRpcError):
        await plugin.send("spin", metadata={"note": str(path)}, timeout=0.3)
    await until(path.exists)
    assert path.read_text() == "noticed"


async def test_prints_and_logs_go_to_stderr_with_ids(plugin):
    assert (await plugin.send("print")).text == "printed"
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await plugin.send("log", task_id="t9", context_id="c9", traceparent=trace)
    lines = plugin.log.splitlines()
    assert "a banner" in lines
    (line,) = [json.loads(line) for line in lines if "look at this" in line]
    assert (line["level"], line["task_id"], line["context_id"]) == ("warning", "t9", "c9")
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert line["agent"] == "shape"


async def test_every_line_of_a_turn_and_of_a_tool_has_its_trace(plugin):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await plugin.send("log everywhere", task_id="t1", traceparent=trace)
    request = pb.ExecuteToolRequest(tool_name="say", traceparent=trace, request_id="r1")
    assert (await plugin.call("ExecuteTool", request)).success
    lines = [json.loads(line) for line in plugin.log.splitlines() if "spread: " in line]
    where = [line["message"].removeprefix("spread: ") for line in lines]
    assert where == ["loop", "thread", "executor", "task", "tool"]
    assert {line["trace_id"] for line in lines} == {trace.split("-")[1]}
    assert [line.get("task_id") for line in lines] == ["t1"] * 4 + [None]
    assert lines[-1]["request_id"] == "r1"


async def test_the_token_is_not_in_the_environment(plugin):
    environment = (await plugin.send("environment")).parts[0].data
    assert plugin.token not in json.dumps(environment)


@pytest.mark.parametrize("call", ["send", "stream_all"])
async def test_an_answer_that_is_too_big_is_an_error_of_that_call_only(plugin, call):
    refused = await getattr(plugin, call)("big")
    assert (refused.state, refused.error_code) == ("failed", "too_large")
    assert "larger than 16 MiB" in refused.error
    assert (await plugin.send("hello")).text == "hello"


@pytest.mark.parametrize("call", ["send", "stream_all"])
async def test_a_turn_ends_at_its_deadline(plugin, call, tmp_path):
    path = tmp_path / "note"
    soon = int((time.time() + 0.3) * 1000)
    metadata = {"note": str(path), "pause": 20}
    answer = await getattr(plugin, call)("tokens", metadata=metadata, deadline_ms=soon)
    assert (answer.state, answer.error_code) == ("failed", "deadline_exceeded")
    assert path.read_text() == "closed"
    assert (await plugin.health()).in_flight == 0


async def test_a_thread_can_see_that_its_deadline_is_over(plugin, tmp_path):
    path = tmp_path / "note"
    soon = int((time.time() + 0.3) * 1000)
    answer = await plugin.send("spin", metadata={"note": str(path)}, deadline_ms=soon)
    assert answer.error_code == "deadline_exceeded"
    await until(path.exists)
    assert path.read_text() == "noticed"


async def test_health_tells_of_a_sick_adapter(plugin):
    await plugin.send("sicken")
    health = await plugin.health()
    assert (health.status, health.detail) == (pb.HealthCheckResponse.NOT_SERVING, "a cold")


async def test_health_counts(plugin):
    await plugin.send("hello")
    await plugin.send("bug")
    await plugin.health()
    waiting = asyncio.create_task(plugin.send("nap", metadata={"seconds": 0.5}))
    await asyncio.sleep(0.3)
    health = await plugin.health()
    assert (health.in_flight, health.messages_total, health.errors_total) == (1, 2, 1)
    assert 0.5 < health.in_flight_average <= 1
    await waiting


async def test_configuration_is_shown_without_its_secrets(plugin):
    of_plugin = json.loads((await plugin.call("GetConfig")).config_json)
    assert of_plugin == {"token": "********", "hidden": "********"}
    request = pb.GetConfigRequest(agent_id="shape")
    of_agent = json.loads((await plugin.call("GetConfig", request)).config_json)
    assert of_agent == {"colour": "red", "api_key": "********"}


async def test_new_configuration_is_in_force_at_once_or_said_to_be_later(plugin):
    async def update(config):
        request = pb.UpdateConfigRequest(agent_id="shape", config_json=json.dumps(config))
        return await plugin.call("UpdateConfig", request)

    assert (await update({"colour": "blue"})).success
    assert (await plugin.send("about")).parts[0].data["config"] == {"colour": "blue"}
    assert (await update({"later": 1})).restart_needed
    refused = await update({"bad": 1})
    assert (refused.success, refused.field_errors[0].field) == (False, "bad")
    assert (await plugin.send("about")).parts[0].data["config"] == {"colour": "blue"}
    request = pb.UpdateConfigRequest(config_json="[1]")
    assert "JSON object" in (await plugin.call("UpdateConfig", request)).error


async def test_a_configuration_is_looked_at_without_being_taken(plugin):
    async def validate(text, agent=""):
        request = pb.ValidateConfigRequest(config_json=text, agent_id=agent)
        return await plugin.call("ValidateConfig", request)

    assert (await validate('{"never": 1}')).field_errors[0].field == "never"
    assert (await validate('{"never": 1}', "shape")).error == "never is set"
    assert (await validate('{"colour": "blue"}', "shape")).success
    # Of an agent that is not there yet, too: somebody is about to make it.
    assert (await validate('{"never": 1}', "to-come")).error == "never is set"
    assert (await validate('{"colour": "blue"}', "to-come")).success
    assert [each.id for each in (await plugin.call("ListAgents")).agents] == ["shape"]
    assert "JSON object" in (await validate("[1]")).error
    assert (await plugin.send("about")).parts[0].data["config"] == AGENTS["shape"]


async def test_initialize_asks_the_same_question():
    with pytest.raises(AssertionError, match="never is set"):
        async with PluginProcess(SHAPES, agents=AGENTS, config={"never": 1}):
            pass


async def test_state_moves_to_another_process_in_two_steps(plugin):
    assert not (await plugin.call("GetInfo")).stateful
    await plugin.send("remember", metadata={"a": 1, "b": [2]})
    assert (await plugin.call("GetInfo")).stateful
    async with PluginProcess(SHAPES, agents=AGENTS) as heir:
        first = await plugin.save_state()
        assert (await heir.load_state(first)).loaded == 2
        await plugin.send("remember", metadata={"a": 3})
        then = await plugin.save_state(max(entry.version for entry in first))
        assert [entry.key for entry in then] == ["a"]
        assert (await heir.load_state(then)).success
        assert (await heir.send("recall")).parts[0].data == {"a": 3, "b": [2]}


async def test_state_that_is_none_is_refused(plugin):
    answer = await plugin.load_state([pb.StateEntry(key="a", value=b"no json")])
    assert (answer.success, answer.loaded) == (False, 0)
    big = pb.StateEntry(key="a", value=b"1" * (1024 * 1024 + 1))
    assert "at most 1048576" in (await plugin.load_state([big])).error


async def test_a_refused_configuration_keeps_the_agent_out(plugin):
    request = pb.CreateAgentRequest(id="other", config_json='{"bad": 1}')
    assert not (await plugin.call("CreateAgent", request)).success
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await plugin.send("hello", agent="other")
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_initialize_refuses_by_field():
    with pytest.raises(AssertionError, match="bad is set"):
        async with PluginProcess(SHAPES, agents=AGENTS, config={"bad": 1}):
            pass


async def test_agents_come_and_go(plugin):
    created = await plugin.call(
        "CreateAgent", pb.CreateAgentRequest(id="second", name="Second", description="d")
    )
    assert (created.agent.name, created.agent.version) == ("Second", "2.0.0")
    card = json.loads(created.agent.card_json)
    assert card["skills"][0]["id"] == "shape"
    assert card["capabilities"] == {"pushNotifications": False}
    assert "defaultInputModes" not in card  # nothing said: the manifest has the word
    listed = await plugin.call("ListAgents")
    assert [agent.id for agent in listed.agents] == ["shape", "second"]
    info = await plugin.call("GetAgentInfo", pb.GetAgentInfoRequest(agent_id="second"))
    assert list(info.agent.models) == ["small", "large"]
    assert (await plugin.call("DeleteAgent", pb.DeleteAgentRequest(agent_id="second"))).success
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await plugin.send("hello", agent="second")
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_tools_are_listed_and_run(plugin):
    tools = (await plugin.call("ListTools")).tools
    assert [tool.name for tool in tools] == ["say", "add", "fail"]

    async def execute(name, arguments="{}"):
        request = pb.ExecuteToolRequest(tool_name=name, arguments_json=arguments)
        return await plugin.call("ExecuteTool", request)

    assert (await execute("add", '{"a": 2, "b": 3}')).result_json == "5"
    assert (await execute("fail")).error_code == "luck"
    assert (await execute("add")).error_code == "invalid_arguments"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await execute("none")
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def until(true, seconds: float = 5) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - asks the file system
            await asyncio.sleep(0.01)
