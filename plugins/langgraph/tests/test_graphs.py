"""Graphs from configuration: what there is already, branches, loops, choices, and what is refused."""

import json

import pytest
from agentx_sdk import ConfigError, TaskFailed
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from telling import build, custom, edge


def says(name, reply, **more):
    return {"name": name, "kind": "model", "instructions": f"reply: {reply}", **more}


async def test_a_model_and_its_tools_go_in_a_circle(hosting):
    async with hosting(agent={"tools": ["calculator"]}) as plugin:
        answer = await plugin.send('use calculator {"expression": "6*7"}')
    assert answer.text == "The tool says: 42."
    (call,), (result,) = answer.tool_calls, answer.tool_results
    assert (call["arguments"], result["result"]) == ({"expression": "6*7"}, 42)
    assert call["id"] == result["id"]
    assert answer.usage[0]["inputTokens"] > 0


async def test_a_router_hands_on_to_whom_the_model_chose(hosting):
    """The demo model chooses the first of a list."""
    members = [
        {"name": "billing", "description": "money", "instructions": "reply: billing {text}"},
        {"name": "support", "description": "trouble", "instructions": "reply: support {text}"},
    ]
    money = {"graph": {"kind": "router", "members": members}}
    trouble = {"graph": {"kind": "router", "members": members[::-1]}}
    async with hosting(money=money, trouble=trouble) as plugin:
        assert (await plugin.send("x", agent="money")).text == "billing x"
        assert (await plugin.send("x", agent="trouble")).text == "support x"


def test_a_choice_is_read_from_words_when_a_model_keeps_to_no_schema():
    from nodes import _choice

    assert _choice('{"choice": "b"}', ["a", "b"]) == "b"
    assert _choice("I choose Billing.", ["billing", "support"]) == "billing"
    with pytest.raises(TaskFailed, match="chose none of a, b"):
        _choice("both, a and b", ["a", "b"])


async def test_branches_run_at_once_and_come_together(hosting):
    nodes = [
        says("pro", "for {text}", status="Thinking of {text} …"),
        says("con", "against {text}"),
        {"name": "both", "kind": "set", "text": "{pro}, {con}"},
    ]
    edges = (
        edge("START", "pro"),
        edge("START", "con"),
        edge(["pro", "con"], "both"),
        edge("both", "END"),
    )
    async with hosting(agent=custom(nodes, *edges)) as plugin:
        answer = await plugin.stream_all("tea")
    assert answer.text == "for tea, against tea"
    told = [event.status.message for event in answer if event.HasField("status")]
    words = [part.text for message in told for part in message.parts]
    assert "Thinking of tea …" in words
    assert {"for tea", "against tea"} <= set(words)  # who said what, on the way


async def test_a_loop_ends_by_how_often_a_node_ran_in_this_turn(hosting):
    nodes = [
        {"name": "draft", "kind": "set", "text": "x", "silent": True},
        {"name": "done", "kind": "set", "text": "after {runs.draft}"},
    ]
    edges = (
        edge("START", "draft"),
        edge("draft", "done", value="runs.draft", at_least=3),
        edge("draft", "draft"),
        edge("done", "END"),
    )
    async with hosting(agent=custom(nodes, *edges)) as plugin:
        for _ in range(2):
            assert (await plugin.send("x", context_id="c")).text == "after 3"


async def test_a_circle_without_an_end_fails_clearly_and_the_process_lives_on(hosting):
    nodes = [{"name": name, "kind": "set", "text": name} for name in ("a", "b")]
    circle = custom(nodes, edge("START", "a"), edge("a", "b"), edge("b", "a"), recursion_limit=6)
    async with hosting(circle=circle, own={"code": "own.py:circle"}) as plugin:
        for slug in ("circle", "own"):
            answer = await plugin.send("x", agent=slug)
            assert (answer.state, answer.error_code) == ("failed", "too_many_steps")
        assert "circle" in answer.error


