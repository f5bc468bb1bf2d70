"""Memory as it comes over the wire: what is taken, and what fails a turn with a clear reason."""

import pytest

from plugins_app.client.codec import Turn, encode
from plugins_app.client.errors import TurnFailed
from plugins_app.client.messages import _happenings
from plugins_app.client.shapes import MAX_MEMORY
from proto import agentx_plugin_pb2 as pb

MESSAGE = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hello"}]}


def turn(memory):
    return Turn("echo", MESSAGE, "t", "c", memory=memory, token="secret", agentx_url="http://x")


def response(**fields):
    done = pb.Event(status=pb.StatusChange(state=pb.TASK_STATE_COMPLETED))
    working = pb.Event(status=pb.StatusChange(state=pb.TASK_STATE_WORKING))
    return pb.ProcessMessageResponse(**{"success": True, "events": [working, done]} | fields)


def test_it_goes_with_the_request_and_comes_with_the_last_event():
    request = encode(turn(b"before"))
    assert (request.memory, request.turn_token) == (b"before", "secret")
    first, last = _happenings(response(memory=b"after"), turn(b"before"))
    assert (first.memory, last.memory) == (None, b"after")
    assert _happenings(response(), turn(b"before"))[-1].memory is None
    assert _happenings(response(memory=b""), turn(b"before"))[-1].memory == b""


def test_nothing_of_it_is_shown_where_a_turn_is_printed():
    assert "before" not in repr(turn(b"before"))
    assert "secret" not in repr(turn(b"before"))


def test_of_who_does_not_say_so_it_fails_the_turn():
    with pytest.raises(TurnFailed, match="conversation_memory: true") as failed:
        _happenings(response(memory=b""), turn(None))
    assert failed.value.code == "memory_not_kept"


def test_at_most_a_mebibyte_of_it():
    assert _happenings(response(memory=bytes(MAX_MEMORY)), turn(b""))
    with pytest.raises(TurnFailed, match=str(MAX_MEMORY + 1)) as failed:
        _happenings(response(memory=bytes(MAX_MEMORY + 1)), turn(b""))
    assert failed.value.code == "memory_full"


def test_a_turn_that_fails_says_more_and_remembers_nothing():
    told = {"success": False, "error": "no", "events": [], "memory": b"x"}
    with pytest.raises(TurnFailed) as failed:
        _happenings(response(**told, metadata_json='{"retryAfterSeconds": 7}'), turn(b""))
    assert failed.value.metadata == {"retryAfterSeconds": 7}
    for unreadable in ("{", "[1]"):
        with pytest.raises(TurnFailed, match="no") as failed:
            _happenings(response(**told, metadata_json=unreadable), turn(b""))
        assert failed.value.metadata == {}
