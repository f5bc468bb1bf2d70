"""The page about A2A over JSON: its examples are run, its addresses are those that are served."""

import re
from pathlib import Path

import pytest
import yaml

from routing import limits, requests
from routing.a2a import sse, verbs
from routing.a2a.places import place_of

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
EXAMPLE = re.compile(r"```http (\d+)\n(\w+) (\S+)\n(.*?)(?:\n\n(.*?))?\n?```", re.DOTALL)
PAGE = (REFERENCE / "a2a-json.md").read_text()
EXAMPLES = EXAMPLE.findall(PAGE)
BELOW = "/a2a/{agent}/"


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_examples_of_the_page_work(web):
    assert len(EXAMPLES) > 5
    for status, method, path, head, body in EXAMPLES:
        headers = dict(line.split(": ") for line in head.splitlines() if line)
        headers["Authorization"] = f"Bearer {web.key}"
        answer = await web._client.request(method, path, headers=headers, data=body or None)
        assert answer.status == int(status), (path, await answer.text())
        assert b'"error":{"code":-32602' not in await answer.read(), body


def test_the_numbers_of_the_page_are_those_of_the_code():
    assert f"at most {limits.MAX_BATCH} calls" in PAGE
    assert f"at most {limits.MAX_BATCH_AT_ONCE} of them" in PAGE
    assert f"every {sse.KEEP_ALIVE_SECONDS:.0f} s" in PAGE
    assert requests.IDEMPOTENT in PAGE


def described():
    document = yaml.safe_load((REFERENCE / "a2a-openapi.yaml").read_text())
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                yield path.removeprefix(BELOW), method.upper(), operation["operationId"]


def test_every_operation_is_described_at_its_address():
    seen = set()
    for path, method, name in described():
        place = place_of(path.split("/"))
        assert place is not None, path
        verb = name.removesuffix("ByPost")
        assert place.verbs[method] == verb
        tenanted = place_of(["acme", *path.split("/")])
        assert (tenanted.tenant, tenanted.verbs) == ("acme", place.verbs)
        seen.add(verb)
    assert seen == verbs.ANSWERS.keys() | verbs.STREAMS.keys()


@pytest.mark.parametrize(
    ("path", "verb", "ids"),
    [
        ("v1/message:send", "SendMessage", {}),
        ("v1/tasks/x", "GetTask", {"name": "tasks/x"}),
        ("v1/tasks/x:cancel", "CancelTask", {"name": "tasks/x"}),
        ("v1/card", "GetExtendedAgentCard", {}),
        ("agent/authenticatedExtendedCard", "GetExtendedAgentCard", {}),
        (
            "v1/tasks/x/pushNotificationConfigs",
            "CreateTaskPushNotificationConfig",
            {"parent": "tasks/x"},
        ),
        (
            "v1/tasks/x/pushNotificationConfigs/y",
            "GetTaskPushNotificationConfig",
            {"name": "tasks/x/pushNotificationConfigs/y"},
        ),
    ],
)
def test_the_addresses_of_0_3(path, verb, ids):
    place = place_of(path.split("/"))
    assert place.is_old
    assert verb in place.verbs.values()
    assert place.ids == ids


@pytest.mark.parametrize(
    "path", ["", "/", "v1", "v1/tasks", "v1/extendedAgentCard", "a/b/c", "tasks/x/y", "a/v1/card"]
)
def test_there_is_nothing_elsewhere(path):
    assert place_of(path.split("/")) is None
