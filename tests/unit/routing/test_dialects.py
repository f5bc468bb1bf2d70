"""A2A's older shapes: what 0.3 can carry goes there and comes back; what it cannot is left out, never bent."""

import base64
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given
from hypothesis import strategies as st

from proto import a2a_v03_pb2
from routing.dialects import cards, v03, v03_objects, v03_proto

Json = dict[str, Any]

TEXTS = st.text(max_size=8)
IDS = st.text(alphabet="abc-123", min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
METADATA = {"metadata": st.dictionaries(st.sampled_from(["a", "b"]), VALUES, min_size=1)}
RAW = st.binary(max_size=8).map(lambda raw: base64.b64encode(raw).decode())
FILES = {"filename": IDS, "mediaType": IDS}
PARTS = st.one_of(
    st.fixed_dictionaries({"text": TEXTS}, optional=METADATA),
    st.fixed_dictionaries({"data": VALUES}, optional=METADATA),
    st.fixed_dictionaries({"raw": RAW}, optional=METADATA | FILES),
    st.fixed_dictionaries({"url": IDS}, optional=METADATA | FILES),
)
EXTRAS = {**METADATA, "extensions": st.lists(IDS, min_size=1, max_size=2)}
MESSAGES = st.fixed_dictionaries(
    {
        "messageId": IDS,
        "role": st.sampled_from(["ROLE_USER", "ROLE_AGENT"]),
        "parts": st.lists(PARTS, min_size=1, max_size=3),
    },
    optional={**EXTRAS, "contextId": IDS, "taskId": IDS},
)
STATUSES = st.fixed_dictionaries(
    {"state": st.sampled_from(sorted(v03_objects.OLD_STATES))},
    optional={"message": MESSAGES, "timestamp": st.just("2026-01-31T12:00:00.123Z")},
)
ARTIFACTS = st.fixed_dictionaries(
    {"artifactId": IDS, "parts": st.lists(PARTS, min_size=1, max_size=3)},
    optional={**EXTRAS, "name": IDS, "description": IDS},
)
TASKS = st.fixed_dictionaries(
    {"id": IDS, "contextId": IDS, "status": STATUSES},
    optional={
        **METADATA,
        "artifacts": st.lists(ARTIFACTS, min_size=1, max_size=2),
        "history": st.lists(MESSAGES, min_size=1, max_size=2),
    },
)
NAMED = {"taskId": IDS, "contextId": IDS}
RESPONSES = st.one_of(
    st.fixed_dictionaries({"task": TASKS}),
    st.fixed_dictionaries({"message": MESSAGES}),
    st.fixed_dictionaries(
        {"statusUpdate": st.fixed_dictionaries({**NAMED, "status": STATUSES}, optional=METADATA)}
    ),
    st.fixed_dictionaries(
        {
            "artifactUpdate": st.fixed_dictionaries(
                {**NAMED, "artifact": ARTIFACTS},
                optional={**METADATA, "append": st.booleans(), "lastChunk": st.booleans()},
            )
        }
    ),
)
PUSHES = st.fixed_dictionaries(
    {"taskId": IDS, "id": IDS, "url": IDS},
    optional={
        "token": IDS,
        "authentication": st.fixed_dictionaries({"scheme": IDS}, optional={"credentials": IDS}),
    },
)
REQUESTS = st.fixed_dictionaries(
    {"message": MESSAGES},
    optional={
        **METADATA,
        "configuration": st.fixed_dictionaries(
            {},
            optional={
                "historyLength": st.integers(1, 9),
                "returnImmediately": st.just(True),
                "acceptedOutputModes": st.lists(IDS, min_size=1, max_size=2),
            },
        ),
    },
)


@given(RESPONSES)
def test_what_a_stream_tells_comes_back_from_json_rpc(response):
    old = v03_objects.response_from_1_0(response)
    assert old["kind"] in ("task", "message", "status-update", "artifact-update")
    assert v03_objects.response_to_1_0(old) == response


@given(RESPONSES, st.booleans())
def test_what_a_stream_tells_comes_back_from_protojson(response, twice):
    told = v03_proto.response_from_1_0(response, twice=twice)
    assert v03_proto.response_to_1_0(told, twice=twice) == response


@given(RESPONSES, st.booleans())
def test_protojson_is_what_the_definitions_of_0_3_parse(response, twice):
    """Strictly: an unknown field would be an error, as it is in the official clients."""
    told = v03_proto.response_from_1_0(response, twice=twice)
    parsed = ParseDict(told, a2a_v03_pb2.StreamResponse())
    assert MessageToDict(parsed).keys() == told.keys()


@given(REQUESTS)
def test_requests_come_back(request_):
    for verb in ("SendMessage", "SendStreamingMessage"):
        old = v03.request_from_1_0(verb, request_)
        assert v03.request_to_1_0(v03.OLD_METHODS[verb], old) == request_
        proto = v03_proto.request_from_1_0(verb, request_)
        ParseDict(proto, a2a_v03_pb2.SendMessageRequest())
        back = v03_proto.request_to_1_0(verb, proto)
        wish = {"returnImmediately": False} | request_.get("configuration", {})
        assert back == {**request_, "configuration": wish}


@given(PUSHES)
def test_push_configurations_come_back(push):
    for verb in ("CreateTaskPushNotificationConfig", "GetTaskPushNotificationConfig"):
        old = v03.result_from_1_0(v03.OLD_METHODS[verb], push)
        assert v03.result_to_1_0(verb, old) == push
        proto = v03_proto.result_from_1_0(verb, push)
        ParseDict(proto, a2a_v03_pb2.TaskPushNotificationConfig())
        assert v03_proto.result_to_1_0(verb, proto) == push
    asked = v03_proto.request_from_1_0("CreateTaskPushNotificationConfig", push)
    ParseDict(asked, a2a_v03_pb2.CreateTaskPushNotificationConfigRequest())
    assert v03_proto.request_to_1_0("CreateTaskPushNotificationConfig", asked) == push


@given(st.binary(max_size=16))
def test_files_that_python_encodes_twice_arrive_once(content):
    raw = base64.b64encode(content).decode()
    told = v03_proto.response_from_1_0({"message": {"parts": [{"raw": raw}]}}, twice=True)
    file = told["message"]["content"][0]["file"]
    assert base64.b64decode(base64.b64decode(file["fileWithBytes"])) == content
    back = v03_proto.request_to_1_0("SendMessage", told, twice=True)
    assert back["message"]["parts"] == [{"raw": raw}]


NAMES = [
    "message",
    "parts",
    "content",
    "file",
    "data",
    "kind",
    "metadata",
    "config",
    "configuration",
    "pushNotificationConfig",
    "authentication",
    "schemes",
    "role",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(v03.METHODS)), st.dictionaries(st.text(), JUNK, max_size=3) | JUNK)