async def test_a_turn_asks_the_model_no_more_often_than_it_may(hosting):
    nodes = [says("again", "x")]
    endless = custom(nodes, edge("START", "again"), edge("again", "again"), recursion_limit=50)
    async with hosting(agent={**endless, "limits": {"max_steps": 3}}) as plugin:
        answer = await plugin.send("x")
    assert (answer.error_code, answer.usage[0]["model"]) == ("too_many_steps", "demo")


async def test_conditions_look_at_values_words_and_structured_answers(hosting):
    schema = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
    nodes = [
        {"name": "read", "kind": "model", "output_schema": schema, "silent": True},
        {"name": "tea", "kind": "set", "text": "tea"},
        {"name": "one", "kind": "set", "text": "one"},
    ]
    edges = (
        edge("START", "read"),
        edge("read", "tea", value="text", contains="TEA"),
        edge("read", "one", value="read.n", equals=1),
        edge("tea", "END"),
        edge("one", "END"),
    )
    async with hosting(agent=custom(nodes, *edges)) as plugin:
        assert (await plugin.send("some tea")).text == "tea"
        assert (await plugin.send("coffee")).text == "one"


async def test_own_functions_are_nodes(hosting):
    nodes = [{"name": "remark", "kind": "code", "code": "own.py:remark"}]
    graph = custom(nodes, edge("START", "remark"), edge("remark", "END"))
    async with hosting(agent=graph) as plugin:
        answer = await plugin.send("four")
    assert answer.text == "1 messages, and the text has 4 letters"


async def test_a_structured_answer_is_data(hosting):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    async with hosting(agent={"output_schema": schema}) as plugin:
        (part,) = (await plugin.stream_all("Paris")).parts
    assert part.data == {"city": "Paris"}


async def test_a_value_can_be_the_reply(hosting):
    nodes = [says("a", "loud {text}", silent=True), {"name": "b", "kind": "set", "text": "aside"}]
    graph = custom(nodes, edge("START", "a"), edge("a", "b"), edge("b", "END"))
    async with hosting(agent={**graph, "output_key": "a"}) as plugin:
        assert (await plugin.send("x")).text == "loud x"


async def test_the_graph_is_drawn_on_request_and_on_the_card(hosting):
    async with hosting(agent={"graph": {"kind": "plan_approve_act"}}) as plugin:
        answer = await plugin.send("", metadata={"show": "graph"})
        info = await plugin.call("GetAgentInfo", pb.GetAgentInfoRequest(agent_id="agent"))
    (part,) = answer.parts
    assert part.media_type == "text/vnd.mermaid"
    assert "plan --> approve" in part.text
    (extension,) = json.loads(info.agent.card_json)["capabilities"]["extensions"]
    assert extension["params"]["mermaid"] == part.text


REFUSED = {
    "graph.nodes": custom([]),
    "graph.edges": custom([{"name": "a", "kind": "set", "text": "x"}], edge("a", "END")),
    "graph.edges.1.target": custom(
        [{"name": "a", "kind": "set", "text": "x"}], edge("START", "a"), edge("a", "b")
    ),
    "graph.nodes.1.name": custom(
        [{"name": "a", "kind": "set", "text": "x"}] * 2, edge("START", "a"), edge("a", "END")
    ),
    "graph.nodes.0.question": custom(
        [{"name": "a", "kind": "ask"}], edge("START", "a"), edge("a", "END")
    ),
    "graph.nodes.0.tools.0": custom([says("a", "x", tools=["nope"])], edge("START", "a")),
    "graph.nodes.0.model": custom([says("a", "x", model="nope")], edge("START", "a")),
    "graph.nodes.0.code": custom(
        [{"name": "a", "kind": "code", "code": "own.py:nothing"}], edge("START", "a")
    ),
    "graph.members": {"graph": {"kind": "router"}},
}


@pytest.mark.parametrize("path", REFUSED)
async def test_what_is_wrong_with_a_graph_is_named_by_its_place(hosting, path):
    async with hosting() as plugin:
        with pytest.raises(ConfigError) as caught:
            await build(plugin.adapter, REFUSED[path])
    assert path in caught.value.fields
