"""Requests made from the OpenAPI documents, good and bad ones: no 5xx, and no status that is not declared.

A real web process answers them, in a thread of its own because the generator of requests is synchronous.
"""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CHECKS

from tests.echoes import Echo, make_rows
from tests.factories import make_key, make_user
from tests.web import Web

pytestmark = pytest.mark.django_db(transaction=True)

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
WANTED = ["not_a_server_error", "status_code_conformance"]
DOOR_EXAMPLES = 30
API_EXAMPLES = 8
# Deliberate refusals of the machine they run on, not faults of the API: Redis or a supervisor may be away.
ALLOWED = frozenset({503})
BOUNDED = {
    "deadline": None,
    "database": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


class Background:
    """A web process in a thread."""

    def __init__(self, key: str) -> None:
        self.web = Web(key)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._live(),))

    def __enter__(self) -> "Background":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    async def _live(self) -> None:
        self._over = asyncio.Event()
        async with self.web:
            self._ready.set()
            await self._over.wait()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)
        self._loop.close()


@pytest.fixture
def background(transactional_db: None, echo: Echo) -> Iterator[Web]:
    make_rows(echo)
    key = make_key(make_user("ada", "admin"), role="admin")[1]
    with Background(key) as running:
        yield running.web


def faults(web: Web, document: dict[str, Any], examples: int) -> list[str]:
    """What went wrong, of all operations, one line each."""
    schema = schemathesis.openapi.from_dict(document)
    found = []
    for result in schema.get_all_operations():
        operation = result.ok()
        try:
            _try(web, operation, examples)
        except (AssertionError, BaseExceptionGroup) as error:
            found.append(f"{operation.label}: {error}")
    return found


def _try(web: Web, operation: Any, examples: int) -> None:
    checks = CHECKS.get_by_names(WANTED)

    @seed(0)
    @settings(max_examples=examples, **BOUNDED)
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        answer = case.call(base_url=web.url, headers={"Authorization": f"Bearer {web.key}"})
        if answer.status_code not in ALLOWED:
            case.validate_response(answer, checks=checks)

    run()


def with_names(document: dict[str, Any]) -> dict[str, Any]:
    """Half of what is asked for is there."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "ref":
                    parameter["schema"] = {"enum": ["echo", "nothing"]}
    return document


def test_the_http_json_door_does_what_it_declares(background: Web) -> None:
    document = yaml.safe_load((REFERENCE / "a2a-openapi.yaml").read_text())
    document["components"]["parameters"]["Agent"]["schema"] = {"enum": ["echo"]}
    assert faults(background, document, DOOR_EXAMPLES) == []


def test_the_api_does_what_it_declares(background: Web) -> None:
    document = yaml.safe_load((REFERENCE / "openapi.yaml").read_text())
    assert faults(background, with_names(document), API_EXAMPLES) == []
