"""What every framework does when all goes well."""

import asyncio
import base64

import pytest
from agentx_sdk import Part

from tests.frameworks.frameworks import agent, every, model

pytestmark = [pytest.mark.asyncio(loop_scope="module"), every]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SHAPE = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


async def test_it_answers_and_says_what_was_used(framework, plugin, stub):
    mark = stub.mark()
    answer = await plugin.send("hello")
    assert (answer.state, answer.text) == ("completed", "You said: hello")
    (usage,) = answer.usage
    assert usage["model"] == "demo"
    assert usage["outputTokens"] == 3
    assert usage["inputTokens"] > 1  # the instructions, too
    (request,) = stub.requests(mark)
    assert request["model"] == "demo"


async def test_a_priced_model_costs(framework, plugin, stub):
    priced = model(stub, input_price=1e6, output_price=2e6, currency="EUR")
    async with agent(plugin, "priced", {"instructions": "Be brief.", "model": priced}):
        (usage,) = (await plugin.send("hello", agent="priced")).usage
    assert usage["cost"] == pytest.approx(usage["inputTokens"] + 2 * usage["outputTokens"])
    assert usage["currency"] == "EUR"


async def test_words_come_while_the_model_still_speaks(framework, plugin, stub):
    mark, pieces = stub.mark(), []
    async for response in plugin.stream("!slow 0.05 !words 12"):
        for event in response.events:
            if event.HasField("artifact"):
                pieces.append(event.artifact.artifact.parts[0].text)
                if len(pieces) == 1:
                    first = stub.requests(mark)[-1]
    assert "".join(pieces) == " ".join(f"w{number}" for number in range(1, 13))
    assert len(pieces) >= 10
    assert first["ended"] is None  # when we heard the first word of it


async def test_a_tool_is_called_and_its_result_told(framework, plugin):
    async with agent(plugin, "clever", {"tools": ["clock", "calculator"]}):
        text = 'use calculator {"expression": "6*7"}'
        for answer in (
            await plugin.send(text, agent="clever"),
            await plugin.stream_all(text, agent="clever"),
        ):
            (call,), (result,) = answer.tool_calls, answer.tool_results
            assert (call["name"], call["arguments"]) == ("calculator", {"expression": "6*7"})
            assert (result["id"], result["result"]) == (call["id"], 42)
            assert (answer.state, answer.text) == ("completed", "The tool says: 42.")


async def test_several_tools_at_once(framework, plugin):
    async with agent(plugin, "clever", {"tools": ["clock", "calculator"]}):
        text = 'use clock and use calculator {"expression": "1+1"}'
        answer = await plugin.send(text, agent="clever")
    assert sorted(call["name"] for call in answer.tool_calls) == ["calculator", "clock"]
    assert {result["id"] for result in answer.tool_results} == {
        call["id"] for call in answer.tool_calls
    }
    assert answer.text.startswith("The tool says: ")


async def test_a_function_of_ones_own(framework, plugin):
    own = {"tools": [{"code": framework.own("weather")}]}
    async with agent(plugin, "own", own):
        answer = await plugin.send('use weather {"city": "Oslo"}', agent="own")
    assert answer.tool_results[0]["result"] == "sunny in Oslo"
    assert answer.text == "The tool says: sunny in Oslo."


async def test_it_remembers_a_conversation_and_no_other(framework, plugin):
    await plugin.send("my name is Ann", context_id="with-ann")
    assert (await plugin.send("what is my name", context_id="with-ann")).text == "Your name is Ann."
    answer = await plugin.send("what is my name", context_id="with-somebody")
    assert answer.text == "I do not know your name."


async def test_it_remembers_over_turns_with_tools(framework, plugin, stub):
    async with agent(plugin, "clever", {"tools": ["calculator"]}):
        say = {"agent": "clever", "context_id": "sums"}
        await plugin.send("my name is Bo", **say)
        await plugin.send('use calculator {"expression": "2+2"}', **say)
        mark = stub.mark()
        answer = await plugin.send("what is my name", **say)
        (request,) = stub.requests(mark)
    assert answer.text == "Your name is Bo."
    roles = [message["role"] for message in request["messages"] if message["role"] != "system"]
    assert roles.count("tool") == 1


async def test_memory_can_be_off(framework, plugin):
    async with agent(plugin, "forgetful", {"memory": {"enabled": False}}):
        say = {"agent": "forgetful", "context_id": "gone"}
        await plugin.send("my name is Ann", **say)
        assert (await plugin.send("what is my name", **say)).text == "I do not know your name."


