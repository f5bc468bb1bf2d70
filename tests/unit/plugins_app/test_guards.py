"""What a guard measures where the kernel keeps no account, and how often it tells."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from uuid import uuid4

import pytest

from plugins_app.process.around import Around
from plugins_app.supervisor import guards
from plugins_app.supervisor.guards import Guard

HOLD = """
import os, subprocess, sys, time
held = os.urandom(30 << 20)
if len(sys.argv) > 1:
    subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=1)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def group():
    """A process of 30 MB with a child of 30 MB."""
    leader = subprocess.Popen(
        [sys.executable, "-c", HOLD, HOLD], stdout=subprocess.PIPE, start_new_session=True
    )
    assert leader.stdout is not None
    assert [leader.stdout.readline() for _ in range(2)] == [b"ready\n"] * 2
    yield leader.pid
    os.killpg(leader.pid, signal.SIGKILL)
    leader.communicate()


def guard(limits, pid=1):
    told = []
    process = SimpleNamespace(
        pid=pid,
        launch_id=str(uuid4()),
        isolation={"limits": limits},
        around=Around(),
        exited=SimpleNamespace(is_set=bool),
    )
    wanted = SimpleNamespace(instance_id=uuid4(), plugin="one", ordinal=0)
    ledger = SimpleNamespace(put=lambda _deed, *args: told.append(args))
    return Guard(SimpleNamespace(wanted=wanted), process, ledger), told


def test_memory_is_that_of_the_whole_group(group):
    found, _ = guard({"memory": 50_000_000}, group)
    assert "more than the 50 MB that its manifest allows" in found.look(at_disk=False)
    assert 60_000_000 < found.use["memory"] < 120_000_000
    roomy, _ = guard({"memory": 200_000_000}, group)
    assert roomy.look(at_disk=False) == ""


def test_a_directory_is_measured_by_what_its_files_take(tmp_path, monkeypatch):
    monkeypatch.setattr(guards.places, "work_dir", lambda plugin, ordinal: tmp_path)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "large").write_bytes(b"x" * 3_000_000)
    (tmp_path / "holes").touch()
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(1 << 40)  # takes nothing
    (tmp_path / "elsewhere").symlink_to("/usr")
    found, _ = guard({"disk": 2_000_000})
    found.use["memory"] = 0
    assert "It keeps 3 MB in its working directory" in found.look(at_disk=True)


def test_the_folder_of_its_socket_is_measured_too(tmp_path, monkeypatch):
    """It may write there, outside of its working directory."""
    monkeypatch.setattr(guards.places, "work_dir", lambda plugin, ordinal: tmp_path / "work")
    monkeypatch.setattr(guards.places, "launch_dir", lambda launch_id: tmp_path / launch_id)
    found, _ = guard({"disk": 2_000_000})
    (tmp_path / found.process.launch_id).mkdir()
    (tmp_path / found.process.launch_id / "hidden").write_bytes(b"x" * 3_000_000)
    found.use["memory"] = 0
    assert "It keeps 3 MB" in found.look(at_disk=True)


def test_files_are_counted_however_small(tmp_path, monkeypatch):
    monkeypatch.setattr(guards.places, "work_dir", lambda plugin, ordinal: tmp_path)
    monkeypatch.setattr(guards, "MOST_FILES", 20)
    for number in range(11):
        (tmp_path / f"folder-{number}").mkdir()
        (tmp_path / f"folder-{number}" / "empty").touch()
    found, _ = guard({"disk": 2_000_000})
    found.use["memory"] = 0
    assert "more than 20 files" in found.look(at_disk=True)


def test_each_kind_of_refusal_is_told_once_a_minute_and_the_rest_counted(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(guards.time, "monotonic", lambda: now[0])
    found, told = guard({})
    for _ in range(5):
        found.refused("plugin.egress", "no")
    found.refused("plugin.log_flood", "too much")
    now[0] += guards.TELL_EVERY
    found.refused("plugin.egress", "still no")
    assert [(args[1], args[2], args[3]["also"]) for args in told] == [
        ("plugin.egress", "no", 0),
        ("plugin.log_flood", "too much", 0),
        ("plugin.egress", "still no", 4),
    ]
