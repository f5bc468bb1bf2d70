"""Agents of create_agent: middleware, approvals, sub-agents, what is refused."""

import pytest
from agentx_sdk import ConfigError, Part
from telling import build

CALCULATE = 'use calculator {"expression": "6*7"}'
PLACE = {"context_id": "c", "task_id": "t"}


def careful(*decisions, **more):
    told = {"tool": "calculator", "question": "May I?", **more}
    if decisions:
        told["decisions"] = list(decisions)
    return {"tools": ["calculator", "clock"], "middleware": {"approvals": [told]}}


async def test_it_talks_uses_tools_and_remembers(hosting):
    async with hosting(agent={"tools": ["calculator"]}) as plugin:
        used = await plugin.send(CALCULATE, context_id="c")
        await plugin.send("my name is Zoe", context_id="c")
        told = await plugin.send("what is my name", context_id="c")
    assert (used.text, told.text) == ("The tool says: 42.", "Your name is Zoe.")
    (call,), (result,) = used.tool_calls, used.tool_results
    assert (call["id"], result["result"]) == (result["id"], 42)
    assert used.usage[0]["outputTokens"] > 0


async def test_a_tool_waits_for_a_yes(hosting):
    async with hosting(agent=careful()) as plugin:
        asked = await plugin.send(CALCULATE, **PLACE)
        assert (asked.state, asked.question, asked.tool_calls) == ("input_required", "May I?", [])
        (field,) = asked.form["properties"].values()
        assert (field["type"], field["description"]) == ("boolean", "calculator(expression='6*7')")
        done = await plugin.send(Part(data={"approved": True}), **PLACE)
    assert (done.text, len(done.tool_calls)) == ("The tool says: 42.", 1)


async def test_a_no_is_told_to_the_model(hosting):
    async with hosting(agent=careful()) as plugin:
        await plugin.send(CALCULATE, **PLACE)
        done = await plugin.send("no", **PLACE)
    assert "User rejected" in done.text
    assert not done.tool_calls


async def test_a_call_can_be_edited_or_answered_in_its_place(hosting):
    every = careful("approve", "edit", "reject", "respond")
    async with hosting(agent=every) as plugin:
        asked = await plugin.send(CALCULATE, **PLACE)
        assert asked.form["properties"]["arguments"]["default"] == '{"expression": "6*7"}'
        edited = {"decision": "edit", "arguments": '{"expression": "1+1"}'}
        done = await plugin.send(Part(data=edited), **PLACE)
        assert done.tool_results[0]["result"] == 2
        await plugin.send(CALCULATE, **PLACE)
        unclear = await plugin.send(Part(data={"decision": "edit", "arguments": "x"}), **PLACE)
        assert (unclear.state, "JSON object" in unclear.question) == ("input_required", True)
        own = {"decision": "respond", "message": "it is 43"}
        assert "it is 43" in (await plugin.send(Part(data=own), **PLACE)).text


async def test_two_calls_wait_in_one_form(hosting):
    told = careful()
    told["middleware"]["approvals"].append({"tool": "clock"})
    async with hosting(agent=told) as plugin:
        asked = await plugin.send(f"{CALCULATE} use clock", **PLACE)
        assert set(asked.form["properties"]) == {"approved_1", "approved_2"}
        some = Part(data={"approved_1": True, "approved_2": False})
        done = await plugin.send(some, **PLACE)
    assert [call["name"] for call in done.tool_calls] == ["calculator"]


async def test_personal_data_does_not_reach_the_model(hosting):
    rules = [{"kind": "email"}, {"kind": "order", "pattern": r"ORD-\d+", "strategy": "hash"}]
    async with hosting(agent={"middleware": {"redact": rules}}) as plugin:
        answer = await plugin.send("write to a@example.com about ORD-12")
    assert "[REDACTED_EMAIL]" in answer.text
    assert "ORD-12" not in answer.text


async def test_what_the_model_says_is_redacted_before_it_is_shown(hosting):
    told = {
        "instructions": "reply: ask boss@example.com",
        "middleware": {"redact": [{"kind": "email", "input": False, "output": True}]},
    }
    async with hosting(agent=told) as plugin:
        answer = await plugin.stream_all("x")
    assert answer.text == "ask [REDACTED_EMAIL]"
    assert all("boss" not in str(event) for event in answer)


