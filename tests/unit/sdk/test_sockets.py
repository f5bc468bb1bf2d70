"""A socket's path must fit, wherever temporary files lie."""

import stat
import tempfile
from pathlib import Path

import pytest
from agentx_sdk import sockets


@pytest.mark.parametrize("depth", [0, 1])
def test_its_folder_is_private_and_its_path_short(tmp_path, monkeypatch, depth):
    usual = tmp_path / ("x" * 60) if depth else Path(tempfile.gettempdir())
    usual.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(usual))
    made = Path(sockets.folder("agentx-test-"))
    try:
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
        assert len(str(made)) < 75
        assert (made.parent == usual) is not bool(depth)
    finally:
        made.rmdir()
