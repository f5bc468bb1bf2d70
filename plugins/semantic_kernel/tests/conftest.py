"""The plugin in the test's own process, on a demo model: `python -m tests.frameworks.environments test semantic_kernel`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agentx_sdk.testing import InProcess

FOLDER = Path(__file__).parents[1]
sys.path.insert(0, str(FOLDER))


@pytest.fixture
def model() -> dict[str, Any]:
    """Not asked again when it fails, so that a test sees the first failure."""
    url = os.environ.get("AGENTX_MODEL_URL")
    if not url:
        pytest.fail("AGENTX_MODEL_URL is not set: `agentx model-stub` prints one")
    return {"name": "demo", "base_url": url, "max_retries": 0}


@pytest.fixture
def hosting(model: dict[str, Any]) -> Callable[..., InProcess]:
    """`async with hosting(slug={…configuration…}) as plugin`."""
    from adapter import Plugin

    def host(**agents: dict[str, Any]) -> InProcess:
        config = {"model": model, "code_folders": [str(FOLDER / "examples")]}
        return InProcess(Plugin(), agents=agents, config=config)

    return host
