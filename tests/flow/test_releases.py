"""Releases under a real supervisor: prepared with environments of their own, taken over, and never in the way."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from plugins_app import selectors, services
from plugins_app.models import Plugin, Preparation
from plugins_app.services import set_desired
from plugins_app.services.acceptance import accept_folder
from registry.models import Node
from tests.nodes import ROOT, US, SupervisedNode, eventually, running

pytestmark = pytest.mark.django_db(transaction=True)
ECHO = ROOT / "plugins" / "echo"


@pytest.fixture
def node() -> Iterator[SupervisedNode]:
    node = SupervisedNode()
    start(node)
    yield node
    node.close()


def start(node: SupervisedNode) -> None:
    node.start()
    eventually(lambda: Node.objects.filter(name=node.name, state="active").exists())


@pytest.fixture
def silent_index(monkeypatch) -> Iterator[None]:
    """An index that takes connections and never answers: whoever asks it is busy for long."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.getsockname()[1]}/simple")
        yield


def folder_of(tmp_path: Path, version: str, requirements: str = "") -> Path:
    """Echo under another version, with these requirements."""
    folder = tmp_path / version
    shutil.copytree(ECHO, folder, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    told = yaml.safe_load((folder / "plugin.yaml").read_text())
    told["metadata"]["version"] = version
    (folder / "plugin.yaml").write_text(yaml.safe_dump(told))
    (folder / "requirements.txt").write_text(requirements)
    return folder


def preparation_of(plugin: Plugin, version: str) -> Preparation:
    return Preparation.objects.get(release__plugin=plugin, release__version=version)


def finished(plugin: Plugin, version: str, within: float = 15.0) -> Preparation:
    def question() -> Preparation | None:
        found = preparation_of(plugin, version)
        return found if found.state in ("ready", "failed") else None

    return eventually(question, within)


def installers(node: SupervisedNode) -> list[psutil.Process]:
    """The uv processes at work for this node."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if (
                process.status() != "zombie"
                and "compile" in command
                and str(node.home) in str(command)
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def leftovers(node: SupervisedNode) -> list[Path]:
    return [
        path
        for path in node.home.rglob("*.tmp")
        if path.parent.name in ("releases", "environments")
    ]


def test_a_release_runs_from_its_own_folder_and_gives_way_to_the_next(node, tmp_path):
    plugin = accept_folder(US, folder_of(tmp_path, "1.0.0"))
    first = finished(plugin, "1.0.0")
    assert (first.state, first.reason, first.environment) == ("ready", "", "")
    assert Path(first.path).parent == node.home / "releases"
    set_desired(US, plugin.slug, "running")
    (before,) = eventually(lambda: running(plugin))
    assert first.path in Path(f"/proc/{before.pid}/cmdline").read_text()
    accept_folder(US, folder_of(tmp_path, "1.1.0"))
    services.reload(US, plugin.slug)
    second = finished(plugin, "1.1.0")
    (after,) = eventually(lambda: (r := running(plugin)) and r[0].release.version == "1.1.0" and r)
    assert second.path in Path(f"/proc/{after.pid}/cmdline").read_text()
    # What was uninstalled leaves nothing on the node.
    services.uninstall(US, plugin.slug)
    eventually(lambda: not node.processes())
    node.kill()
    start(node)
    eventually(lambda: not list((node.home / "releases").iterdir()))
    eventually(lambda: not list((node.home / "work").iterdir()))
    assert not list((node.home / "logs" / "plugins").iterdir())


def test_a_failed_installation_leaves_what_runs_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")  # discard: nobody listens
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    node = SupervisedNode()
    try:
        start(node)
        plugin = accept_folder(US, folder_of(tmp_path, "1.0.0"))
        set_desired(US, plugin.slug, "running")
        (before,) = eventually(lambda: running(plugin))
        accept_folder(US, folder_of(tmp_path, "1.1.0", "idna==3.10"))
        failed = finished(plugin, "1.1.0")
        assert failed.state == "failed"
        assert failed.reason.startswith("The package index cannot be reached.")
        plugin.refresh_from_db()
        assert (plugin.release.version, plugin.next_release, plugin.generation) == (
            "1.0.0",
            None,
            1,
        )
        (after,) = eventually(lambda: running(plugin))
        assert after.launch_id == before.launch_id
        assert not leftovers(node)
    finally:
        node.close()


def test_a_supervisor_killed_in_the_middle_loses_nothing(silent_index, tmp_path):
    """Its installer dies with it; the next one begins again at once, and tidies up what was half made."""
    node = SupervisedNode()
    try:
        start(node)
        plugin = accept_folder(US, folder_of(tmp_path, "1.0.0", "idna==3.10"))
        (uv,) = eventually(lambda: installers(node))
        (half_made,) = leftovers(node)
        node.kill()
        eventually(lambda: not uv.is_running() or uv.status() == "zombie")
        start(node)
        (again,) = eventually(lambda: installers(node))
        assert again.pid != uv.pid
        eventually(lambda: preparation_of(plugin, "1.0.0").state == "environment")
        assert preparation_of(plugin, "1.0.0").attempts == 2
        assert not half_made.exists()
    finally:
        node.close()


def test_one_that_is_stopped_in_the_middle_ends_its_installer_first(silent_index, tmp_path):
    node = SupervisedNode()
    try:
        start(node)
        plugin = accept_folder(US, folder_of(tmp_path, "1.0.0", "idna==3.10"))
        (uv,) = eventually(lambda: installers(node))
        assert node.stop() == 0
        assert not uv.is_running()
        waits = preparation_of(plugin, "1.0.0")
        assert (waits.state, waits.attempts, waits.progress) == ("queued", 0, 0)
    finally:
        node.close()


@pytest.mark.network
def test_requirements_come_from_the_index_into_an_environment_of_its_own(node, tmp_path):
    """Two releases with the same requirements share it; its process sees it and nothing of AgentX."""
    folder = folder_of(tmp_path, "1.0.0", "idna==3.10\n")
    said = "import idna, sys\nprint('imports', idna.__version__, *sys.path, file=sys.stderr)\n"
    (folder / "main.py").write_text(said + (folder / "main.py").read_text())
    plugin = accept_folder(US, folder)
    first = finished(plugin, "1.0.0", within=60)
    assert first.state == "ready", first.reason
    assert Path(first.environment).parent == node.home / "environments"
    locked = selectors.access_release(US, plugin.slug, "1.0.0").lock
    assert "idna==3.10 \\" in locked and "grpcio==" in locked and "--hash=sha256:" in locked
    set_desired(US, plugin.slug, "running")
    (instance,) = eventually(lambda: running(plugin))
    command = Path(f"/proc/{instance.pid}/cmdline").read_text().split("\0")
    assert command[0] == f"{first.environment}/bin/python"
    (line,) = [
        line
        for line in (node.home / "logs" / "plugins" / "echo.0.log").read_text().splitlines()
        if line.startswith("imports")
    ]
    assert line.startswith("imports 3.10")
    assert not any(path.rstrip("/") == str(ROOT) or "sdk/python" in path for path in line.split())
    accept_folder(US, folder_of(tmp_path, "1.1.0", "idna==3.10\n"))
    assert finished(plugin, "1.1.0", within=60).environment == first.environment
