"""Teams from configuration: who speaks, when it is done, what is remembered."""

from typing import Any

import pytest
from telling import member, refused, said

X, Y = member("x", "x says {text}"), member("y", "y says {text}")


def team(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"team": {"members": list(members), **more}}


async def test_members_speak_in_turn_and_the_last_word_is_the_answer(hosting):
    async with hosting(t=team(X, Y, max_turns=2)) as plugin:
        answer = await plugin.send("go")
    assert said(answer) == [("x", "x says go"), ("y", "y says x says go")]
    assert answer.text == "y says x says go"
    (usage,) = answer.usage
    assert usage["outputTokens"] == 3 + 5
    (artifact,) = answer.artifacts
    assert '"stop_reason":"Maximum number of turns 2 reached."' in artifact.metadata.replace(
        '": ', '":'
    )


async def test_a_member_whose_words_are_the_answer_is_heard_as_it_speaks(hosting):
    async with hosting(t=team(X, Y, max_turns=2, answer_from="y")) as plugin:
        responses = [each async for each in plugin.stream("go")]
    pieces = [
        event.artifact.artifact.parts[0].text
        for response in responses
        for event in response.events
        if event.HasField("artifact")
    ]
    assert len(pieces) == 5
    assert "".join(pieces) == "y says x says go"


async def test_a_team_remembers_and_another_process_goes_on(hosting):
    agents = {"t": team(member("x"), max_turns=1)}
    async with hosting(**agents) as first:
        await first.send("my name is Ann", context_id="c")
        kept = dict(first.memories)
    async with hosting(**agents) as second:
        second.memories.update(kept)
        assert (await second.send("what is my name", context_id="c")).text == "Your name is Ann."
        other = await second.send("what is my name", context_id="other")
    assert other.text == "I do not know your name."


async def test_a_team_of_another_shape_is_told_what_was_said(hosting):
    agents = {"t": team(member("x"), max_turns=1)}
    async with hosting(**agents) as first:
        await first.send("my name is Ann", context_id="c")
        kept = dict(first.memories)
    async with hosting(t=team(member("z"), member("x"), max_turns=1)) as second:
        second.memories.update(kept)
        assert (await second.send("what is my name", context_id="c")).text == "Your name is Ann."


async def test_a_team_remembers_only_so_much(hosting):
    limits = {"memory": {"max_messages": 4}}
    async with hosting(t={**team(member("x"), max_turns=1), **limits}) as plugin:
        sizes = []
        for turn in range(8):
            await plugin.send(f"turn {turn}", context_id="c")
            sizes.append(len(plugin.memories["t", "c"]))
        answer = await plugin.send("what is my name", context_id="c")
    assert max(sizes[4:]) <= sizes[4] + 20
    assert answer.state == "completed"


@pytest.mark.parametrize(
    ("terminations", "count"),
    [
        ([{"max_messages": 2}], 1),
        ([{"text": "y says"}], 2),
        ([{"text": "says", "sources": ["y"]}], 2),
        ([{"sources": ["x"]}], 1),
        ([{"max_tokens": 6}], 1),
        ([{"text": "nobody says this"}, {"max_messages": 3}], 2),
        ([{"text": "x says", "sources": ["x"], "max_messages": 4}], 3),
    ],
)
async def test_a_team_is_done_when_one_of_its_terminations_holds(hosting, terminations, count):
    async with hosting(t=team(X, Y, max_turns=5, terminations=terminations)) as plugin:
        answer = await plugin.send("go")
    assert len(said(answer)) == count


async def test_an_authors_function_ends_a_team(hosting):
    done = [{"code": "rules.py:said_twice"}]
    speaker = member("x", "twice {text}")
    async with hosting(t=team(Y, speaker, max_turns=6, terminations=done)) as plugin:
        answer = await plugin.send("go")
    assert [name for name, _ in said(answer)] == ["y", "x"]


