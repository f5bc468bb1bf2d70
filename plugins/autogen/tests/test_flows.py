"""Graph flows: ways, conditions, loops, people, and a kill in the middle of it."""

from pathlib import Path

import pytest
from agentx_sdk.testing import PluginProcess
from telling import member, refused, said

FOLDER = Path(__file__).parents[1]
BOSS = {"name": "boss", "kind": "person", "instructions": "Shall it be published?"}
WRITER, PRESS = member("writer", "draft of {text}"), member("press", "printed")


def flow(members, edges, **more):
    return {"team": {"pattern": "graph_flow", "members": members, "edges": edges, **more}}


def edge(source, target, **more):
    return {"source": source, "target": target, **more}


APPROVAL = flow(
    [WRITER, BOSS, PRESS],
    [
        edge("writer", "boss"),
        edge("boss", "press", contains="yes"),
        edge("boss", "writer", contains="again", group="again", needs="any"),
    ],
    start="writer",
)


async def test_several_ways_come_together(hosting):
    members = [member("a", "a"), member("b", "b"), member("c", "c"), member("d", "d of {text}")]
    edges = [edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")]
    async with hosting(f=flow(members, edges)) as plugin:
        answer = await plugin.send("go")
    names = [name for name, _ in said(answer)]
    assert (names[0], sorted(names[1:])) == ("a", ["b", "c"])
    assert answer.text.startswith("d of")  # the one leaf, heard as it speaks


async def test_a_condition_of_words_or_of_a_function_chooses_the_way(hosting):
    members = [member("a", "{text}"), member("small", "small"), member("large", "large")]
    edges = [
        edge("a", "small", code="rules.py:is_short"),
        edge("a", "large", contains="a b c d e f"),
    ]
    async with hosting(f=flow(members, edges)) as plugin:
        assert (await plugin.send("a b")).text == "small"
        assert (await plugin.send("a b c d e f")).text == "large"


async def test_a_person_decides_which_way_it_goes(hosting):
    async with hosting(f=APPROVAL) as plugin:
        for answer, text in (("yes", "printed"), ("no", "Digraph execution is complete")):
            say = {"context_id": answer, "task_id": answer}
            asked = await plugin.send("news", **say)
            assert (asked.state, asked.question) == ("input_required", "Shall it be published?")
            assert said(asked) == [("writer", "draft of news")]
            assert (await plugin.send(answer, **say)).text == text


async def test_a_person_sends_it_round_again(hosting):
    async with hosting(f=APPROVAL) as plugin:
        say = {"context_id": "c", "task_id": "t"}
        await plugin.send("news", **say)
        for _ in range(2):
            asked = await plugin.send("again please", **say)
            assert asked.state == "input_required"
            assert said(asked) == [("writer", "draft of again please")]
        done = await plugin.send("yes", **say)
        assert (done.state, done.text) == ("completed", "printed")
        again = await plugin.send("more news", context_id="c", task_id="t2")
        assert said(again) == [("writer", "draft of more news")]


async def test_another_task_does_not_answer_what_one_waits_for(hosting):
    async with hosting(f=APPROVAL) as plugin:
        await plugin.send("news", context_id="c", task_id="t")
        other = await plugin.send("yes", context_id="c", task_id="another")
    assert (other.state, said(other)) == ("input_required", [("writer", "draft of yes")])


async def test_two_people_are_asked_one_after_another(hosting):
    both = [
        member("a", "a"),
        {"name": "p", "kind": "person", "instructions": "p?"},
        {"name": "q", "kind": "person", "instructions": "q?"},
        member("z", "{text}"),
    ]
    edges = [edge("a", "p"), edge("a", "q"), edge("p", "z"), edge("q", "z")]
    async with hosting(f=flow(both, edges)) as plugin:
        say = {"context_id": "c", "task_id": "t"}
        asked = {
            (await plugin.send("go", **say)).question,
            (await plugin.send("1", **say)).question,
        }
        done = await plugin.send("2", **say)
    assert asked == {"p?", "q?"}
    assert (done.state, done.text) == ("completed", "2")


async def test_a_flow_that_waits_outlives_its_process(model):
    config, agents = {"model": model}, {"f": APPROVAL}
    say = {"context_id": "c", "task_id": "t"}
    async with PluginProcess(FOLDER, config=config, agents=agents) as plugin:
        assert (await plugin.send("news", **say)).state == "input_required"
        kept = dict(plugin.memories)
        plugin.signal(9)
    async with PluginProcess(FOLDER, config=config, agents=agents) as plugin:
        plugin.memories.update(kept)
        done = await plugin.send("yes", **say)
    assert (done.state, done.text) == ("completed", "printed")


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([edge("writer", "nobody")], "'nobody' is not one of the members"),
        ([edge("writer", "press", contains="a", code="rules.py:is_short")], "has one condition"),
        ([edge("writer", "press"), edge("press", "writer")], "without exit condition"),
        ([edge("boss", "writer"), edge("writer", "press"), edge("press", "writer")], "leaf node"),
    ],
)
async def test_a_flow_that_cannot_be_is_refused(hosting, edges, words):
    async with hosting(plain={}) as plugin:
        told = await refused(plugin, flow([WRITER, PRESS, BOSS], edges))
        assert words.lower() in told.lower()
        assert (await plugin.send("hello")).text == "You said: hello"


async def test_the_bundled_flow_asks_until_it_may_publish(model):
    async with PluginProcess(FOLDER, config={"model": model}) as plugin:
        say = {"agent": "autogen-press", "context_id": "c", "task_id": "t"}
        assert (await plugin.send("We open in Leeds.", **say)).state == "input_required"
        assert (await plugin.send("shorter", **say)).state == "input_required"
        assert (await plugin.send("Publish it.", **say)).state == "completed"
