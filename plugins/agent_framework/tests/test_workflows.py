"""Workflows from configuration: who speaks, who is asked, what is remembered, what a kill leaves."""

from typing import Any

import pytest
from agentx_sdk.testing import PluginProcess
from telling import FOLDER, member, refused, said

X, Y = member("x", "x says {text}"), member("y", "y says {text}")
TURN = {"context_id": "c", "task_id": "t"}


def workflow(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"workflow": {"members": list(members), **more}}


async def test_one_after_another_and_the_last_is_heard_as_it_speaks(hosting):
    async with hosting(w=workflow(X, Y)) as plugin:
        answer = await plugin.stream_all("go")
    assert said(answer) == [("x", "x says go")]
    assert len(answer.artifacts) >= 3
    assert answer.text == "y says go"
    assert answer.usage[0]["outputTokens"] == 6


async def test_all_at_once(hosting):
    voting = workflow(X, Y, pattern="concurrent", aggregator="rules.py:vote")
    async with hosting(w=workflow(X, Y, pattern="concurrent"), v=voting) as plugin:
        answer = await plugin.send("go")
        voted = await plugin.send("go", agent="v")
    assert answer.text == "x says go\n\ny says go"
    assert sorted(said(answer)) == [("x", "x says go"), ("y", "y says go")]
    assert voted.text == "x says go | y says go"


async def test_in_rounds(hosting):
    rounds = workflow(X, Y, pattern="group_chat", max_rounds=3)
    chosen = workflow(X, Y, pattern="group_chat", max_rounds=2, selector="rules.py:last_first")
    until = workflow(X, Y, pattern="group_chat", until="y says")
    async with hosting(r=rounds, c=chosen, u=until) as plugin:
        for agent, names in (("r", "xyx"), ("c", "yx"), ("u", "xy")):
            answer = await plugin.send("go", agent=agent)
            assert [name for name, _ in said(answer)] == list(names)
            assert answer.text == f"{names[-1]} says go"


async def test_a_manager_of_a_group_chat_decides(hosting):
    managed = workflow(X, Y, pattern="group_chat", max_rounds=2, manager_instructions="Choose.")
    async with hosting(w=managed) as plugin:
        answer = await plugin.send("go")
    assert answer.state == "completed"
    assert answer.text


async def test_agents_hand_over_and_the_conversation_goes_on_with_the_last(hosting):
    desk = workflow(member("front"), member("back", "back says {text}"), pattern="handoff")
    async with hosting(w=desk) as plugin:
        first = await plugin.send("use handoff_to_back", context_id="c")
        assert (first.state, first.text) == ("completed", "back says use handoff_to_back")
        again = await plugin.send("and now", context_id="c")  # another task of the conversation
        other = await plugin.send("hello", context_id="other")
    assert again.text == "back says and now"
    assert other.text == "You said: hello"


async def test_a_handoff_is_forgotten_where_memory_is_off(hosting):
    desk = workflow(member("front"), member("back", "back says {text}"), pattern="handoff")
    async with hosting(w={**desk, "memory": {"enabled": False}}) as plugin:
        await plugin.send("use handoff_to_back", context_id="c")
        assert (await plugin.send("and now", context_id="c")).text == "You said: and now"


async def test_magentic_plans_and_asks_about_the_plan(hosting):
    plain = workflow(X, Y, pattern="magentic", max_rounds=1)
    careful = workflow(X, Y, pattern="magentic", max_rounds=1, plan_review=True)
    limits = {"limits": {"max_steps": 40}}
    async with hosting(p={**plain, **limits}, c={**careful, **limits}) as plugin:
        assert (await plugin.send("go", agent="p")).state == "completed"
        asked = await plugin.send("go", agent="c", **TURN)
        assert asked.state == "input_required"
        assert asked.question.startswith("Is this plan right?")
        after = await plugin.send({"approved": True}, agent="c", **TURN)
    assert after.state in ("completed", "input_required")


async def test_a_person_reviews_what_a_member_says(hosting):
    async with hosting(w=workflow(X, Y, review=["x"])) as plugin:
        asked = await plugin.send("go", **TURN)
        assert asked.question.startswith("x says: x says go")
        again = await plugin.send({"approved": False, "comment": "shorter"}, **TURN)
        assert again.question.startswith("x says: x says shorter")
        done = await plugin.send({"approved": True}, **TURN)
    assert (done.state, done.text) == ("completed", "y says shorter")


async def test_a_members_tool_waits_for_approval(hosting):
    careful = member("w", tools=["calculator"], approvals=["*"])
    async with hosting(w=workflow(careful, member("x", "then x"))) as plugin:
        asked = await plugin.send('use calculator {"expression": "6*7"}', **TURN)
        assert asked.question.startswith("May the tool calculator")
        done = await plugin.send({"approved": True}, **TURN)
    assert done.tool_results[0]["result"] == 42
    assert (done.state, done.text) == ("completed", "then x")


async def test_a_workflow_remembers_what_was_said(hosting):
    async with hosting(w=workflow(member("x"))) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        assert (await plugin.send("what is my name", context_id="c")).text == "Your name is Ann."
        assert (await plugin.send("what is my name")).text == "I do not know your name."


async def test_a_models_failure_is_told_as_it_is(hosting):
    async with hosting(w=workflow(X, Y), c=workflow(X, Y, pattern="concurrent")) as plugin:
        for agent in "wc":
            failed = await plugin.send("!status 429", agent=agent)
            assert (failed.state, failed.error_code) == ("failed", "model_rate_limited")
            assert failed.failure["retryAfterSeconds"] == 7
            assert (await plugin.send("go", agent=agent)).state == "completed"


async def test_the_bundled_graph_asks_and_confirms(model):
    async with PluginProcess(FOLDER, config={"model": model}) as plugin:
        say = {"agent": "agent-framework-orders", **TURN}
        asked = await plugin.send("20 chairs", **say)
        assert asked.state == "input_required"
        names = [name for name, _ in said(asked)]
        assert (names[0], sorted(names[1:3]), names[3]) == (
            "reception",
            ["delivery", "price"],
            "summary",
        )
        plugin_memory = dict(plugin.memories)
        plugin.signal(9)
    async with PluginProcess(FOLDER, config={"model": model}) as plugin:
        plugin.memories.update(plugin_memory)
        done = await plugin.send("yes", **say)
    assert done.state == "completed"
    assert done.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (workflow(), "1 to 32 members"),
        (workflow(X, X), "is taken"),
        (workflow(X, review=["q"]), "'q' is not one of the members"),
        (workflow(member("x", kind="person")), "a step of graphs only"),
        (workflow(member("x", handoffs=["q"]), pattern="handoff"), "'q' is not one"),
        (workflow(X, selector="rules.py:nothing", pattern="group_chat"), "has no 'nothing'"),
    ],
)
async def test_a_workflow_that_cannot_be_is_refused(hosting, wrong, words):
    async with hosting(plain={}) as plugin:
        assert words in await refused(plugin, wrong)
        assert (await plugin.send("hello")).text == "You said: hello"
