import subprocess
import sys
from pathlib import Path

import pytest

from agentx_site.up import home as module
from agentx_site.up.errors import UpError
from agentx_site.up.home import Home, Stamp
from agentx_site.up.runtime import boot_id, started_ticks


def test_a_second_run_on_one_home_is_told_where_the_first_is(place: Path) -> None:
    first = Home(place)
    first.open()
    first.write_json(first.run_file, {"url": "http://127.0.0.1:8000"})
    with pytest.raises(UpError, match=r"already runs on .* at http://127.0.0.1:8000"):
        Home(place).open()
    first.close()
    second = Home(place)
    second.open()
    second.close()


def test_a_home_that_cannot_be_made_is_named(place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(UpError, match=r"file/home cannot be used \(Not a directory\)"):
        Home(place / "file" / "home").open()


def test_what_a_killed_run_left_is_ended(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OLDER_RUN_ENDS_WITHIN", 0.1)
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    left, another = (subprocess.Popen(sleeper, start_new_session=True) for _ in range(2))
    home = Home(place)
    children = {
        "web": {"pid": left.pid, "ticks": started_ticks(left.pid)},
        "beat": {"pid": another.pid, "ticks": started_ticks(another.pid) + 1},  # a number reused
    }
    home.write_json(home.run_file, {"boot_id": boot_id(), "children": children})
    home.open()
    try:
        assert left.wait(5) == -9
        assert another.poll() is None
    finally:
        home.close()
        another.kill()
        another.wait()


def test_secrets_are_ours_alone_and_stay(place: Path) -> None:
    home = Home(place)
    path = home.secret_key_file
    key = path.read_text()
    assert len(key) >= 50
    assert path.stat().st_mode & 0o777 == 0o600
    assert home.secret_key_file.read_text() == key


def test_the_stamp_fits_one_code_and_one_database(place: Path) -> None:
    home = Home(place)
    migrations = place / "app" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_first.py").write_text("one")
    assert not Stamp(home, place, "db").is_current
    Stamp(home, place, "db").renew()
    assert Stamp(home, place, "db").is_current
    assert not Stamp(home, place, "another db").is_current
    (migrations / "0002_second.py").write_text("two")
    assert not Stamp(home, place, "db").is_current
