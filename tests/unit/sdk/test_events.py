"""What an adapter gives, as events."""

import pytest
from agentx_sdk import Agent, Artifact, InputRequired, Message, Part, Reply, Status, Turn
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.events import EventWriter


def writer(*, live: bool) -> EventWriter:
    request = pb.ProcessMessageRequest(message=pb.A2AMessage(id="m1"), task_id="t1")
    return EventWriter(Turn(request, Agent("echo")), live=live)


def texts(events: list[pb.Event]) -> list[list[str]]:
    return [[part.text for part in event.artifact.artifact.parts] for event in events]


def test_pieces_of_text_become_one_part_at_the_end():
    events = writer(live=False)
    assert [events.add(word) for word in ("a", "b")] == [[], []]
    artifact, status = events.finish()
    assert texts([artifact]) == [["ab"]]
    assert artifact.artifact.last_chunk
    assert status.status.state == pb.TASK_STATE_COMPLETED


def test_pieces_leave_at_once_when_live():
    events = writer(live=True)
    first, second = events.add("a"), events.add("b")
    assert texts(first + second) == [["a"], ["b"]]
    assert [event.artifact.append for event in first + second] == [False, True]
    (status,) = events.finish()
    assert status.status.state == pb.TASK_STATE_COMPLETED


def test_empty_tokens_do_not_leave():
    events = writer(live=True)
    assert (events.add(""), len(events.add("a")), events.add("")) == ([], 1, [])


@pytest.mark.parametrize("live", [False, True])
def test_a_reply_keeps_its_place_among_the_artifacts(live):
    events = writer(live=live)
    items = ("a", Artifact("x", name="report"), "b")
    told = [event.artifact for item in items for event in events.add(item)]
    told += [event.artifact for event in events.finish()[:-1]]
    assert [change.artifact.name for change in told] == ["reply", "report", "reply"]
    assert [change.append for change in told] == [False, False, True]


def test_an_empty_answer_is_an_answer():
    events = writer(live=False)
    events.add("")
    assert texts(events.finish()[:1]) == [[""]]


def test_a_data_part_stands_between_texts():
    events = writer(live=False)
    for item in ("a", {"n": 1}, "b", "c"):
        events.add(item)
    parts = events.finish()[0].artifact.artifact.parts
    assert [part.WhichOneof("content") for part in parts] == ["text", "data", "text"]
    assert parts[2].text == "bc"


def test_a_text_part_with_a_media_type_stays_apart():
    events = writer(live=False)
    events.add(Reply("a", Part(text="b", media_type="text/markdown")))
    assert texts(events.finish()[:1]) == [["a", "b"]]


def test_a_question_comes_after_what_was_said_and_ends_the_turn():
    events = writer(live=False)
    events.add("well, ")
    reply, question = events.add(InputRequired("which?"))
    assert texts([reply]) == [["well, "]]
    assert question.status.state == pb.TASK_STATE_INPUT_REQUIRED
    assert (events.ended, events.finish()) == (True, [])


def test_a_working_status_does_not_end_the_turn():
    events = writer(live=False)
    (event,) = events.add(Status("busy"))
    assert (event.status.state, events.ended) == (pb.TASK_STATE_WORKING, False)


def test_artifacts_get_ids_that_follow_from_the_message():
    made = [writer(live=False).add(Artifact("x", name="doc"))[0] for _ in range(2)]
    assert made[0] == made[1]
    events = writer(live=False)
    ids = [events.add(Artifact("x"))[0].artifact.artifact.artifact_id for _ in range(2)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("item", [object(), {1, 2}, b"bytes"])
def test_what_cannot_be_sent_is_a_type_error(item):
    with pytest.raises(TypeError, match="nothing that can be sent"):
        writer(live=False).add(item)


@pytest.mark.parametrize(
    "item", [Part(), Part(text="a", url="b"), {"x": float("nan")}, Artifact(), Reply(), Message()]
)
def test_a_part_that_is_none_is_a_value_error(item):
    with pytest.raises(ValueError, match=r"exactly one|JSON compliant|at least one"):
        writer(live=False).add(item)


@pytest.mark.parametrize("state", ["nonsense", "unspecified"])
def test_a_state_that_is_none_is_a_value_error(state):
    with pytest.raises(ValueError, match="is not a state"):
        writer(live=False).add(Status("x", state=state))


def ids(message_id: str, *before: str) -> tuple[str, str]:
    """Of an artifact and a message of a turn, after those messages of its task."""
    request = pb.ProcessMessageRequest(
        message=pb.A2AMessage(id=message_id),
        task_id="t1",
        history=[pb.A2AMessage(id=each) for each in before],
    )
    events = EventWriter(Turn(request, Agent("echo")), live=False)
    (artifact,), (status,) = events.add(Artifact("a")), events.add(InputRequired("More?"))
    return artifact.artifact.artifact.artifact_id, status.status.message.id


def test_a_turn_that_comes_again_makes_the_same_ids():
    assert ids("m2", "m1", "message-1-m1") == ids("m2", "m1", "message-1-m1", "message-1-m2")


def test_a_message_under_an_id_that_was_there_before_makes_its_own():
    first, second, third = ids("m"), ids("m", "m"), ids("m", "m", "message-2-m", "m")
    assert len({*first, *second, *third}) == 6


def test_long_ids_are_told_apart_too():
    first, second = ids("m" * 127 + "1"), ids("m" * 127 + "2")
    assert len({*first, *second}) == 4
    assert all(len(each) <= 128 for each in first + second)