async def test_long_conversations_are_summarized(hosting):
    told = {"middleware": {"summary": {"after_messages": 4, "keep_messages": 2}}}
    async with hosting(agent=told) as plugin:
        for number in range(4):
            answer = await plugin.stream_all(f"number {number}", context_id="c")
    assert answer.text == "You said: number 3"  # and nothing of the summary


async def test_calls_of_models_and_tools_are_limited(hosting):
    limited = {"middleware": {"model_calls": {"per_turn": 1}}, "tools": ["calculator"]}
    strict = {"middleware": {"tool_calls": [{"per_conversation": 1}]}, "tools": ["calculator"]}
    async with hosting(limited=limited, strict=strict) as plugin:
        ended = await plugin.send(CALCULATE, agent="limited")
        assert (ended.state, "limit" in ended.text) == ("completed", True)
        await plugin.send(CALCULATE, agent="strict", context_id="c")
        refused = await plugin.send(CALCULATE, agent="strict", context_id="c")
    assert "limit" in refused.text
    assert not refused.tool_calls


async def test_tools_are_tried_again(hosting):
    told = {
        "tools": [{"code": "own.py:flaky"}],
        "middleware": {"retries": {"attempts": 1, "delay_seconds": 0}},
    }
    async with hosting(agent=told) as plugin:
        answer = await plugin.send('use flaky {"word": "it"}')
    assert answer.text == "The tool says: got it."
    assert ["error" in each for each in answer.tool_results] == [True, False]


async def test_another_model_steps_in(hosting):
    told = {"model": {"name": "nowhere"}, "middleware": {"fallback_models": [{"name": "demo"}]}}
    async with hosting(agent=told) as plugin:
        assert (await plugin.send("hello")).text == "You said: hello"


async def test_own_middleware_stands_around_the_agent(hosting):
    async with hosting(agent={"middleware": {"code": ["own.py:Polite"]}}) as plugin:
        assert (await plugin.send("you idiot")).text == "Please be kind."
        assert (await plugin.send("you friend")).text == "You said: you friend"


async def test_a_plan_of_its_own(hosting):
    async with hosting(agent={"middleware": {"todo": True}}) as plugin:
        todos = '{"todos": [{"content": "tea", "status": "pending"}]}'
        answer = await plugin.send(f"use write_todos {todos}")
    assert answer.tool_calls[0]["name"] == "write_todos"


async def test_a_subagent_answers_as_a_tool(hosting):
    poet = {"name": "poet", "instructions": "reply: a poem on {text}", "description": "Poems."}
    async with hosting(agent={"subagents": [poet]}) as plugin:
        answer = await plugin.stream_all('use poet {"message": "snow"}')
    assert answer.text == "The tool says: a poem on snow."
    assert answer.tool_results[0]["result"] == "a poem on snow"
    assert answer.usage[0]["inputTokens"] > 10  # of both


@pytest.mark.parametrize("strategy", ["provider", "tool"])
async def test_a_structured_answer_is_data(hosting, strategy):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    told = {"output_schema": schema, "output_strategy": strategy}
    async with hosting(agent=told) as plugin:
        (part,) = (await plugin.stream_all("Paris")).parts
    assert set(part.data) == {"city"}


async def test_the_responses_api(hosting):
    async with hosting(agent={"model": {"api": "responses"}, "tools": ["calculator"]}) as plugin:
        assert (await plugin.send(CALCULATE)).text == "The tool says: 42."


REFUSED = {
    "middleware.approvals": {"middleware": {"approvals": [{"tool": "nope"}]}},
    "middleware.redact.0": {"middleware": {"redact": [{"kind": "nope"}]}},
    "middleware.code.0": {"middleware": {"code": ["own.py:nothing"]}},
    "middleware.fallback_models.0": {"middleware": {"fallback_models": ["nope"]}},
    "subagents.0.tools.0": {"subagents": [{"name": "a", "tools": ["nope"]}]},
    "subagents.0.model": {"subagents": [{"name": "a", "model": "nope"}]},
    "code": {"code": "own.py:nothing"},
}


@pytest.mark.parametrize("path", REFUSED)
async def test_what_is_wrong_is_named_by_its_place(hosting, path):
    async with hosting() as plugin:
        with pytest.raises(ConfigError) as caught:
            await build(plugin.adapter, REFUSED[path])
    assert path in caught.value.fields
