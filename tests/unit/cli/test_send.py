"""What `agentx send` prints of what an agent says, whole or as it comes."""

import json
import shlex
from typing import Any

import click
import pytest

from agentx_site.cli import send

IDS = {"taskId": "t-1", "contextId": "c-1"}


def piece(text: str) -> dict[str, Any]:
    return {"artifactUpdate": {"artifact": {"artifactId": "reply", "parts": [{"text": text}]}}}


def status(state: str, text: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {"state": f"TASK_STATE_{state}"}
    if text:
        told["message"] = {"parts": [{"text": text}]}
    return {"statusUpdate": {**IDS, "status": told}}


def streamed(*results: dict[str, Any]) -> None:
    send._show_stream(results, json_wanted=False)


def test_a_question_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    streamed(piece("one "), piece("two"), status("INPUT_REQUIRED", "Which year?"))
    shown = capsys.readouterr()
    assert shown.out == "one two\nWhich year?\n"
    assert shown.err == "agentx: the agent waits for an answer: send it with --task t-1\n"


def test_an_agent_that_goes_on_after_its_question(capsys: pytest.CaptureFixture[str]) -> None:
    streamed(status("AUTH_REQUIRED", "Your badge?"), piece("went on"), status("COMPLETED"))
    assert capsys.readouterr().out == "Your badge?\nwent on\n"


def test_a_reason_is_told_after_a_part_of_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(send.Failed, match=r"t-1 failed"):
        streamed(piece("half an"), status("FAILED", "No such city."))
    assert capsys.readouterr().out == "half an\nNo such city.\n"


def test_it_is_told_after_an_answer_that_came_whole(capsys: pytest.CaptureFixture[str]) -> None:
    failed = status("FAILED", "No such city.")["statusUpdate"]["status"]
    parts = [{"parts": [{"text": "half an"}]}]
    with pytest.raises(send.Failed):
        send._show({"task": {"id": "t-1", "artifacts": parts, "status": failed}}, False)
    assert capsys.readouterr().out == "half an\nNo such city.\n"


def test_pieces_of_one_text_are_one_line_without_a_stream_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = [{"text": "Hel"}, {"text": "lo"}, {"data": {"n": 1}}, {"text": "and"}]
    done = status("COMPLETED")["statusUpdate"]["status"]
    send._show({"task": {"id": "t-1", "artifacts": [{"parts": parts}], "status": done}}, False)
    assert capsys.readouterr().out == 'Hello\n{"n": 1}\nand\n'


FORM = {
    "type": "object",
    "required": ["city", "nights"],
    "properties": {
        "city": {"type": "string", "description": "Any will do."},
        "nights": {"type": "integer", "minimum": 1, "default": 2},
        "class": {"enum": ["plain", "fine"]},
    },
}


def tool(kind: str, **data: Any) -> dict[str, Any]:
    part = {"data": {"id": "a", "name": "weather", **data}, "metadata": {"agentx": {"kind": kind}}}
    update = status("WORKING", "x")
    update["statusUpdate"]["status"]["message"]["parts"] = [part]
    return update


def test_tools_are_told_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    done = status("COMPLETED")
    usage = {"model": "demo-1", "inputTokens": 120, "outputTokens": 35, "cost": 0.0042}
    done["statusUpdate"]["metadata"] = {"agentx": {"usage": [usage]}}
    streamed(
        piece("Let me look. "),
        tool("tool_call", arguments={"city": "Oslo"}),
        tool("tool_result", result={"sky": "clear"}),
        tool("tool_result", error="too\x1b slow"),
        piece("Cold."),
        done,
    )
    shown = capsys.readouterr()
    assert shown.out == "Let me look. \nCold.\n"
    assert shown.err.splitlines() == [
        '  weather {"city": "Oslo"}',
        '  weather → {"sky": "clear"}',
        "  weather failed: too� slow",
        "agentx: 120 tokens in, 35 out, 0.0042 USD (demo-1)",
    ]


def test_what_is_to_be_copied_into_a_shell_runs_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "'; touch /tmp/evil; echo '\x9b2J\x1b[2J"
    schema = {"properties": {"a": {"default": evil, "minimum": evil}}}
    asks = status("INPUT_REQUIRED", "Where?")
    form = {"data": schema, "mediaType": "application/schema+json"}
    asks["statusUpdate"]["status"]["message"]["parts"].append(form)
    used = [{"inputTokens": evil, "cost": evil}, 3]
    asks["statusUpdate"]["metadata"] = {"agentx": {"usage": used}}
    send._show_stream([asks], False, "travel")
    shown = capsys.readouterr().err
    assert "\x1b" not in shown and "\x9b" not in shown
    (line,) = [each for each in shown.splitlines() if "answer with" in each]
    *_, option, data = shlex.split(line)
    assert option == "--data"
    assert json.loads(data)["a"].startswith("'; touch")
    for odd in ({"agentx": 3}, {"agentx": {"usage": 3}}):
        asks["statusUpdate"]["metadata"] = odd
        send._show_stream([asks], False, "travel")


def test_a_form_is_told_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    asks = status("INPUT_REQUIRED", "Where?")
    form = {"data": FORM, "mediaType": "application/schema+json"}
    asks["statusUpdate"]["status"]["message"]["parts"].append(form)
    send._show_stream([asks], False, "travel")
    shown = capsys.readouterr()
    assert shown.out == "Where?\n"
    assert shown.err.splitlines() == [
        "  city (text; needed): Any will do.",
        "  nights (whole number; at least 1; needed; else 2)",
        "  class (one of plain, fine)",
        'agentx: answer with: agentx send travel --task t-1 --data \'{"city": "…", "nights": 2}\'',
    ]


def test_what_is_said_may_be_text_and_data() -> None:
    assert send._parts("hi", '{"n": 1}') == [{"text": "hi"}, {"data": {"n": 1}}]
    with pytest.raises(click.UsageError, match="not JSON"):
        send._parts(None, "{nonsense")
    with pytest.raises(click.UsageError, match="Say something"):
        send._parts(None, None)
