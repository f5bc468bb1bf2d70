"""What `agentx send` prints of what an agent says, whole or as it comes."""

from typing import Any

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
