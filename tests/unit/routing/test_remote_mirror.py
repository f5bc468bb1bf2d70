"""What an agent elsewhere said is told once, in our ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import BadAnswer
from routing.remote.mirror import Mirror

MESSAGE = {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
PARTS = [{"text": "one"}, {"text": "two"}, {"text": "three"}]


def turn(**fields) -> Turn:
    return Turn("far", MESSAGE, "our-task", "our-context", **fields)


def task(state="WORKING", **fields):
    status = {"state": f"TASK_STATE_{state}"}
    return {"id": "their-task", "contextId": "their-context", "status": status} | fields


def said(text, message_id="a-1"):
    return {
        "messageId": message_id,
        "role": "ROLE_AGENT",
        "taskId": "their-task",
        "contextId": "their-context",
        "parts": [{"text": text}],
    }


def status(state, **fields):
    told = {"state": f"TASK_STATE_{state}"} | fields
    return {"statusUpdate": {"taskId": "their-task", "contextId": "c", "status": told}}


def artifact(*parts, **fields):
    told = {"artifactId": "a", "parts": list(parts)}
    return {"artifactUpdate": {"taskId": "their-task", "contextId": "c", "artifact": told} | fields}


def kinds(happenings):
    return [each.kind for each in happenings]


def test_the_first_task_gives_its_name_and_nothing_else():
    mirror = Mirror(turn())
    assert mirror.happenings({"task": task()}) == [
        Happening("upstream", {"taskId": "their-task", "contextId": "their-context"})
    ]
    assert not mirror.is_settled


def test_ids_in_what_it_says_are_ours():
    mirror = Mirror(turn())
    told = mirror.happenings(status("COMPLETED", message=said("done")))
    assert kinds(told) == ["upstream", "status"]
    message = told[1].payload["message"]
    assert (message["taskId"], message["contextId"]) == ("our-task", "our-context")
    assert mirror.is_ended


def test_a_snapshot_tells_what_the_stream_did_not():
    mirror = Mirror(turn())
    mirror.happenings({"task": task()})
    mirror.happenings(artifact(PARTS[0]))
    whole = {"artifactId": "a", "parts": PARTS}
    told = mirror.snapshot(task("COMPLETED", artifacts=[whole], history=[said("aside")]))
    assert kinds(told) == ["message", "artifact", "status"]
    assert told[1].payload == {"artifact": whole | {"parts": PARTS[1:]}, "append": True}
    assert mirror.snapshot(task("COMPLETED", artifacts=[whole], history=[said("aside")])) == []


def test_an_artifact_that_is_another_now_replaces_the_old():
    mirror = Mirror(turn())
    mirror.happenings(artifact(PARTS[0]))
    other = {"artifactId": "a", "parts": [PARTS[1]]}
    assert mirror.snapshot(task(artifacts=[other]))[0].payload == {"artifact": other}


@given(st.lists(st.integers(1, 3), max_size=6))
def test_snapshots_between_events_change_nothing_that_is_told(pauses):
    """However often the line is lost and the task read again, the sum of what is told is the same."""
    mirror, have, parts = Mirror(turn()), [], []
    mirror.happenings({"task": task()})
    for index, part in enumerate(PARTS):
        parts.append(part)
        told = mirror.happenings(artifact(part, append=index > 0))
        for _ in range(pauses[index] if index < len(pauses) else 0):
            told += mirror.snapshot(task(artifacts=[{"artifactId": "a", "parts": list(parts)}]))
        have += [piece for each in told for piece in each.payload["artifact"]["parts"]]
    assert have == PARTS


def test_a_direct_message():
    mirror = Mirror(turn())
    told = mirror.happenings({"message": said("hi")})
    assert kinds(told) == ["upstream", "reply"]
    assert told[0].payload == {"contextId": "their-context"}
    assert "taskId" not in told[1].payload
    assert mirror.is_ended


def test_a_task_that_goes_on_may_show_its_old_state_first():
    going_on = turn(upstream={"taskId": "their-task", "contextId": "c"})
    mirror = Mirror(going_on)
    mirror.happenings({"task": task("INPUT_REQUIRED")}, may_be_old=True)
    assert not mirror.is_settled
    assert kinds(mirror.happenings(status("INPUT_REQUIRED"))) == ["status"]
    assert mirror.is_asking


def test_what_was_had_before_a_takeover_is_no_news():
    had = {"artifactId": "a", "parts": PARTS[:1]}
    mirror = Mirror(turn(upstream={"taskId": "their-task"}, artifacts=[had], resumes=True))
    told = mirror.snapshot(task(artifacts=[had | {"parts": PARTS}]))
    assert told[0].payload["artifact"]["parts"] == PARTS[1:]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"task": task(), "message": said("x")},
        {"task": {"status": {"state": "TASK_STATE_WORKING"}}},
        {"task": task("SLEEPING")},
        {"task": task() | {"status": "fine"}},
        {"message": {"messageId": "a", "parts": []}},
        {"message": said("x") | {"parts": [{"text": "x", "url": "y"}]}},
        {"message": said("x") | {"parts": [{"raw": "not base64!"}]}},
        {"message": said("x") | {"metadata": [1]}},
        {"artifactUpdate": {"taskId": "t", "artifact": {"parts": [{"text": "x"}]}}},
        {"statusUpdate": {"status": {"state": "TASK_STATE_WORKING"}}},
    ],
)
def test_what_is_no_a2a(answer):
    with pytest.raises(BadAnswer):
        Mirror(turn()).happenings(answer)


def test_json_that_is_too_deep():
    deep: object = "x"
    for _ in range(70):
        deep = [deep]
    with pytest.raises(BadAnswer, match="deeper"):
        Mirror(turn()).happenings({"message": said("x") | {"parts": [{"data": deep}]}})


def test_another_task_in_its_middle():
    mirror = Mirror(turn())
    mirror.happenings({"task": task()})
    with pytest.raises(BadAnswer, match="another task"):
        mirror.happenings({"task": task(id="other")})