async def test_a_model_or_a_function_selects_who_speaks(hosting):
    chosen = team(X, Y, pattern="selector", max_turns=2, selector="rules.py:last_first")
    by_model = team(
        X,
        Y,
        pattern="selector",
        max_turns=1,
        selector_prompt="{roles}{history}{participants}",
    )
    async with hosting(chosen=chosen, by_model=by_model) as plugin:
        answer = await plugin.send("go", agent="chosen")
        assert [name for name, _ in said(answer)] == ["y", "x"]
        modelled = await plugin.send("go", agent="by_model")
    assert len(said(modelled)) == 1
    assert sum(usage["inputTokens"] for usage in modelled.usage) > 10  # the selector's, too


async def test_a_swarm_hands_over_and_back_to_the_caller(hosting):
    swarm = team(
        member("front", handoffs=["back", "user"]),
        member("back", "back says {text}", description="Knows it."),
        pattern="swarm",
        max_turns=4,
        terminations=[{"sources": ["back"]}],
    )
    async with hosting(s=swarm) as plugin:
        handed = await plugin.send("use transfer_to_back")
        assert [name for name, _ in said(handed)] == ["front", "back"]
        assert said(handed)[0][1].startswith("→ back")
        say = {"context_id": "c", "task_id": "t"}
        asked = await plugin.send('use transfer_to_user {"question": "Which one?"}', **say)
        assert (asked.state, asked.question) == ("input_required", "Which one?")
        answer = await plugin.send("use transfer_to_back", **say)
    assert answer.state == "completed"
    assert answer.text.startswith("back says")


async def test_magentic_one_plans_and_answers(hosting):
    async with hosting(m=team(X, Y, pattern="magentic_one", max_turns=3)) as plugin:
        answer = await plugin.send("go")
    assert answer.state == "completed"
    assert answer.text
    assert answer.usage[0]["inputTokens"] > 100


async def test_a_member_uses_its_tools(hosting):
    helper = member("x", tools=["calculator"])
    async with hosting(t=team(helper, max_turns=1)) as plugin:
        answer = await plugin.send('use calculator {"expression": "6*7"}')
    assert [(each["name"], each["result"]) for each in answer.tool_results] == [("calculator", 42)]
    assert answer.text == "The tool says: 42."


async def test_a_teams_model_that_fails_is_told_as_it_is(hosting):
    async with hosting(t=team(X, Y)) as plugin:
        for order, code in (
            ("!status 429", "model_rate_limited"),
            ("!context", "context_too_long"),
        ):
            failed = await plugin.send(order)
            assert (failed.state, failed.error_code) == ("failed", code)
        assert failed.failure.get("retryAfterSeconds") is None
        assert (await plugin.send("go")).state == "completed"


async def test_a_team_that_goes_on_for_ever_ends_at_the_agents_limit(hosting):
    endless = {**team(X, Y, max_turns=100), "limits": {"max_steps": 6}}
    async with hosting(t=endless) as plugin:
        failed = await plugin.stream_all("go")
        assert (failed.state, failed.error_code) == ("failed", "too_many_steps")
        assert sum(usage["outputTokens"] for usage in failed.usage) > 0
        assert len(said(failed)) == 6


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"members": []}, "1 to 32 members"),
        ({"members": [X, X]}, "is taken"),
        ({"members": [member("user")]}, "is taken"),
        ({"members": [member("x", handoffs=["nobody"])]}, "'nobody' is not one of the members"),
        ({"members": [X], "answer_from": "nobody"}, "'nobody' is not one of the members"),
        ({"members": [X], "terminations": [{}]}, "says nothing that could hold"),
        ({"members": [X], "terminations": [{"code": "rules.py:nothing"}]}, "has no 'nothing'"),
        ({"members": [member("x", kind="person")], "pattern": "swarm"}, "hand over to `user`"),
    ],
)
async def test_a_team_that_cannot_be_is_refused(hosting, wrong, words):
    async with hosting(plain={}) as plugin:
        assert words in await refused(plugin, {"team": wrong})
        assert (await plugin.send("hello")).text == "You said: hello"
