"""What is run for a plugin: program, environment, folders."""

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from plugins_app import manifest, process
from plugins_app.errors import LaunchFailed, NotOurs
from plugins_app.process import Identity, places
from plugins_app.process.identity import identity_of
from plugins_app.process.recipe import _home_of


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.AGENTX_HOME = tmp_path / "home"
    settings.RUNTIME_DIR = tmp_path / "run"
    return settings.AGENTX_HOME


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "a plugin"
    folder.mkdir()
    (folder / "main.py").touch()
    return folder


def recipe(folder, environment=None, *, trusted=True, **runtime):
    raw = {
        "metadata": {"name": "shout", "version": "1"},
        "runtime": {"language": "python", **runtime},
        "environment": environment or {},
        "agents": [{"slug": "shout"}],
    }
    return process.recipe(manifest.parse(raw), folder, 0, trusted=trusted)


def test_python_runs_with_the_cores_interpreter_and_never_sees_the_core(folder):
    what = recipe(folder, entrypoint="main.py", args=["-v"])
    assert what.argv == (sys.executable, "-S", str(folder / "main.py"), "-v")
    paths = what.environment["PYTHONPATH"].split(os.pathsep)
    assert paths[0].endswith("sdk/python")
    assert not any(Path(path, "manage.py").exists() for path in paths)


def made(tmp_path):
    """An environment as a node makes one."""
    environment = tmp_path / "environment"
    for name in ("bin/python", "node_modules/.bin/tool"):
        program = environment / name
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return environment


def test_with_an_environment_of_its_own_it_runs_that_ones_python(folder, tmp_path):
    environment = made(tmp_path)
    raw = {
        "metadata": {"name": "shout", "version": "1"},
        "runtime": {"language": "python", "entrypoint": "main.py"},
        "agents": [{"slug": "shout"}],
    }
    what = process.recipe(manifest.parse(raw), folder, 0, str(environment))
    assert what.argv == (f"{environment}/bin/python", str(folder / "main.py"))
    assert "PYTHONPATH" not in what.environment
    assert what.environment["PATH"].split(os.pathsep)[:2] == [
        f"{environment}/bin",
        f"{environment}/node_modules/.bin",
    ]
    raw["runtime"] = {"executable": "tool"}
    what = process.recipe(manifest.parse(raw), folder, 0, str(environment))
    assert what.argv == (f"{environment}/node_modules/.bin/tool",)


def test_an_environment_that_is_gone_is_said_so(folder, tmp_path):
    raw = {
        "metadata": {"name": "shout", "version": "1"},
        "runtime": {"language": "python", "entrypoint": "main.py"},
        "agents": [{"slug": "shout"}],
    }
    with pytest.raises(LaunchFailed, match="is not there: install it again"):
        process.recipe(manifest.parse(raw), folder, 0, str(tmp_path / "gone"))


def test_an_executable_is_found_in_the_folder_first(folder):
    program = folder / "shout"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    what = recipe(folder, executable="shout")
    assert what.argv == (str(program),) and "PYTHONPATH" not in what.environment
    assert recipe(folder, executable="sh").argv[0].endswith("/sh")


@pytest.mark.parametrize(
    ("runtime", "told"),
    [
        ({"entrypoint": "absent.py"}, "entrypoint absent.py is not in"),
        ({"entrypoint": "../outside.py"}, "lies outside of its folder"),
        ({"executable": "no-such-program"}, "is not in its folder or in PATH"),
        ({"executable": "./main.py"}, "or cannot be run"),
    ],
)
def test_what_cannot_be_run_is_said(folder, runtime, told):
    (folder.parent / "outside.py").touch()
    with pytest.raises(LaunchFailed, match=told):
        recipe(folder, **runtime)


def test_the_environment_gets_only_what_an_operator_passes_on(folder, monkeypatch, settings):
    monkeypatch.setenv("MODEL_KEY", "k")
    monkeypatch.setenv("DATABASE_URL", "secret")
    settings.PLUGIN_ENVIRONMENT = ["MODEL_KEY", "NOT_SET"]
    asked = {
        "KEY": "${MODEL_KEY}",
        "MIX": "a-${MODEL_KEY}-b",
        "STOLEN": "${DATABASE_URL}",
        "UNSET": "${NOT_SET}",
        "DEFAULTED": "${NOT_SET:-plain}",
        "FLAG": True,
    }
    got = recipe(folder, asked, entrypoint="main.py").environment
    assert (got["KEY"], got["MIX"], got["DEFAULTED"], got["FLAG"]) == (
        "k",
        "a-k-b",
        "plain",
        "true",
    )
    assert "STOLEN" not in got and "UNSET" not in got and "DATABASE_URL" not in got


def test_who_is_not_trusted_gets_nothing_of_our_environment(folder, monkeypatch, settings):
    monkeypatch.setenv("MODEL_KEY", "k")
    settings.PLUGIN_ENVIRONMENT = ["MODEL_KEY"]
    asked = {"KEY": "${MODEL_KEY}", "PLAIN": "${X:-y}"}
    got = recipe(folder, asked, trusted=False, entrypoint="main.py").environment
    assert "KEY" not in got
    assert got["PLAIN"] == "y"


def test_a_plugin_cannot_change_what_the_contract_sets(folder):
    got = recipe(folder, {"AGENTX_HANDSHAKE_FD": 9}, entrypoint="main.py").environment
    assert got["AGENTX_HANDSHAKE_FD"] == "3"


def test_folders_of_others_are_not_used(tmp_path, settings):
    target = tmp_path / "elsewhere"
    target.mkdir()
    settings.RUNTIME_DIR.symlink_to(target)
    with pytest.raises(LaunchFailed, match="belongs to somebody else"):
        places.socket_dir("abcdef01")


def test_sweeping_removes_what_nobody_listens_on(monkeypatch):
    """Left by an earlier supervisor; a launch of this one may take its time until it listens."""
    launching = places.socket_dir("d" * 8)
    monkeypatch.setattr(places, "_in_use", {launching})
    dead, live, young = (places.private(places.launch_dir(name * 8)) for name in "abc")
    listening = _listen(dead / "x.sock")
    listening.close()
    with _listen(live / "x.sock"):
        old = time.time() - 120
        for folder in (dead, live, launching):
            os.utime(folder, (old, old))
        places.sweep()
    kept = [folder.exists() for folder in (dead, live, young, launching)]
    assert kept == [False, True, True, True]


def _listen(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def test_only_folders_of_ours_are_removed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    places.remove_socket_dir(precious)
    assert precious.exists()


def test_an_identity_is_more_than_a_pid():
    me = identity_of(os.getpid())
    me.check()
    for changed, told in (
        (Identity(me.pid, me.started + 1, me.boot_id, me.executable), "has ended"),
        (Identity(me.pid, me.started, "another boot", me.executable), "started anew"),
        (Identity(me.pid, me.started, me.boot_id, "f" * 64), "runs another program"),
    ):
        with pytest.raises(NotOurs, match=told):
            changed.check()


def test_of_a_home_with_programs_nothing_but_the_programs_is_shown(tmp_path, monkeypatch):
    """~/.local/bin is on many a PATH, and ~/.local/share is full of what is nobody's business."""
    for name in ("bin", "lib", "share"):
        (tmp_path / name).mkdir()
    program = tmp_path / "bin" / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shown = [str(each) for each in _home_of(program)]
    assert str(tmp_path / "bin") in shown and str(tmp_path / "lib") in shown
    assert str(tmp_path) not in shown and str(tmp_path / "share") not in shown
