"""What each official client sees: the same, whatever its version and binding."""

import json
from typing import Any

import pytest

from tests.clients.hooks import Hook
from tests.clients.libraries import CLIENTS, IDS, Library
from tests.system import until

pytestmark = pytest.mark.network
FILE = {"name": "output.txt", "type": "text/plain"}
ARTIFACTS = {
    "text": [[{"text": "Generated text content"}]],
    "file": [[{"bytes": "dGNr", **FILE}]],
    "file-url": [[{"url": "https://example.com/output.txt", **FILE}]],
    "data": [[{"data": {"key": "value", "count": 42}}]],
}
DIRECT = "message Direct message response"
every_client = pytest.mark.parametrize(("client", "binding"), CLIENTS, ids=IDS)
# 0.2.16 cannot subscribe; it has the message types of 0.3.
resuming = pytest.mark.parametrize(
    ("client", "binding"),
    [each for each in CLIENTS if each[0] != "python-0.2.16"],
    ids=[each for each in IDS if not each.startswith("python-0.2.16")],
)
modern = pytest.mark.parametrize(
    ("client", "binding"),
    [each for each in CLIENTS if "-1." in each[0]],
    ids=[each for each in IDS if "-1." in each],
)


def is_modern(client: str) -> bool:
    return "-1." in client


def final(client: str, state: str) -> str:
    """0.3 says which event is the last one."""
    return state if is_modern(client) else f"{state} final"


def forgets(client: str, binding: str) -> bool:
    """@a2a-js/sdk 0.3.14 drops names of files and `append` when it reads anything but JSON-RPC."""
    return client == "node-0.3.14" and binding != "JSONRPC"


# What a refusal looks like depends on the client: the error's class, its JSON-RPC code, or only a status.
CODES = {"TaskNotFound": -32001, "TaskNotCancelable": -32002, "UnsupportedOperation": -32004}
CODES |= {"ContentTypeNotSupported": -32005}
HTTP = {"TaskNotFound": (404,), "TaskNotCancelable": (409, 400), "UnsupportedOperation": (501, 400)}
HTTP |= {"ContentTypeNotSupported": (415, 400)}
GRPC = {
    "TaskNotFound": ("NOT_FOUND",),
    "TaskNotCancelable": ("FAILED_PRECONDITION", "UNIMPLEMENTED"),
    "UnsupportedOperation": ("UNIMPLEMENTED", "FAILED_PRECONDITION"),
    "ContentTypeNotSupported": ("INVALID_ARGUMENT", "UNIMPLEMENTED"),
}


def is_refusal(client: str, binding: str, seen: Any, error: str) -> bool:
    if is_modern(client):
        return seen == f"{error}Error"
    if client.startswith("node"):  # a class of its own, or the plain error that carries words only
        return seen in (f"{error}Error", "Error")
    told = {"JSONRPC": (CODES[error],), "HTTP+JSON": HTTP[error], "GRPC": GRPC[error]}
    return seen in told[binding]


@every_client
def test_it_finds_the_agent_by_its_card(saw: Library, client: str, binding: str) -> None:
    about = {"name": "Conformance", "streaming": True, "push": True}
    assert saw(client, binding, "card") == about


@every_client
def test_a_message_becomes_a_task(saw: Library, client: str, binding: str) -> None:
    seen = {"state": "completed", "says": "Hello from TCK", "artifacts": []}
    assert saw(client, binding, "send") == seen


@every_client
def test_a_stream_begins_with_the_task_and_ends_with_its_end(
    saw: Library, client: str, binding: str
) -> None:
    end = final(client, "completed")
    assert saw(client, binding, "stream") == ["task", "working", "artifact lastChunk", end]


@every_client
def test_chunks_of_an_artifact_come_one_by_one(saw: Library, client: str, binding: str) -> None:
    first, *events = saw(client, binding, "chunked")
    assert first == "task"
    last = "artifact lastChunk" if forgets(client, binding) else "artifact append lastChunk"
    assert events == ["working", "artifact", last, final(client, "completed")]


@every_client
def test_a_direct_answer_has_no_task(saw: Library, client: str, binding: str) -> None:
    assert saw(client, binding, "direct") == [DIRECT, False, True]
    assert saw(client, binding, "direct_stream") == [DIRECT]


@every_client
def test_a_follow_up_names_only_the_task(saw: Library, client: str, binding: str) -> None:
    assert saw(client, binding, "multi_turn") == ["input_required", "completed", True]
    assert saw(client, binding, "authentication") == ["auth_required", "completed"]


@every_client
def test_every_kind_of_artifact_arrives(saw: Library, client: str, binding: str) -> None:
    seen = saw(client, binding, "artifacts")
    if forgets(client, binding):
        for kind in ("file", "file-url"):
            assert seen[kind][0][0].pop("name") is None
            seen[kind][0][0]["name"] = FILE["name"]
    assert seen == ARTIFACTS


@every_client
def test_failing_and_rejecting_are_told_apart(saw: Library, client: str, binding: str) -> None:
    assert saw(client, binding, "ends") == ["failed", "rejected"]


