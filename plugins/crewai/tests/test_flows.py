"""Flows from configuration: steps, routes, questions."""

import pytest

MEMBERS = [
    {"name": "writer", "instructions": "reply: a draft"},
    {"name": "critic", "instructions": "reply: this is bad, not good"},
]
STEPS = [
    {"name": "draft", "agent": "writer", "prompt": "Write {text}"},
    {
        "name": "check",
        "after": ["draft"],
        "agent": "critic",
        "prompt": "Check {draft}",
        "routes": ["good", "bad"],
    },
    {"name": "ask", "after": ["bad"], "ask": True, "prompt": "It is bad: {draft}. And now?"},
    {"name": "publish", "after": ["good", "ask"], "prompt": "{draft}, {ask}"},
]
FLOW = {"flow": {"members": MEMBERS, "steps": STEPS}}


async def test_a_route_leads_to_a_question_and_the_answer_goes_on(hosting):
    ids = {"task_id": "t", "context_id": "c"}
    async with hosting(f=FLOW) as plugin:
        asked = await plugin.send("tides", **ids)
        assert (asked.state, asked.question) == ("input_required", "It is bad: a draft. And now?")
        done = await plugin.send({"answer": "print it"}, **ids)
    assert (done.state, done.text) == ("completed", "a draft, print it")
    assert done.usage == []  # no model was asked again


async def test_steps_that_wait_for_all(hosting):
    steps = [
        {"name": "one", "prompt": "1 {text}"},
        {"name": "two", "prompt": "2 {text}"},
        {"name": "both", "after": ["one", "two"], "join": "all", "prompt": "{one} and {two}"},
    ]
    async with hosting(f={"flow": {"steps": steps}}) as plugin:
        assert (await plugin.send("x")).text == "1 x and 2 x"


async def test_the_last_step_is_heard_as_it_is_spoken_and_remembers(hosting):
    told = {"flow": {"members": [{"name": "a"}], "steps": [{"name": "say", "agent": "a"}]}}
    async with hosting(f=told) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        answer = await plugin.stream_all("what is my name", context_id="c")
    assert answer.text == "Your name is Ann."
    assert len(answer.artifacts) == 4


@pytest.mark.parametrize("after", ["again", "round"])
async def test_a_cycle_without_an_end_is_ended(hosting, after):
    steps = [
        {"name": "first", "prompt": "x"},
        {
            "name": "turn",
            "after": ["first", after],
            "prompt": "again",
            "routes": ["again", "round"],
        },
    ]
    if after == "round":
        steps[1]["prompt"] = "round"
    async with hosting(f={"flow": {"steps": steps}}) as plugin:
        answer = await plugin.send("x")
        assert (answer.state, answer.error_code) == ("failed", "too_many_steps")
        assert "circles" in answer.error
        assert (await plugin.send("x")).error_code == "too_many_steps"


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([{"name": "a", "after": ["b"]}], "flow.steps.0.after"),
        ([{"name": "a", "after": ["a"]}], "flow.steps"),
        ([{"name": "a"}, {"name": "a"}], "flow.steps.1.name"),
        ([{"name": "a", "agent": "nobody"}], "flow.steps.0.agent"),
        ([{"name": "a", "routes": ["a"]}], "flow.steps.0.name"),
    ],
)
async def test_a_flow_that_leads_nowhere_is_refused(hosting, steps, path):
    with pytest.raises(AssertionError, match=path.replace(".", r"\.")):
        async with hosting(f={"flow": {"steps": steps}}):
            pass
