"""The folders of plugin processes: nobody else on the machine reads what is in them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from plugins_app.process.places import log_file, work_dir


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(settings, "AGENTX_HOME", tmp_path)
    before = os.umask(0)
    yield tmp_path
    os.umask(before)


def modes(home: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in home.rglob("*") if path.is_dir()}


def test_no_folder_on_the_way_is_open_to_others(home: Path) -> None:
    work_dir("echo", 0)
    log_file("echo", 0)
    assert modes(home) == {0o700}


def test_folders_that_were_open_are_closed(home: Path) -> None:
    (home / "work" / "echo" / "0").mkdir(parents=True)
    work_dir("echo", 0)
    assert modes(home) == {0o700}