@every_client
def test_a_task_can_be_read_with_more_or_less_history(
    saw: Library, client: str, binding: str
) -> None:
    state, shortened, first = saw(client, binding, "get")
    assert (state, shortened) == ("completed", 1)
    assert first == ("ROLE_USER" if is_modern(client) else "user")


@modern
def test_tasks_are_listed_page_by_page(saw: Library, client: str, binding: str) -> None:
    assert saw(client, binding, "listing") == [True, 3, 2, ""]


@every_client
def test_a_task_can_be_cancelled_once(saw: Library, client: str, binding: str) -> None:
    was_going, state, again = saw(client, binding, "cancel")
    assert (was_going, state) == (True, "canceled")
    assert is_refusal(client, binding, again, "TaskNotCancelable"), again


@resuming
def test_a_running_task_can_be_followed(saw: Library, client: str, binding: str) -> None:
    assert saw(client, binding, "subscribe") == ["task", final(client, "completed")]


@every_client
def test_a_webhook_is_kept_and_told(saw: Library, hook: Hook, client: str, binding: str) -> None:
    seen = saw(client, binding, "push")
    assert seen["same"]
    if "left" in seen:  # clients that can list and delete made a second one
        assert (seen["listed"], seen["left"]) == (1, 1)
    heard = hook.heard[seen["task"]]
    until(lambda: any("completed" in json.dumps(body).lower() for body, _ in heard), within=20)
    for body, headers in heard:
        assert headers["x-a2a-notification-token"] == "a-token"
        if is_modern(client):
            assert headers["content-type"] == "application/a2a+json"
            assert len(body) == 1
            assert body.keys() <= {"task", "statusUpdate", "artifactUpdate", "message"}
        else:
            assert headers["content-type"] == "application/json"
            assert (body["kind"], body["id"]) == ("task", seen["task"])


@every_client
def test_a_task_that_is_not_there_is_not_found(saw: Library, client: str, binding: str) -> None:
    *seen, subscribed = saw(client, binding, "unknown_task")
    for each in seen:
        assert is_refusal(client, binding, each, "TaskNotFound"), each
    # Over HTTP+JSON the 0.3 library calls every answer that is not a stream a 400.
    is_mute = (client, binding) == ("python-0.3.26", "HTTP+JSON")
    assert is_refusal(client, binding, subscribed, "TaskNotFound") or (
        is_mute and subscribed == 400
    )


@every_client
def test_an_ended_task_takes_nothing_more(saw: Library, client: str, binding: str) -> None:
    seen = saw(client, binding, "ended_task")
    for each in seen if isinstance(seen, list) else [seen]:
        assert is_refusal(client, binding, each, "UnsupportedOperation"), each


@resuming
def test_a_media_type_the_agent_does_not_take_is_refused(
    saw: Library, client: str, binding: str
) -> None:
    seen = saw(client, binding, "media_type")
    assert is_refusal(client, binding, seen, "ContentTypeNotSupported"), seen


@modern
def test_the_client_keeps_the_card_when_there_is_no_extended_one(
    saw: Library, client: str, binding: str
) -> None:
    assert saw(client, binding, "extended_card") == "Conformance"


@every_client
def test_a_wrong_key_is_refused_even_by_an_open_agent(
    saw: Library, client: str, binding: str
) -> None:
    seen = saw(client, binding, "wrong_key")
    if client == "python-1.3.0":
        assert "401" in seen[1] or "UNAUTHENTICATED" in seen[1]
    else:
        assert seen in (401, "UNAUTHENTICATED", "refused")


@every_client
def test_an_open_agent_answers_anybody(saw: Library, client: str, binding: str) -> None:
    assert saw(client, binding, "no_key")["state"] == "completed"


@modern
def test_the_cards_signature_is_verified_by_the_clients_own_code(
    saw: Library, client: str, binding: str
) -> None:
    verified, forged = saw(client, binding, "signature")
    assert verified == "verified"
    assert forged in ("InvalidSignaturesError", "refused")


OLD = ("python-0.3.26", "JSONRPC")
OLDER = ("python-0.2.16", "JSONRPC")
NEW = ("python-1.3.0", "JSONRPC")
PAIRS = [
    (OLD, NEW),
    (NEW, OLD),
    (OLDER, ("python-1.3.0", "GRPC")),
    (("node-1.3.0", "HTTP+JSON"), OLDER),
    (("python-1.3.0", "GRPC"), ("python-0.3.26", "GRPC")),
]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda who: "-".join(who))
def test_a_conversation_of_one_version_goes_on_in_another(
    saw: Library, first: tuple[str, str], second: tuple[str, str]
) -> None:
    begun = saw.run(*first, scenarios=["begin"])
    assert "saw" in begun.get("begin", {}), begun
    told = saw.run(*second, scenarios=["read"], task=begun["begin"]["saw"])
    assert "saw" in told.get("read", {}), told
    assert told["read"]["saw"] == {
        "state": "completed",
        "says": "The artifact is there.",
        "artifacts": ARTIFACTS["data"],
        "joined": True,
    }
