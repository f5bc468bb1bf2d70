"""The event log as people read it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from routing.models import Task, TaskEvent
from routing.timeline import entries, spans

BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)
TASK = Task(id=UUID(int=7))


def log(*told: tuple[float, str, Any]) -> list[TaskEvent]:
    return [
        TaskEvent(
            task=TASK, seq=seq, kind=kind, payload=payload, time=BEGAN + timedelta(seconds=at)
        )
        for seq, (at, kind, payload) in enumerate(told, 1)
    ]


def status(state: str, text: str = "", message_id: str = "m") -> dict[str, Any]:
    message = {"messageId": message_id, "role": "ROLE_AGENT", "parts": [{"text": text}]}
    return {
        "state": f"TASK_STATE_{state}",
        "timestamp": "",
        **({"message": message} if text else {}),
    }


def piece(artifact_id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"artifact": {"artifactId": artifact_id, "parts": [{"text": text}]}, **more}


def test_pieces_of_one_artifact_are_one_line() -> None:
    lines = entries(
        TASK,
        log(
            (0, "status", status("WORKING")),
            (1, "artifact", piece("a", "one ")),
            (2, "artifact", piece("a", "two", append=True)),
            (3, "artifact", piece("b", "other", append=True)),
            (4, "artifact", piece("a", "!", append=True, lastChunk=True)),
        ),
    )
    assert [(each.first, each.last, each.told) for each in lines] == [
        (1, 1, ""),
        (2, 3, "one two"),
        (4, 4, "other"),
        (5, 5, "!"),
    ]
    assert [each.is_last_chunk for each in lines] == [False, False, False, True]


def test_waits_are_counted_from_the_last_piece() -> None:
    lines = entries(
        TASK,
        log(
            (0, "artifact", piece("a", "one ")),
            (2, "artifact", piece("a", "two", append=True)),
            (2.5, "status", status("WORKING")),
            (9, "status", status("COMPLETED")),
        ),
    )
    assert [each.gap for each in lines] == [None, 0.5, 6.5]
    assert [each.is_late for each in lines] == [False, False, True]


def test_it_says_who() -> None:
    said = {"messageId": "u", "role": "ROLE_USER", "parts": [{"text": "The third"}]}
    lines = entries(
        TASK,
        log(
            (0, "status", status("WORKING")),
            (1, "status", status("INPUT_REQUIRED", "Which?")),
            (2, "message", said),
            (3, "status", status("FAILED", "It was lost.", message_id=f"{TASK.id}-4")),
        ),
    )
    assert [each.who for each in lines] == ["agentx", "agent", "caller", "agentx"]


def test_states_are_measured_to_the_end_or_to_now() -> None:
    events = log((0, "status", status("WORKING")), (3, "status", status("INPUT_REQUIRED")))
    now = BEGAN + timedelta(seconds=4)
    assert [(s.state, s.seconds, s.share) for s in spans(TASK, events, now)] == [
        ("WORKING", 3.0, 75.0),
        ("INPUT_REQUIRED", 1.0, 25.0),
    ]
    ended = log((0, "status", status("WORKING")), (3, "status", status("COMPLETED")))
    assert [(s.state, s.share) for s in spans(TASK, ended, now)] == [("WORKING", 100.0)]
    assert spans(TASK, [], now) == []


def test_a_state_that_is_told_again_is_one_span() -> None:
    events = log(
        (0, "status", status("WORKING")),
        (1, "status", status("WORKING", "calls a tool")),
        (3, "status", status("COMPLETED")),
    )
    assert [(each.state, each.seconds) for each in spans(TASK, events, BEGAN)] == [("WORKING", 3)]
