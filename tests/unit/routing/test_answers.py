"""What an agent did, as changes of its task."""

from plugins_app.client.codec import Happening
from routing.delivery.answers import changes_of
from tests.unit.routing.test_record import chunk, record


def status(state, reason="", **fields):
    return Happening("status", {"state": f"TASK_STATE_{state}", **fields}, reason)


def said(text="hm"):
    message = {"messageId": text, "role": "ROLE_AGENT", "parts": [{"text": text}]}
    return Happening("message", message)


def states(changes):
    return [payload["state"].removeprefix("TASK_STATE_") for kind, payload in changes]


def test_an_answer_is_its_artifact_and_its_end():
    kind, payload = chunk("x")
    changes, reason, *_ = changes_of(
        record(), [Happening(kind, payload), status("COMPLETED", "done")]
    )
    assert [kind for kind, _ in changes] == ["artifact", "status"]
    assert reason == "done"


def test_what_follows_the_end_is_not_heard():
    changes, *_ = changes_of(record(), [status("FAILED"), status("COMPLETED"), said()])
    assert states(changes) == ["FAILED"]


def test_being_at_work_is_no_news_unless_something_is_said():
    assert changes_of(record(), [status("WORKING"), status("SUBMITTED")])[0] == []
    changes, *_ = changes_of(record(), [status("SUBMITTED", metadata={"a": 1})])
    assert states(changes) == ["WORKING"]


def test_the_last_word_is_the_message_of_the_end():
    changes, *_ = changes_of(record(), [said("first"), said("last"), status("COMPLETED")])
    assert states(changes) == ["WORKING", "COMPLETED"]
    assert [payload["message"]["messageId"] for _, payload in changes] == ["first", "last"]


def test_an_end_with_a_message_of_its_own_keeps_it():
    own = said("own").payload
    changes, *_ = changes_of(record(), [said("before"), status("COMPLETED", message=own)])
    assert [payload["message"]["messageId"] for _, payload in changes] == ["before", "own"]
