"""Graphs: ways, conditions, what comes together, people, functions, circles; and an author's own."""

import pytest
from telling import member, refused, said

TURN = {"context_id": "c", "task_id": "t"}
BOSS = {"name": "boss", "kind": "person", "instructions": "Shall it be published?"}
COUNT = {"name": "count", "kind": "function", "code": "rules.py:count"}


def graph(members, edges=(), **more):
    told = {"pattern": "graph", "members": list(members), "edges": list(edges), **more}
    return {"workflow": told}


def edge(source, target, **more):
    return {"source": source, "target": target, **more}


async def test_ways_part_and_come_together(hosting):
    members = [member(name, f"{name} of {{text}}") for name in "abcd"]
    edges = [edge("a", "b"), edge("a", "c"), edge("b", "d", join=True), edge("c", "d", join=True)]
    async with hosting(g=graph(members, edges)) as plugin:
        answer = await plugin.stream_all("go")
    assert said(answer)[0] == ("a", "a of go")
    assert sorted(said(answer)[1:]) == [("b", "b of go"), ("c", "c of go")]
    assert answer.text == "d of go"


async def test_the_first_condition_that_holds_chooses_the_way(hosting):
    members = [member("a", "{text}"), *(member(name, name) for name in ("short", "red", "other"))]
    edges = [
        edge("a", "red", contains="red"),
        edge("a", "short", code="rules.py:is_short"),
        edge("a", "other", otherwise=True),
    ]
    async with hosting(g=graph(members, edges)) as plugin:
        for text, way in (("a red one", "red"), ("a b", "short"), ("a b c d e f", "other")):
            assert (await plugin.send(text)).text == way


async def test_functions_are_steps(hosting):
    alone = graph([COUNT])
    between = graph(
        [member("a", "{text}"), COUNT, member("z", "z")], [edge("a", "count"), edge("count", "z")]
    )
    async with hosting(alone=alone, between=between) as plugin:
        assert (await plugin.send("one two three", agent="alone")).text == "3 words"
        answer = await plugin.send("one two", agent="between")
    assert answer.text == "z"


async def test_a_function_that_fails_says_so(hosting):
    async with hosting(g=graph([{**COUNT, "code": "rules.py:fails"}])) as plugin:
        failed = await plugin.send("go")
    assert (failed.state, failed.error_code) == ("failed", "own_code_failed")
    assert "the step count failed: ValueError: no good" in failed.error


async def test_a_person_decides(hosting):
    members = [member("a", "draft"), BOSS, member("press", "printed"), member("bin", "binned")]
    edges = [
        edge("a", "boss"),
        edge("boss", "press", contains="yes"),
        edge("boss", "bin", otherwise=True),
    ]
    async with hosting(g=graph(members, edges)) as plugin:
        for answer, text in (("yes", "printed"), ("no", "binned")):
            say = {"context_id": answer, "task_id": answer}
            asked = await plugin.send("news", **say)
            assert (asked.state, asked.question) == ("input_required", "Shall it be published?")
            assert asked.form == {"type": "string", "title": "Answer"}
            assert (await plugin.send(answer, **say)).text == text


async def test_two_people_are_asked_one_after_another(hosting):
    people = [{"name": name, "kind": "person", "instructions": f"{name}?"} for name in "pq"]
    members = [member("a", "a"), *people, {**COUNT, "name": "z"}]
    edges = [edge("a", "p"), edge("a", "q"), edge("p", "z", join=True), edge("q", "z", join=True)]
    async with hosting(g=graph(members, edges)) as plugin:
        questions = {
            (await plugin.send("go", **TURN)).question,
            (await plugin.send("one", **TURN)).question,
        }
        done = await plugin.send("two three", **TURN)
    assert questions == {"p?", "q?"}
    assert (done.state, done.text) == ("completed", "3 words")


async def test_circles_end_at_the_agents_limit(hosting):
    circle = [edge("a", "b"), edge("b", "a")]
    limits = {"limits": {"max_steps": 5}}
    asking = {**graph([member("a", "a"), member("b", "b")], circle), **limits}
    silent = graph([{**COUNT, "name": "a"}, {**COUNT, "name": "b"}], circle)
    async with hosting(asking=asking, silent={**silent, **limits}) as plugin:
        for agent in ("asking", "silent"):
            failed = await plugin.send("go", agent=agent)
            assert (failed.state, failed.error_code) == ("failed", "too_many_steps")


async def test_an_authors_workflow_asks_for_a_number(hosting):
    async with hosting(w={"code": "own.py:release"}) as plugin:
        asked = await plugin.send("news", **TURN)
        assert (asked.state, asked.question) == ("input_required", "How many copies?")
        assert asked.form["type"] == "integer"
        assert said(asked) == [("writer", "draft of news")]
        wrong = await plugin.send("many", **TURN)
        assert (wrong.state, wrong.error_code) == ("failed", "bad_answer")
        done = await plugin.send(5, **TURN)
    assert (done.state, done.text) == ("completed", "5 copies are printed")


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([], "needs edges"),
        ([edge("a", "nobody")], "'nobody' is not one of the members"),
        ([edge("a", "b", contains="x", join=True)], "one of contains, code, otherwise and join"),
        ([edge("a", "b", otherwise=True), edge("a", "c", otherwise=True)], "two edges that say"),
        ([edge("a", "b")], "no way leads to c"),
    ],
)
async def test_a_graph_that_cannot_be_is_refused(hosting, edges, words):
    members = [member(name) for name in "abc"]
    async with hosting(plain={}) as plugin:
        assert words in await refused(plugin, graph(members, edges))
        assert (await plugin.send("hello")).text == "You said: hello"
