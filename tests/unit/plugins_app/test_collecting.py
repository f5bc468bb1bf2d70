"""What a supervisor removes of its node's folders, and what it leaves to whoever is about to use it."""

import asyncio
from contextlib import suppress

import pytest

from plugins_app.models import Preparation
from plugins_app.preparing import places
from plugins_app.supervisor.ledger import Ledger
from plugins_app.supervisor.preparations import Preparations
from tests.factories import make_node, make_plugin

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def home(tmp_path, settings):
    settings.AGENTX_HOME = tmp_path / "home"
    return settings.AGENTX_HOME


async def collect(*, while_somebody_prepares: bool = False) -> None:
    ledger = Ledger()
    writing = asyncio.create_task(ledger.run())
    prepared = Preparations("one", ledger)
    try:
        if while_somebody_prepares:
            async with places.reserved():
                await prepared.collect()
        else:
            await prepared.collect()
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        ledger.close()


def environment(name: str) -> str:
    folder = places.environments() / name
    folder.mkdir()
    return str(folder)


def there() -> list[str]:
    return sorted(path.name for path in places.environments().iterdir())


def test_nothing_is_removed_while_somebody_prepares():
    """Who found it there, and will say so in a row, may be another process."""
    environment("found")
    asyncio.run(collect(while_somebody_prepares=True))
    assert there() == ["found"]
    asyncio.run(collect())
    assert there() == []


def test_what_another_node_with_the_same_home_made_stays():
    release = make_plugin("some").release
    node = make_node("two")
    Preparation.objects.create(release=release, node=node, environment=environment("of-two"))
    environment("of-nobody")
    asyncio.run(collect())
    assert there() == ["of-two"]
