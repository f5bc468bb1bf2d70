"""Folders that a server's own user can reach: pytest's tmp_path is closed to everyone else."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentx_site.up.runtime import runtime_dir


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="agentx-up-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def runtime(place: Path) -> Iterator[Path]:
    folder = runtime_dir(place)
    yield folder
    shutil.rmtree(folder)
