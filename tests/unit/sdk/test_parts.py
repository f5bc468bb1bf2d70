"""Parts and messages keep their meaning on the wire and back."""

import pytest
from agentx_sdk import Agent, Message, Part, Turn, codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.hosting import redact


@pytest.mark.parametrize(
    "part",
    [
        Part(text=""),
        Part(text="ünï😀", metadata={"a": {"b": [1, None]}}),
        Part(raw=b"\x00\xff", media_type="image/png", filename="p.png"),
        Part(url="https://example.org/x"),
        Part(data=None),
        Part(data=2**60 + 1),
        Part(data={"deep": [[{}]]}),
    ],
)
def test_a_part_survives_the_round_trip(part):
    wire = pb.Part.FromString(codec.encode_part(part).SerializeToString())
    assert codec.decode_part(wire) == part


def test_a_message_keeps_its_ids():
    message = Message("hi", role="user", metadata={"k": 1}, message_id="m", task_id="t")
    again = codec.decode_message(codec.encode_message(message, "other", "other", "c"))
    assert (again.message_id, again.task_id, again.context_id) == ("m", "t", "c")
    assert (again.text, again.role, again.metadata) == ("hi", "user", {"k": 1})


def test_json_text_wins_over_the_map_of_strings():
    assert codec.json_object('{"a": 1}', {"a": "x", "b": "y"}) == {"a": 1, "b": "y"}


@pytest.mark.parametrize("text", ["[]", "3", "{", "null"])
def test_what_is_no_object_is_a_value_error(text):
    with pytest.raises(ValueError):
        codec.json_object(text)


def test_the_messages_metadata_wins_over_the_requests():
    message = pb.A2AMessage(metadata_json='{"a": 1}', metadata={"c": "3"})
    request = pb.ProcessMessageRequest(message=message, metadata_json='{"a": 0, "b": 2}')
    assert Turn(request, Agent("x")).metadata == {"a": 1, "b": 2, "c": "3"}


def test_the_text_of_several_parts_is_their_lines():
    parts = [pb.Part(text="a"), pb.Part(data="1"), pb.Part(text="b")]
    turn = Turn(pb.ProcessMessageRequest(message=pb.A2AMessage(parts=parts)), Agent("x"))
    assert turn.text == "a\nb"


def test_secrets_are_redacted_at_any_depth():
    config = {"api_key": "k", "PASSWORD": "p", "tokens": 5, "deep": [{"db_secret": "s"}], "mine": 1}
    shown = redact(config, ["mine"])
    assert set(map(str, (shown["api_key"], shown["PASSWORD"], shown["mine"]))) == {"********"}
    assert shown["deep"] == [{"db_secret": "********"}]
    assert config["api_key"] == "k"


def test_a_secret_that_is_not_set_shows_that():
    assert redact({"api_key": "", "keyboard": "us"}) == {"api_key": "", "keyboard": "us"}


def test_a_number_is_no_secret():
    assert redact({"max_tokens": 500}) == {"max_tokens": 500}
