"""The plugin in the test's own process, on a demo model: `python -m tests.frameworks.environments test crewai`."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from agentx_sdk.testing import InProcess

FOLDER = Path(__file__).parents[1]
sys.path.insert(0, str(FOLDER))
# As plugin.yaml has them.
os.environ |= {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "PYTHON_DOTENV_DISABLED": "true",
}


@pytest.fixture(scope="session", autouse=True)
def storage(tmp_path_factory: Any) -> Iterator[Path]:
    """Where CrewAI would write."""
    folder = tmp_path_factory.mktemp("crewai")
    os.environ["CREWAI_STORAGE_DIR"] = str(folder)
    yield folder


@pytest.fixture
def model() -> dict[str, Any]:
    """Not asked again when it fails, so that a test sees the first failure."""
    url = os.environ.get("AGENTX_MODEL_URL")
    if not url:
        pytest.fail("AGENTX_MODEL_URL is not set: `agentx model-stub` prints one")
    return {"name": "demo", "base_url": url, "max_retries": 0}


@pytest.fixture
def hosting(model: dict[str, Any], storage: Path) -> Callable[..., InProcess]:
    """`async with hosting(slug={…configuration…}) as plugin`."""
    from adapter import Plugin

    def host(**agents: dict[str, Any]) -> InProcess:
        config = {"model": model, "code_folders": [str(FOLDER / "examples")]}
        return InProcess(Plugin(), agents=agents, config=config)

    return host
