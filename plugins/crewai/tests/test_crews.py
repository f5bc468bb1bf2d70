"""Crews from configuration: who does what, what is seen, and what a person says to it."""

import json
from typing import Any

import pytest
from agentx_sdk import codec

WRITER = {"name": "writer", "role": "Writer", "instructions": "reply: a draft"}
EDITOR = {"name": "editor", "role": "Editor", "instructions": "reply: edited"}
DRAFT = {"name": "draft", "description": "Write about {text}", "agent": "writer"}
EDIT = {"name": "edit", "description": "Edit it", "agent": "editor"}


def crew(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"crew": {"members": [WRITER, EDITOR], "tasks": list(tasks), **more}}


def members_of(answer: Any) -> list[tuple[str, str]]:
    """Who said what on the way to the answer."""
    statuses = [event.status for event in answer if event.HasField("status")]
    parts = [part for status in statuses for part in codec.message_parts(status.message)]
    about = [(part.metadata.get("agentx", {}), part.text) for part in parts]
    return [(told["name"], text or "") for told, text in about if told.get("kind") == "member"]


async def test_one_task_after_another_and_the_last_is_the_answer(hosting):
    async with hosting(c=crew(DRAFT, EDIT)) as plugin:
        answer = await plugin.stream_all("tides")
    assert (answer.state, answer.text) == ("completed", "edited")
    assert members_of(answer) == [("Writer", "a draft")]
    (usage,) = answer.usage
    assert usage["outputTokens"] == 3


async def test_the_last_answer_is_heard_as_it_is_spoken(hosting):
    long = {**EDITOR, "instructions": "reply: one two three four"}
    agents = {"crew": {"members": [WRITER, long], "tasks": [DRAFT, EDIT]}}
    async with hosting(c=agents) as plugin:
        answer = await plugin.stream_all("tides")
    assert answer.text == "one two three four"
    assert len(answer.artifacts) == 4


async def test_a_manager_has_the_work_done_by_the_others(hosting):
    order = (
        'use: delegate_work_to_coworker {"task": "write", "context": "none", "coworker": "Writer"}'
    )
    manager = {"name": "boss", "role": "Boss", "instructions": order}
    told = crew({**DRAFT, "agent": ""}, process="hierarchical", manager=manager)
    async with hosting(c=told) as plugin:
        answer = await plugin.stream_all("tides")
    assert ("Writer", "a draft") in members_of(answer)
    assert "a draft" in answer.text


async def test_a_result_of_a_shape_is_data(hosting):
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "pages": {"type": "integer"}},
        "required": ["title", "pages"],
    }
    plain = {
        "crew": {"members": [{"name": "writer"}], "tasks": [{**DRAFT, "output_schema": schema}]}
    }
    async with hosting(c=plain) as plugin:
        answer = await plugin.send("tides")
    (part,) = answer.parts
    assert part.data["pages"] == 1
    assert "tides" in part.data["title"]


async def test_what_was_said_before_is_told_with_the_first_task(hosting):
    plain = {"crew": {"members": [{"name": "writer"}], "tasks": [DRAFT]}}
    async with hosting(c=plain) as plugin:
        await plugin.send("my name is Ann", context_id="c")
        answer = await plugin.send("what is my name", context_id="c")
        other = await plugin.send("what is my name", context_id="d")
    assert (answer.text, other.text) == ("Your name is Ann.", "I do not know your name.")


async def test_fields_of_a_data_part_are_values_of_the_tasks_and_missing_ones_are_asked_for(
    hosting,
):
    task = {**DRAFT, "description": "Write about {subject} in {language}"}
    plain = {"crew": {"members": [{"name": "writer"}], "tasks": [task]}}
    async with hosting(c=plain) as plugin:
        answer = await plugin.send({"subject": "tides", "language": "Dutch"})
        ids = {"task_id": "t", "context_id": "c"}
        asked = await plugin.send("now", **ids)
        done = await plugin.send({"subject": "moons", "language": "Danish"}, **ids)
    assert "tides in Dutch" in answer.text
    assert (asked.state, asked.form["required"]) == ("input_required", ["language", "subject"])
    assert "moons in Danish" in done.text


async def test_a_person_sends_it_back_and_then_accepts_it(hosting):
    agents = {"c": crew({**DRAFT, "human_input": True}, EDIT)}
    ids = {"task_id": "t", "context_id": "c"}
    async with hosting(**agents) as first:
        asked = await first.send("tides", **ids)
        assert asked.state == "input_required"
        assert asked.question.startswith("a draft")
        assert set(asked.form["properties"]) == {"approved", "comment"}
        kept = dict(first.memories)
    # In another process, as after a restart: no model is asked for the draft again.
    async with hosting(**agents) as second:
        second.memories.update(kept)
        again = await second.send({"approved": False, "comment": "shorter"}, **ids)
        assert again.state == "input_required"
        assert [each["outputTokens"] for each in again.usage] == [2]
        done = await second.send({"approved": True}, **ids)
        assert (done.state, done.text) == ("completed", "edited")
        assert [each["outputTokens"] for each in done.usage] == [1]
        assert (
            "native" not in json.loads(second.memories["c", "c"])
            or not json.loads(second.memories["c", "c"])["native"]
        )


async def test_nothing_of_a_turn_is_left_in_files(hosting, storage):
    async with hosting(c=crew(DRAFT, EDIT)) as plugin:
        await plugin.send("a secret")
    assert [path for path in storage.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("told", "path"),
    [
        (crew({**DRAFT, "agent": "nobody"}), "crew.tasks.0.agent"),
        (crew({**DRAFT, "agent": ""}), "crew.tasks.0.agent"),
        (crew(DRAFT, DRAFT), "crew.tasks.1.name"),
        (crew({**DRAFT, "context": ["edit"]}, EDIT), "crew.tasks.0.context"),
        (crew(), "crew.tasks"),
        ({**crew(DRAFT), "flow": {"steps": [{"name": "a"}]}}, "flow"),
        (crew({**DRAFT, "tools": ["hammer"]}), "there is no tool 'hammer'"),
    ],
)
async def test_a_crew_that_cannot_work_is_refused(hosting, told, path):
    with pytest.raises(AssertionError, match=path.replace(".", r"\.")):
        async with hosting(c=told):
            pass
