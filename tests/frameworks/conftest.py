"""One model stub for a file, and one process of each framework at a time."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from agentx_sdk.testing import PluginProcess

from tests.frameworks import environments
from tests.frameworks.frameworks import Framework, process
from tests.model import Stub


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest.fixture(scope="module")
def framework(request: Any) -> Framework:
    """Its environment is made when it is missing."""
    wanted: Framework = request.param
    if not wanted.is_there:
        pytest.fail(f"plugins/{wanted.name} is not there")
    try:
        assert wanted.folder
        assert wanted.python is not None
    except environments.NotInstalled as error:
        pytest.fail(str(error))
    return wanted


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plugin(framework: Framework, stub: Stub) -> AsyncIterator[PluginProcess]:
    """A process that the tests of a file share; it must live through all of them."""
    async with process(framework, stub) as plugin:
        yield plugin
        assert plugin.returncode is None, f"it ended:\n{plugin.log[-2000:]}"
