"""Orchestrations from configuration: who speaks, who is asked, what is remembered."""

from typing import Any

import pytest
from agentx_sdk import codec

X = {"name": "x", "instructions": "reply: x on {text}"}
Y = {"name": "y", "description": "Knows about bills.", "instructions": "reply: y on {text}"}


def several(kind: str, *members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"orchestration": {"kind": kind, "members": list(members or (X, Y)), **more}}


def members_of(answer: Any) -> list[tuple[str, str]]:
    """Who said what on the way to the answer."""
    statuses = [event.status for event in answer if event.HasField("status")]
    parts = [part for status in statuses for part in codec.message_parts(status.message)]
    about = [(part.metadata.get("agentx", {}), part.text) for part in parts]
    return [(told["name"], text or "") for told, text in about if told.get("kind") == "member"]


async def test_one_after_another_and_the_last_is_heard_as_it_speaks(hosting):
    last = {"name": "y", "instructions": "reply: one two three"}
    async with hosting(o=several("sequential", X, last)) as plugin:
        answer = await plugin.stream_all("tides")
    assert (answer.text, members_of(answer)) == ("one two three", [("x", "x on tides")])
    assert len(answer.artifacts) == 3
    (usage,) = answer.usage
    assert usage["outputTokens"] == 6


async def test_all_at_once(hosting):
    async with hosting(o=several("concurrent")) as plugin:
        answer = await plugin.send("tides")
    assert sorted(answer.text.split("\n\n")) == ["x: x on tides", "y: y on tides"]


async def test_a_group_chat_goes_round(hosting):
    async with hosting(o=several("group_chat", max_rounds=3)) as plugin:
        answer = await plugin.send("tides")
        again = await plugin.send("tides")
    assert [name for name, _ in members_of(answer)] == ["x", "y", "x"]
    assert len(members_of(again)) == 3  # a manager counts the rounds of its turn only


@pytest.mark.parametrize(
    ("words", "spoke"), [("reply: y", ["y", "y"]), ("reply: nobody", ["x", "y"])]
)
async def test_a_model_says_who_is_next(hosting, words, spoke):
    told = several("group_chat", max_rounds=2, manager="model", manager_instructions=f"\n{words}")
    async with hosting(o=told) as plugin:
        answer = await plugin.send("tides")
    assert [name for name, _ in members_of(answer)] == spoke


async def test_a_model_says_when_it_is_done(hosting):
    told = several(
        "group_chat", max_rounds=9, manager="model", manager_instructions="\nreply: DONE"
    )
    async with hosting(o=told) as plugin:
        answer = await plugin.send("tides")
    assert members_of(answer) == [("x", "x on tides")]


async def test_one_hands_over_to_the_other(hosting):
    first = {"name": "x", "instructions": "use: transfer_to_y {}"}
    async with hosting(o=several("handoff", first, Y)) as plugin:
        answer = await plugin.send("my bill")
    assert answer.text.startswith("y on")
    assert [name for name, _ in members_of(answer)] == ["y"]


async def test_who_has_a_question_asks_and_goes_on_in_another_process(hosting):
    agents = {"o": several("handoff", {"name": "x"}, Y, asks=True)}
    ids = {"task_id": "t", "context_id": "c"}
    async with hosting(**agents) as first:
        asked = await first.send("hello", **ids)
        assert (asked.state, asked.question) == ("input_required", "You said: hello")
        kept = dict(first.memories)
    async with hosting(**agents) as second:
        second.memories.update(kept)
        again = await second.send({"answer": "my name is Ann"}, **ids)
        assert again.question == "You said: my name is Ann"
        assert [each["outputTokens"] for each in again.usage] == [6]
        done = await second.send('use complete_task {"task_summary": "all is well"}', **ids)
        assert (done.state, done.text) == ("completed", "all is well")


async def test_a_manager_plans_and_ends(hosting):
    async with hosting(o=several("magentic", max_rounds=3)) as plugin:
        answer = await plugin.send("tides")
    assert (answer.state, bool(answer.text)) == ("completed", True)


@pytest.mark.parametrize("kind", ["sequential", "concurrent", "group_chat", "handoff", "magentic"])
async def test_it_remembers_and_a_model_that_fails_is_told(hosting, kind):
    told = several(kind, *({"name": name} for name in "yz"), max_rounds=1)
    async with hosting(o=told) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        answer = await plugin.send("what is my name", context_id="c")
        said = [answer.text, *(text for _, text in members_of(answer))]
        assert any("Ann" in text for text in said)
        failed = await plugin.send("!status 401")
    assert failed.error_code == "model_unauthorized"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (several("sequential", X, X), "orchestration.members.1.name"),
        (several("handoff", X), "needs two at least"),
        (several("handoff", handoffs=[{"source": "x", "target": "z"}]), "no member 'z'"),
        ({**several("concurrent"), "code": "desk.py:panel"}, "code or an orchestration"),
        ({"model": {"name": "demo", "api": "responses"}}, "chat completions"),
    ],
)
async def test_what_cannot_work_is_refused(hosting, told, words):
    with pytest.raises(AssertionError, match=words):
        async with hosting(o=told):
            pass
