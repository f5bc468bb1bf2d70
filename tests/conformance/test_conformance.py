"""Every row of the table on every binding it speaks of, and the page that lists them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import grpc.aio
import pytest
import pytest_asyncio

from tests.clients.hooks import Hook
from tests.clients.served import Served
from tests.conformance import cards, core, formats, listing, push, streams, versions, weaknesses
from tests.conformance.bindings import Binding, Grpc, JsonRpc, Rest
from tests.conformance.page import page
from tests.conformance.rows import ROWS, Row, cases
from tests.conformance.world import World

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "a2a-conformance.md"
PARTS = (
    cards,
    core,
    formats,
    listing,
    push,
    streams,
    versions,
    weaknesses,
)  # importing fills the table
CASES = cases()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served() as system:
        yield system


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="module")
def other_key(served: Served) -> str:
    """The key of somebody else."""
    return served.somebody()


@pytest_asyncio.fixture
async def world(served: Served, hook: Hook, other_key: str, binding: str) -> AsyncIterator[World]:
    headers = {"A2A-Version": "1.0", "Authorization": f"Bearer {served.credentials['api_key']}"}
    async with (
        aiohttp.ClientSession() as session,
        grpc.aio.insecure_channel(served.grpc) as channel,
    ):
        rpc, rest = JsonRpc(served.base, session, headers), Rest(served.base, session, headers)
        remote: Binding = Grpc(channel, "conformance", headers)
        bindings = {each.name: each for each in (rpc, rest, remote)}
        yield World(served, hook, bindings[binding], rpc, rest, other_key)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("asked", "binding"), CASES, ids=[f"{row.name}-{binding}" for row, binding in CASES]
)
async def test_it_holds(asked: Row, binding: str, served: Served, world: World) -> None:
    served.wear("full" if asked.profile == "killed" else asked.profile)
    await asked.check(world)


def test_the_page_lists_every_row() -> None:
    assert PAGE.read_text() == page(), "python -m tests.conformance.page writes it again"


def test_rows_are_named_once() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) > 80
