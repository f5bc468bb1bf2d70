"""The folders of plugin processes: nobody else on the machine reads what is in them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from plugins_app.process.places import last_words, log_file, work_dir


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


NODE = """node:internal/modules/esm/resolve:873
  throw new ERR_MODULE_NOT_FOUND(packageName);
        ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x' imported from /p/main.js
    at packageResolve (node:internal/modules/esm/resolve:873:9) {
  code: 'ERR_MODULE_NOT_FOUND'
}

Node.js v20.20.2
"""


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (NODE, "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x' imported from /p/main.js"),
        ("TypeError: no\n    at f (main.js:1:1)\n\nNode.js v22.1.0\n", "TypeError: no"),
        ("gave up\nNode.js v22.1.0\n", "Node.js v22.1.0"),
        ("Traceback …\n  File\nValueError: bad\n", "ValueError: bad"),
        ("the model is missing\n\n", "the model is missing"),
        ("", ""),
    ],
)
def test_last_words_are_those_that_say_why(log, told):
    assert last_words(log.splitlines()) == told
