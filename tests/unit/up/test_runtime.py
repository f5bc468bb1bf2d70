import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentx_site.up.errors import UpError
from agentx_site.up.runtime import Account, group_lives, is_alive, private_dir, runtime_dir


def test_one_home_has_one_short_folder(place: Path, runtime: Path) -> None:
    assert runtime_dir(place) == runtime
    assert len(str(runtime)) < 80
    assert runtime != runtime_dir_name(place / "other")


def runtime_dir_name(home: Path) -> Path:
    folder = runtime_dir(home)
    folder.rmdir()
    return folder


def test_a_link_laid_out_for_us_is_refused(place: Path) -> None:
    (place / "elsewhere").mkdir()
    (place / "link").symlink_to(place / "elsewhere")
    with pytest.raises(UpError, match="belongs to somebody else"):
        private_dir(place / "link")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_a_folder_of_another_user_is_refused(place: Path) -> None:
    (place / "theirs").mkdir()
    os.chown(place / "theirs", 12345, 12345)
    with pytest.raises(UpError, match="belongs to somebody else"):
        private_dir(place / "theirs")


def test_a_closed_parent_stops_another_account(place: Path) -> None:
    (place / "closed" / "below").mkdir(parents=True)
    stranger = Account(uid=54321, gid=54321)
    assert stranger.may_pass(place / "closed" / "below" / "x")
    (place / "closed").chmod(0o700)
    assert not stranger.may_pass(place / "closed" / "below" / "x")


def test_a_zombie_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(process.pid)
    assert not group_lives(process.pid)
    process.wait()
