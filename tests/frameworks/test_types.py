"""Each Python plugin is typed strictly, with the classes of its framework as they are in its own environment."""

import subprocess
import sys

import pytest

from tests.frameworks import environments
from tests.frameworks.frameworks import FRAMEWORKS

python = [framework for framework in FRAMEWORKS if not framework.is_node]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("framework", python, ids=str)
def test_its_types_fit(framework):
    modules = sorted(path.name for path in framework.folder.glob("*.py"))
    options = ("--strict", "--config-file=", "--python-executable", framework.python)
    cache = environments.PLACE / "types" / framework.name
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--cache-dir", str(cache), *modules],
        cwd=framework.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
