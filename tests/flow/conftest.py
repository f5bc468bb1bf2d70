"""Fixtures of the flow tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from registry.models import Node
from tests.echoes import Echo, make_rows
from tests.factories import make_key, make_user
from tests.far import Far
from tests.gateways import Gate
from tests.nodes import SupervisedNode, eventually
from tests.scripted import Script, make_scripted
from tests.web import Web


@pytest.fixture(autouse=True)
def settled_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the tests has only just begun; what was lost counts as lost all the same."""
    monkeypatch.setattr("routing.services.losses.HOLDERS_FIRST_SECONDS", -60.0)


@pytest.fixture(scope="session")
def echo() -> Iterator[Echo]:
    """A plugin process that lives as long as the tests; do not kill this one."""
    process = Echo()
    yield process
    process.close()


@pytest.fixture
def node(transactional_db: None) -> Iterator[SupervisedNode]:
    """A supervisor of its own, which has begun."""
    node = SupervisedNode()
    node.start()
    eventually(lambda: Node.objects.filter(name=node.name, state="active").exists())
    yield node
    node.close()


@pytest.fixture
def key(transactional_db: None) -> str:
    """A developer's API key."""
    return make_key()[1]


@pytest.fixture
def other_key(transactional_db: None) -> str:
    """The key of somebody else."""
    return make_key(make_user("oscar", "developer"))[1]


@pytest.fixture
def hosted(transactional_db: None, echo: Echo) -> None:
    """Rows for `echo` and `slow` in the process that is always there."""
    make_rows(echo)


@pytest_asyncio.fixture
async def web(key: str, hosted: None) -> AsyncIterator[Web]:
    """A web process, called by a developer."""
    async with Web(key) as web:
        yield web


@pytest.fixture
def script(transactional_db: None) -> Script:
    """An agent `scripted` that says what the test has it say."""
    make_scripted()
    return Script()


@pytest_asyncio.fixture
async def far() -> AsyncIterator[Far]:
    """An A2A server elsewhere."""
    async with Far() as far:
        yield far


@pytest_asyncio.fixture
async def gate(key, hosted):
    async with Gate(key) as gate:
        yield gate