def test_nonsense_is_handed_on_for_others_to_refuse(method, params):
    if isinstance(params, dict):
        v03.request_to_1_0(method, params)
        v03_proto.request_to_1_0(v03.METHODS[method], params, twice=True)


@pytest.mark.parametrize(
    ("configuration", "wish"),
    [
        ({}, {}),
        ({"blocking": True}, {}),
        ({"blocking": False}, {"returnImmediately": True}),
        ({"historyLength": 0}, {}),
        ({"historyLength": 2}, {"historyLength": 2}),
    ],
)
def test_blocking_and_zero_mean_what_0_3_means(configuration, wish):
    told = v03.request_to_1_0("message/send", {"configuration": configuration})
    assert told["configuration"] == wish


def test_in_protojson_an_absent_blocking_is_false_and_no_configuration_blocks():
    told = v03_proto.request_to_1_0("SendMessage", {"configuration": {}, "request": {}})
    assert told["configuration"] == {"returnImmediately": True}
    assert "configuration" not in v03_proto.request_to_1_0("SendMessage", {"request": {}})


def test_errors_that_0_3_does_not_know_are_internal_to_it():
    assert [v03.error_code(code) for code in (-32001, -32007, -32602, -32700)] == [
        -32001,
        -32007,
        -32602,
        -32700,
    ]
    assert {v03.error_code(code) for code in (-32008, -32009, -32090, -32096)} == {-32603}


def test_a_stream_says_which_event_is_its_last():
    def told(state: str) -> bool:
        update = {"taskId": "t", "contextId": "c", "status": {"state": f"TASK_STATE_{state}"}}
        ends = v03_objects.TERMINAL | v03_objects.INTERRUPTED
        return bool(v03_objects.response_from_1_0({"statusUpdate": update}, ends)["final"])

    assert [told(state) for state in ("WORKING", "INPUT_REQUIRED", "CANCELED")] == [
        False,
        True,
        True,
    ]


CARD: Json = {
    "name": "Echo",
    "description": "Says it again.",
    "version": "1.2.3",
    "supportedInterfaces": [
        {"url": "https://a/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {"url": "https://a/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "0.3"},
        {"url": "https://a/rest", "protocolBinding": "HTTP+JSON", "protocolVersion": "0.3"},
    ],
    "capabilities": {"streaming": True, "extendedAgentCard": True},
    "defaultInputModes": ["text/plain"],
    "defaultOutputModes": ["text/plain"],
    "skills": [
        {
            "id": "echo",
            "name": "Echo",
            "description": "Says it again.",
            "tags": ["text"],
            "securityRequirements": [{"schemes": {"bearer": {"list": ["a"]}}}],
        }
    ],
    "securitySchemes": {
        "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}},
        "key": {"apiKeySecurityScheme": {"location": "header", "name": "X-API-Key"}},
    },
    "securityRequirements": [{"schemes": {"bearer": {"list": []}}}],
}


def test_a_card_of_1_0_as_0_3_knows_it():
    old = cards.card_from_1_0(CARD)
    assert (old["url"], old["preferredTransport"], old["protocolVersion"]) == (
        "https://a/rpc",
        "JSONRPC",
        "0.3",
    )
    assert old["additionalInterfaces"] == [{"url": "https://a/rest", "transport": "HTTP+JSON"}]
    assert old["securitySchemes"]["bearer"] == {"type": "http", "scheme": "Bearer"}
    assert old["securitySchemes"]["key"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert old["security"] == [{"bearer": []}]
    assert old["skills"][0]["security"] == [{"bearer": ["a"]}]
    assert old["supportsAuthenticatedExtendedCard"] is True
    assert "supportedInterfaces" not in old


def test_a_card_comes_back_from_0_3():
    back = cards.card_to_1_0(cards.card_from_1_0(CARD))
    assert back == CARD | {"supportedInterfaces": CARD["supportedInterfaces"][1:]}


def test_a_merged_card_serves_both():
    both = cards.merged(CARD)
    assert {key: both[key] for key in CARD if key not in ("skills", "securitySchemes")} == {
        key: CARD[key] for key in CARD if key not in ("skills", "securitySchemes")
    }
    assert both["url"] == "https://a/rpc"
    assert both["securitySchemes"]["bearer"] == {
        "httpAuthSecurityScheme": {"scheme": "Bearer"},
        "type": "http",
        "scheme": "Bearer",
    }
    assert cards.card_to_1_0(both)["securitySchemes"] == CARD["securitySchemes"]
    only_new = CARD | {"supportedInterfaces": CARD["supportedInterfaces"][:1]}
    assert cards.merged(only_new) == only_new
