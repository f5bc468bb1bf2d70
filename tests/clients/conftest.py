"""One AgentX for all of these tests, and each client run once against it; the tests look at what it saw."""

from collections.abc import Iterator

import pytest

from tests.clients.hooks import Hook
from tests.clients.libraries import Library
from tests.clients.served import Served


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with Served() as system:
        yield system


@pytest.fixture(scope="session")
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="session")
def saw(served: Served, hook: Hook) -> Library:
    """What a client saw, scenario by scenario."""
    return Library(served, hook)
