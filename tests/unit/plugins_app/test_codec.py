"""A2A JSON and the plugin contract: what goes in comes out."""

import pytest

from plugins_app.client.codec import (
    MAX_DEPTH,
    Turn,
    decode,
    decode_message,
    decode_part,
    encode,
    encode_message,
    encode_part,
)
from plugins_app.client.errors import BadAnswer
from proto import agentx_plugin_pb2 as pb

PARTS = [
    {"text": "hello"},
    {"text": ""},
    {"raw": "AAEC/w==", "mediaType": "image/png", "filename": "x.png"},
    {"url": "https://example.org/a"},
    {"data": None},
    {"data": [1, 2.5, "x", {"y": 9007199254740993}], "metadata": {"k": True}},
]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_survives_the_wire(part):
    wire = pb.Part.FromString(encode_part(part).SerializeToString())
    assert decode_part(wire) == part


@pytest.mark.parametrize("pair", ["[]", ('{"a":', "}")])
def test_json_is_as_deep_as_callers_may_send_it_and_no_deeper(pair):
    opens, ends = pair
    begun = (MAX_DEPTH - 1) * opens
    told = f"{begun}[1, 2]{(MAX_DEPTH - 1) * ends}"
    assert decode_part(pb.Part(data=told))["data"]
    assert decode_part(pb.Part(data="[" + "[]," * 500 + "[]]"))["data"]  # wide is not deep
    deeper = f"{opens}{told}{ends}"
    for wire in (pb.Part(data=deeper), pb.Part(text="x", metadata=f'{{"a": {told}}}')):
        with pytest.raises(BadAnswer, match="deeper than"):
            decode_part(wire)


def test_a_message_survives_the_wire_with_our_ids():
    message = {
        "messageId": "m-1",
        "role": "ROLE_USER",
        "parts": PARTS,
        "metadata": {"a": [1]},
        "extensions": ["urn:x"],
        "referenceTaskIds": ["t-0"],
    }
    wire = encode_message(message, "t-1", "c-1")
    assert (wire.task_id, wire.conversation_id, wire.role) == ("t-1", "c-1", "user")
    back = decode_message(wire, "t-9", "c-9")
    ours = {"role": "ROLE_AGENT", "taskId": "t-9", "contextId": "c-9"}
    assert back == message | ours


def test_a_turn_carries_all_that_the_agent_may_need():
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}]}
    turn = Turn("echo", message, "t", "c", caller="ada", history=[message], metadata={"a": 1})
    wire = encode(turn)
    assert (wire.agent_id, wire.task_id, wire.context_id, wire.caller) == ("echo", "t", "c", "ada")
    assert [each.id for each in wire.history] == ["m"]
    assert wire.metadata_json == '{"a":1}'


def test_a_direct_message_names_no_task():
    wire = pb.Event(reply=pb.A2AMessage(id="m", task_id="t-1", parts=[pb.Part(text="hi")]))
    told = decode(wire, "t-9", "c-9")
    assert told.kind == "reply"
    assert (told.payload["contextId"], "taskId" in told.payload) == ("c-9", False)


BAD = [
    pb.Event(),
    pb.Event(status=pb.StatusChange()),
    pb.Event(status=pb.StatusChange(state=pb.TASK_STATE_WORKING, metadata="[]")),
    pb.Event(artifact=pb.ArtifactChange(artifact=pb.Artifact(parts=[pb.Part(text="x")]))),
    pb.Event(artifact=pb.ArtifactChange(artifact=pb.Artifact(artifact_id="a"))),
    pb.Event(message=pb.A2AMessage(id="m")),
    pb.Event(reply=pb.A2AMessage(id="m")),
    pb.Event(message=pb.A2AMessage(id="m", parts=[pb.Part()])),
    pb.Event(message=pb.A2AMessage(id="m", parts=[pb.Part(data="{")])),
]


@pytest.mark.parametrize("event", BAD)
def test_an_answer_that_a2a_cannot_say_is_a_bad_answer(event):
    with pytest.raises(BadAnswer):
        decode(event, "t", "c")


def test_an_agents_message_gets_an_id_that_fits():
    wire = pb.A2AMessage(id="x" * 500, parts=[pb.Part(text="x")])
    assert len(decode_message(wire, "t", "c")["messageId"]) == 128
    assert decode_message(pb.A2AMessage(parts=[pb.Part(text="x")]), "t", "c")["messageId"]
