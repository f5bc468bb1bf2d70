"""Questions of a graph: with a form, several at once, answered in another process."""

import os
import signal
import sys

import pytest
from agentx_sdk import Part
from agentx_sdk.testing import PluginProcess
from telling import FOLDER, custom, edge

PLAN = {"tools": ["calculator"], "graph": {"kind": "plan_approve_act"}}
CALCULATE = 'use calculator {"expression": "6*7"}'
TWO = custom(
    [
        {"name": "name", "kind": "ask", "question": "Your name?"},
        {"name": "age", "kind": "ask", "question": "Your age?", "form": {"type": "integer"}},
        {"name": "both", "kind": "set", "text": "{name} is {age}"},
    ],
    edge("START", "name"),
    edge("START", "age"),
    edge(["name", "age"], "both"),
    edge("both", "END"),
)


def place(number):
    return {"context_id": f"c{number}", "task_id": f"t{number}"}


async def test_a_plan_waits_for_a_yes_and_then_uses_its_tools(hosting):
    async with hosting(agent=PLAN) as plugin:
        asked = await plugin.send(CALCULATE, **place(1))
        assert asked.state == "input_required"
        assert "Shall I go on?" in asked.question
        assert asked.form["properties"]["approved"]["type"] == "boolean"
        assert not asked.tool_calls
        done = await plugin.send(Part(data={"approved": True}), **place(1))
    assert (done.state, done.text) == ("completed", "The tool says: 42.")
    assert [call["name"] for call in done.tool_calls] == ["calculator"]


@pytest.mark.parametrize("words", ["no", "No.", '{"approved": false}'])
async def test_an_answer_in_words_is_understood(hosting, words):
    async with hosting(agent=PLAN) as plugin:
        await plugin.send(CALCULATE, **place(1))
        done = await plugin.send(words, **place(1))
    assert (done.text, done.tool_calls) == ("The plan was not approved: nothing was done.", [])


async def test_what_does_not_fit_the_form_is_asked_again(hosting):
    async with hosting(agent=PLAN) as plugin:
        await plugin.send(CALCULATE, **place(1))
        again = await plugin.send(Part(data={"approved": "perhaps"}), **place(1))
        assert again.state == "input_required"
        assert "approved must be of type boolean" in again.question
        assert (await plugin.send("yes", **place(1))).text == "The tool says: 42."


async def test_several_questions_come_in_one_form_and_may_be_answered_one_by_one(hosting):
    async with hosting(agent=TWO) as plugin:
        asked = await plugin.send("x", **place(1))
        assert set(asked.form["properties"]) == {"name", "age"}
        left = await plugin.send(Part(data={"name": "Zoe"}), **place(1))
        assert (left.state, left.question) == ("input_required", "Your age?")
        assert (await plugin.send("7", **place(1))).text == "Zoe is 7"
        await plugin.send("x", **place(2))
        both = Part(data={"name": "Ann", "age": 8})
        assert (await plugin.send(both, **place(2))).text == "Ann is 8"


async def test_an_answer_comes_to_the_task_that_asked_and_to_no_other(hosting):
    async with hosting(agent=PLAN) as plugin:
        await plugin.send(CALCULATE, **place(1))
        other = await plugin.send("yes", context_id="c1", task_id="another")
    assert other.state == "input_required"  # a message of its own: a plan of its own


async def test_a_question_outlives_its_process(config):
    """kill -9 while it waits; a new process, with what AgentX kept, goes on."""

    def process():
        return PluginProcess(
            FOLDER, python=sys.executable, agents={"agent": PLAN}, config=config, timeout=60.0
        )

    async with process() as first:
        asked = await first.send(CALCULATE, **place(1))
        assert asked.state == "input_required"
        memories = dict(first.memories)
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
    async with process() as second:
        second.memories = memories
        done = await second.send("approve", **place(1))
    assert (done.state, done.text) == ("completed", "The tool says: 42.")


async def test_what_branches_did_before_a_question_is_not_done_twice(hosting):
    nodes = [
        {"name": "work", "kind": "set", "text": "worked", "silent": True},
        {"name": "ask", "kind": "ask", "question": "Go on?"},
        {"name": "end", "kind": "set", "text": "work ran {runs.work} times"},
    ]
    edges = (
        edge("START", "work"),
        edge("START", "ask"),
        edge(["work", "ask"], "end"),
        edge("end", "END"),
    )
    for every in ("turn", "step"):
        graph = {**custom(nodes, *edges), "history": {"every": every}}
        async with hosting(agent=graph) as plugin:
            await plugin.send("x", **place(1))
            assert (await plugin.send("yes", **place(1))).text == "work ran 1 times"


async def test_a_conversation_that_forgets_remembers_its_question(hosting):
    async with hosting(agent={**PLAN, "memory": {"enabled": False}}) as plugin:
        await plugin.send(CALCULATE, **place(1))
        assert (await plugin.send("yes", **place(1))).text == "The tool says: 42."
        assert b"values" not in plugin.memories["agent", "c1"]
