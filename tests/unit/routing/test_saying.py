"""What was said, with each call of a tool beside what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from routing.content import brief, shown
from routing.models import Message
from routing.saying import asked, said
from routing.timeline import entries
from tests.unit.routing.test_timeline import TASK, log

BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "nights": {}}}
FORM = {"data": SCHEMA, "mediaType": "application/schema+json"}


def tool(kind: str, call: str, **data: Any) -> dict[str, Any]:
    return {"data": {"id": call, **data}, "metadata": {"agentx": {"kind": kind}}}


def message(seconds: float, *parts: dict[str, Any]) -> Message:
    return Message(message={"parts": list(parts)}, created=BEGAN + timedelta(seconds=seconds))


def test_a_result_joins_its_call() -> None:
    found = said(
        [
            message(0, {"text": "Look"}),
            message(1, tool("tool_call", "a", name="weather", arguments={"city": "Oslo"})),
            message(2, tool("tool_call", "b", name="book", arguments={})),
            message(3, tool("tool_result", "b", name="book", error="no")),
            message(3.5, tool("tool_result", "a", name="weather", result=-3)),
        ]
    )
    assert [each.tool and each.tool.name for each in found] == [None, "weather", "book"]
    weather, book = (each.tool for each in found[1:])
    assert weather and book
    assert (weather.state, weather.arguments, weather.result) == ("ok", {"city": "Oslo"}, -3)
    assert (weather.seconds, book.seconds) == (2.5, 1)
    assert (book.state, book.outcome) == ("error", "no")


def test_a_call_without_a_result_still_runs_and_a_result_without_a_call_is_shown() -> None:
    (call,) = said([message(0, tool("tool_call", "a", name="wait"))])
    assert call.tool and call.tool.state == "running" and call.tool.seconds is None
    (result,) = said([message(0, tool("tool_result", "z", name="lost", result=1))])
    assert result.tool and result.tool.state == "ok" and result.tool.seconds is None


def test_words_beside_a_call_are_kept() -> None:
    rows = [message(0, {"text": "I look"}, tool("tool_call", "a", name="weather"))]
    assert [bool(each.tool) for each in said(rows)] == [True, False]


def test_what_only_looks_like_a_tool_is_data() -> None:
    odd = [{"data": 1, "metadata": {"agentx": {"kind": "tool_call"}}}, {"data": {}, "metadata": 3}]
    (found,) = said([message(0, *odd)])
    assert found.tool is None


def test_a_form_is_told_by_its_fields() -> None:
    assert shown(FORM).kind == "form"
    assert brief([{"text": "Where?"}, FORM]) == "Where?\ncity, nights"
    assert asked([{"text": "Where?"}, FORM]) == [SCHEMA]
    assert shown({**FORM, "data": "no schema"}).kind == "data"


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": 5},
        {"properties": ["a"]},
        {"properties": {"a": None}},
        {"properties": {"a": {"enum": 5}}},
        {"properties": {"a": {"enum": []}}},
        {"properties": {"a": {"enum": list(range(1_001))}}},
        {"properties": {f"f{n}": {} for n in range(201)}},
        {"properties": {"a": {"title": {}}}},
        {"properties": {"a": {"items": 3}}},
        {"properties": {"a": {"properties": {"b": 1}}}},
        {"type": [{}]},
        {"required": 1},
        {"required": [{}], "properties": {"a": {}}},
    ],
)
def test_what_cannot_be_drawn_as_a_form_is_data(schema: dict[str, Any]) -> None:
    part = {**FORM, "data": schema}
    assert shown(part).kind == "data"
    assert brief([part])
    assert asked([part]) == []


def test_the_log_says_which_tool_was_called_and_what_it_answered() -> None:
    def status(part: dict[str, Any]) -> dict[str, Any]:
        return {"state": "TASK_STATE_WORKING", "message": {"messageId": "m", "parts": [part]}}

    lines = entries(
        TASK,
        log(
            (0, "status", status({"text": "begin"})),
            (1, "status", status(tool("tool_call", "a", name="weather", arguments={"n": 1}))),
            (2, "status", status(tool("tool_result", "a", name="weather", result={"t": -3}))),
            (3, "status", status(tool("tool_result", "b", name="book", error="no"))),
        ),
    )
    assert [(each.tool, each.name, each.told, each.is_wrong) for each in lines[1:]] == [
        ("tool_call", "weather", "n: 1", False),
        ("tool_result", "weather", "t: -3", False),
        ("tool_result", "book", "no", True),
    ]