async def test_an_answer_of_a_shape(framework, plugin):
    async with agent(plugin, "shaped", {"output_schema": SHAPE}):
        for answer in (
            await plugin.send("Paris", agent="shaped"),
            await plugin.stream_all("Paris", agent="shaped"),
        ):
            data = [part.data for part in answer.parts if part.kind == "data"]
            assert data == [{"city": "Paris", "days": 1}]


async def test_it_shows_the_model_a_picture(framework, plugin, stub):
    framework.need("pictures")
    async with agent(plugin, "seer", {"model": model(stub, name="demo-vision", vision=True)}):
        mark = stub.mark()
        picture = Part(raw=PICTURE, media_type="image/png", filename="dot.png")
        answer = await plugin.send("look", picture, agent="seer")
        (request,) = stub.requests(mark)
    assert request["messages"][-1]["pictures"] == 1
    assert answer.text.endswith("I see 1 picture.")


async def test_a_model_that_sees_nothing_is_told_what_was_sent(framework, plugin, stub):
    mark = stub.mark()
    answer = await plugin.send("look", Part(raw=b"\0\1", media_type="image/png", filename="x.png"))
    (request,) = stub.requests(mark)
    assert (answer.state, request["messages"][-1]["pictures"]) == ("completed", 0)
    assert "x.png" in request["messages"][-1]["text"]


async def test_several_agents_and_several_models(framework, plugin, stub):
    rhyme = {"instructions": "reply: a rhyme on {text}", "model": model(stub, name="demo-poet")}
    async with agent(plugin, "poet", rhyme):
        mark = stub.mark()
        told = await asyncio.gather(
            plugin.send("snow", agent="poet"), plugin.send("snow", agent="plain")
        )
        models = sorted(request["model"] for request in stub.requests(mark))
    assert [answer.text for answer in told] == ["a rhyme on snow", "You said: snow"]
    assert models == ["demo", "demo-poet"]
    assert [usage["model"] for answer in told for usage in answer.usage] == ["demo-poet", "demo"]


async def test_the_responses_api(framework, plugin, stub):
    framework.need("responses")
    spec = {"model": model(stub, api="responses"), "tools": ["calculator"]}
    async with agent(plugin, "responder", spec):
        mark, say = stub.mark(), {"agent": "responder", "context_id": "by-responses"}
        assert (await plugin.send("my name is Cy", **say)).text == "You said: my name is Cy"
        answer = await plugin.stream_all('use calculator {"expression": "3*3"}', **say)
        assert (answer.text, len(answer.tool_results)) == ("The tool says: 9.", 1)
        answer = await plugin.send("what is my name", **say)
        paths = {request["path"] for request in stub.requests(mark)}
    assert (answer.text, answer.usage[0]["outputTokens"]) == ("Your name is Cy.", 4)
    assert paths == {"/v1/responses"}


async def test_conversations_at_once_do_not_mix(framework, plugin):
    names = [f"Person{number}" for number in range(16)]

    async def talk(name: str) -> str:
        await plugin.send(f"my name is {name}", context_id=name)
        return (await plugin.send("what is my name", context_id=name)).text

    assert await asyncio.gather(*map(talk, names)) == [f"Your name is {name}." for name in names]


async def test_two_turns_at_once_in_one_conversation_are_two(framework, plugin, stub):
    mark, say = stub.mark(), {"context_id": "crowded"}
    told = await asyncio.gather(
        plugin.send("one !slow 0.02", **say), plugin.send("two !slow 0.02", **say)
    )
    assert [answer.text for answer in told] == [
        "You said: one !slow 0.02",
        "You said: two !slow 0.02",
    ]
    first, second = sorted(stub.requests(mark), key=lambda request: request["began"])
    assert first["ended"] <= second["began"]


async def test_a_new_configuration_keeps_the_conversation(framework, plugin):
    from agentx_sdk._wire import agentx_plugin_pb2 as pb

    async with agent(plugin, "changed", {"instructions": "Be brief."}):
        say = {"agent": "changed", "context_id": "before-and-after"}
        await plugin.send("my name is Di", **say)
        update = pb.UpdateConfigRequest(
            agent_id="changed", config_json='{"instructions": "Be kind."}'
        )
        answer = await plugin.call("UpdateConfig", update, 30)
        assert (answer.success, answer.restart_needed) == (True, False)
        assert (await plugin.send("what is my name", **say)).text == "Your name is Di."
