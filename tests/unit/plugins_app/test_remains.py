"""What uninstalled plugins left on a node goes, once none of their processes is left."""

import subprocess
import sys

import pytest

from plugins_app.process import places
from plugins_app.process.remains import remove_unknown


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.AGENTX_HOME = tmp_path / "home"
    return settings.AGENTX_HOME


def leave(plugin):
    """A working directory with a file in it, what is to be found again, and logs."""
    folder = places.work_dir(plugin, 0)
    (folder / "state").write_text("kept between launches")
    (places.state_dir(plugin) / "0").write_text("moved along")
    log = places.log_file(plugin, 0)
    log.write_text("said")
    log.with_suffix(".log.1").write_text("said before")
    return folder


def left(home):
    places_ = (home / "work", home / "state", home / "logs" / "plugins")
    return sorted(path.name for place in places_ for path in place.iterdir())


def test_only_what_is_installed_keeps_its_things(home):
    for plugin in ("echo", "echo-node", "gone"):
        leave(plugin)
    assert remove_unknown(["echo", "echo-node"]) == ({"gone"}, set())
    each = ("{}", "{}", "{}.0.log", "{}.0.log.1")
    kept = [one.format(name) for one in each for name in ("echo", "echo-node")]
    assert left(home) == sorted(kept)


def test_a_process_that_still_drains_is_waited_for(home):
    folder = leave("gone")
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=folder)
    try:
        assert remove_unknown([]) == (set(), {"gone"})
        assert (folder / "state").exists()
    finally:
        child.kill()
        child.wait()
    assert remove_unknown([]) == ({"gone"}, set())
    assert left(home) == []
