"""A conversation's checkpoints: kept with it, bounded, and gone back to."""

import json

from agentx_sdk import Part
from agentx_sdk.langchain.thread import Kept, Thread
from agentx_sdk.memory import Memory
from hypothesis import given
from hypothesis import strategies as st

STEPS = {"history": {"every": "step"}}
CHAT = {"context_id": "c"}


async def checkpoints(plugin):
    (part,) = (await plugin.send("", metadata={"show": "checkpoints"}, **CHAT)).parts
    return part.data


def kept_by(plugin):
    return Memory(plugin.memories["agent", "c"])["native"]["thread"]


async def test_a_conversation_is_remembered_and_its_checkpoints_are_listed(hosting):
    async with hosting(agent=STEPS) as plugin:
        await plugin.send("my name is Zoe", **CHAT)
        assert (await plugin.send("what is my name", **CHAT)).text == "Your name is Zoe."
        found = await checkpoints(plugin)
    assert [each["messages"] for each in found] == [4, 3, 2, 2, 1, 0]
    assert found[0]["parent"] == found[1]["id"]
    assert (found[1]["next"], found[1]["source"]) == (["agent"], "loop")


async def test_a_turn_goes_on_from_an_earlier_checkpoint(hosting):
    async with hosting(agent={}) as plugin:
        await plugin.send("hello", **CHAT)
        await plugin.send("my name is Zoe", **CHAT)
        before = (await checkpoints(plugin))[1]["id"]
        question = "what is my name"
        assert (await plugin.send(question, **CHAT)).text == "Your name is Zoe."
        back = await plugin.send(question, metadata={"checkpoint": before}, **CHAT)
        assert back.text == "I do not know your name."
        # From there it goes on.
        assert (await plugin.send(question, **CHAT)).text == "I do not know your name."


async def test_a_checkpoint_that_is_not_there_is_told(hosting):
    async with hosting(agent={}) as plugin:
        answer = await plugin.send("x", metadata={"checkpoint": "nope"}, **CHAT)
    assert (answer.state, answer.error_code) == ("failed", "checkpoint_not_found")


async def test_the_history_keeps_as_many_checkpoints_as_it_is_told(hosting):
    async with hosting(agent={"history": {"checkpoints": 3}}) as plugin:
        for number in range(6):
            await plugin.send(f"number {number}", **CHAT)
        kept = kept_by(plugin)
    assert len(kept["checkpoints"]) == 3
    # Each message is kept once, however many checkpoints have it.
    assert sum(len(str(value)) > 150 for value in kept["values"]) <= 12


async def test_the_model_is_shown_the_newest_messages_only(hosting):
    async with hosting(agent={"memory": {"max_messages": 4}}) as plugin:
        await plugin.send("my name is Zoe", **CHAT)
        for number in range(3):
            await plugin.send(f"number {number}", **CHAT)
        assert (await plugin.send("what is my name", **CHAT)).text == "I do not know your name."
        found = await checkpoints(plugin)
    assert found[0]["messages"] <= 5


async def test_a_heavy_picture_is_seen_and_not_kept(hosting, config):
    config["model"]["vision"] = True
    config["model"]["name"] = "demo-vision"
    picture = Part(raw=bytes(300_000), media_type="image/png")
    async with hosting(agent={}) as plugin:
        assert "I see 1 picture." in (await plugin.send("look", picture, **CHAT)).text
        size = len(plugin.memories["agent", "c"])
        assert size < 20_000
        assert (await plugin.send("again", **CHAT)).text == "You said: again"


async def test_a_failed_turn_leaves_the_conversation_as_it_was(hosting):
    async with hosting(agent={}) as plugin:
        await plugin.send("my name is Zoe", **CHAT)
        before = plugin.memories["agent", "c"]
        assert (await plugin.send("!status 500", **CHAT)).state == "failed"
        assert plugin.memories["agent", "c"] == before


# ---- The form they are kept in


VALUES = st.lists(st.lists(st.text("abc", max_size=3), max_size=5), min_size=1, max_size=12)


def thread_of(values):
    thread = Thread()
    for number, texts in enumerate(values):
        places = [thread.place(text) for text in texts]
        parent = f"{number - 1:03}" if number else ""
        thread.add(Kept("", f"{number:03}", parent, {"v": 4}, {}, {"messages": places}))
    return thread


@given(VALUES, st.integers(1, 15), st.integers(0, 60))
def test_the_newest_stay_and_name_what_they_named(values, count, size):
    thread = thread_of(values)
    told = json.loads(json.dumps(thread.kept(count, size)))
    again = Thread(told)
    assert 1 <= len(again) <= min(count, len(values))
    for kept in again.all(""):
        texts = [again.value(place) for place in kept.channels["messages"]]
        assert texts == values[int(kept.id)]
    assert again.get("").id == f"{len(values) - 1:03}"
    assert len(told["values"]) == len(set(told["values"]))
    total = sum(map(len, told["values"]))
    assert total <= size or len(again) == 1


def test_what_a_subgraph_stands_at_stays_with_the_graph():
    thread = Thread()
    for ns, name in (("", "1"), ("", "2"), ("sub:x", "3"), ("sub:y", "4")):
        thread.add(Kept(ns, name, "", {"v": 4}, {}))
    assert {each["id"] for each in thread.kept(1, 0)["checkpoints"]} == {"2", "3", "4"}


def test_writes_that_come_before_their_checkpoint_stay_with_it():
    thread = Thread()
    early = Kept("", "1", "", {}, {})
    early.writes.append(("task", 0, "messages", thread.place("x"), ""))
    thread.add(early)
    assert thread.get("") is None
    thread.add(Kept("", "1", "", {"v": 4}, {}))
    assert thread.get("").writes == early.writes
