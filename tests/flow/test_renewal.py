"""What is wanted of a running plugin changes: how its processes follow, and how they go back."""

import json
import os
import textwrap

import pytest

from plugins_app import services
from plugins_app.models import Plugin
from security.models import AuditEvent
from tests.nodes import US, eventually, installed, instances, kill, running

pytestmark = pytest.mark.django_db(transaction=True)
MANIFEST = """
metadata: {{name: {name}, version: {version}}}
runtime: {{language: python, entrypoint: main.py, startup_timeout: {startup}, shutdown_timeout: 2s}}
reload: {reload}
dependencies: {needs}
standby: {standby}
agents: [{{slug: {name}, name: Subject}}]
config_schema: {{type: object, properties: {{mood: {{type: string}}}}}}
"""
MAIN = """
import os, pathlib
from agentx_sdk import Adapter, ConfigError, run

class Subject(Adapter):
    def process(self, turn):
        return "yes"
{body}
run(Subject())
"""


def written(folder, body="", *, before="", **manifest):
    """A plugin's folder."""
    told = {"name": "subject", "version": "1.0.0", "startup": "10s", "reload": "immediate"}
    told |= {"needs": "[]", "standby": "0", **manifest}
    folder.mkdir(exist_ok=True)
    (folder / "plugin.yaml").write_text(MANIFEST.format(**told))
    inside = textwrap.indent(textwrap.dedent(body), "    ")
    (folder / "main.py").write_text(before + MAIN.format(body=inside))
    return folder


def good(plugin):
    """Wait until what it runs has shown that it works."""

    def is_good():
        plugin.refresh_from_db()
        return plugin.good_release_id == plugin.release_id

    eventually(is_good)


def replaced(plugin, before, count=1):
    """The processes once none is one of these."""
    pids = {row.pid for row in before}
    return eventually(
        lambda: (r := running(plugin, count)) and not pids & {row.pid for row in r} and r
    )


def events(plugin, type_):
    return list(plugin.events.filter(type=type_).order_by("time").values_list("message", flat=True))


def test_a_life_is_told_event_by_event(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    before = eventually(lambda: running(plugin))
    services.set_desired(US, "subject", "paused")
    services.set_desired(US, "subject", "running")
    services.restart(US, "subject")
    replaced(plugin, before)
    eventually(lambda: plugin.events.filter(type="reloaded").exists())
    services.set_desired(US, "subject", "stopped")
    eventually(lambda: plugin.events.filter(type="unloaded").exists())
    told = list(plugin.events.order_by("time", "id").values_list("type", flat=True))
    told = [each for each in told if each not in ("state", "exited", "draining", "degraded")]
    born = ["loaded", "initialized", "ready"]
    assert told == [
        *("installed", "started", *born, "paused", "resumed", *born, "reloaded"),
        *("stopped", "unloaded"),
    ]


def test_what_is_wanted_again_needs_no_new_process(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    (before,) = eventually(lambda: running(plugin))
    Plugin.objects.update(generation=7)
    (row,) = eventually(lambda: (r := running(plugin)) and r[0].generation == 7 and r)
    assert row.pid == before.pid


def test_a_manual_reload_waits_for_the_word(node, tmp_path):
    plugin = installed(written(tmp_path / "a", reload="manual"))
    before = eventually(lambda: running(plugin))
    good(plugin)
    services.install(US, written(tmp_path / "b", version="2.0.0", reload="manual"))
    other = installed(written(tmp_path / "c", name="other"))
    eventually(lambda: running(other))  # the supervisor has looked since
    assert running(plugin)[0].pid == before[0].pid
    services.reload(US, "subject")
    (after,) = replaced(plugin, before)
    assert after.release.version == "2.0.0"
    assert plugin.generation + 1 == after.generation, "told once, not twice"


LIVE = """
def update_config(self, config, agent):
    if config.get("mood") == "bad":
        raise ConfigError("not in this mood", {"mood": "is bad"})
    pathlib.Path("mood").write_text(config.get("mood", ""))
    return config.get("mood") == "deep"
def initialize(self, config):
    pathlib.Path("began").write_text(config.get("mood", ""))
"""


def test_a_configuration_is_taken_while_it_runs(node, tmp_path):
    plugin = installed(written(tmp_path / "a", LIVE))
    (before,) = eventually(lambda: running(plugin))
    services.configure(US, "subject", {"mood": "gay"})
    (row,) = eventually(lambda: (r := running(plugin)) and r[0].revision == 1 and r)
    assert (row.pid, (node.home / "work/subject/0/mood").read_text()) == (before.pid, "gay")
    services.configure(US, "subject", {"mood": "deep"})
    (row,) = replaced(plugin, [before])
    assert (row.revision, (node.home / "work/subject/0/began").read_text()) == (2, "deep")


def test_a_refused_configuration_goes_back(node, tmp_path):
    plugin = installed(written(tmp_path / "a", LIVE))
    (before,) = eventually(lambda: running(plugin))
    good(plugin)
    services.configure(US, "subject", {"mood": "bad"})
    told = eventually(lambda: events(plugin, "rolled_back"))
    assert told == [
        "Rolled back from revision 1 to 2: The process refused its configuration: mood: is bad."
    ]
    plugin.refresh_from_db()
    assert (plugin.config, plugin.revision, plugin.good_revision) == ({}, 2, 2)
    (row,) = eventually(lambda: (r := running(plugin)) and r[0].revision == 2 and r)
    assert row.pid == before.pid
    assert AuditEvent.objects.filter(action="plugin.rolled_back").count() == 1


SICK = """
def health(self):
    return "the model is missing"
"""


@pytest.mark.parametrize(
    ("before", "body", "reason"),
    [
        ("raise SystemExit('no')\n", "", "It ended with exit status 1 before its handshake."),
        ("", SICK, "It does not serve within its startup timeout: the model is missing."),
    ],
    ids=["crashes", "never serves"],
)
def test_a_release_that_does_not_come_up_goes_back(node, tmp_path, before, body, reason):
    plugin = installed(written(tmp_path / "a"), replicas=2)
    rows = eventually(lambda: running(plugin, 2))
    good(plugin)
    services.install(
        US, written(tmp_path / "b", body, before=before, version="2.0.0", startup="1s")
    )
    (told,) = eventually(lambda: events(plugin, "rolled_back"), within=20)
    assert told.startswith(f"Rolled back from version 2.0.0 to 1.0.0: {reason}")
    plugin.refresh_from_db()
    assert (plugin.release.version, plugin.state, plugin.rollbacks) == ("1.0.0", "running", 1)
    eventually(lambda: all(row.generation == plugin.generation for row in instances(plugin)))
    assert [row.pid for row in instances(plugin)] == [row.pid for row in rows]
    plugin.refresh_from_db()
    assert plugin.reason == told


def test_a_release_that_crashes_soon_after_its_start_goes_back(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    eventually(lambda: running(plugin))
    good(plugin)
    dies = "def create_agent(self, agent):\n    import threading; threading.Timer(1, os._exit, [3]).start()"
    services.install(US, written(tmp_path / "b", dies, version="2.0.0"))
    eventually(lambda: events(plugin, "rolled_back"))
    (row,) = eventually(lambda: (r := running(plugin)) and r[0].release.version == "1.0.0" and r)
    assert row.state == "running"


def test_changed_files_are_not_started(node, tmp_path):
    folder = written(tmp_path / "a")
    plugin = installed(folder)
    (before,) = eventually(lambda: running(plugin))
    with (folder / "main.py").open("a") as file:
        file.write("# and more\n")
    kill(before.pid)
    eventually(lambda: plugin.instances.filter(state="fatal").exists())
    (row,) = instances(plugin)
    assert row.reason.endswith("was changed after it was installed: install it again.")
    assert events(plugin, "refused") == [row.reason]
    refused = AuditEvent.objects.get(outcome="refused")
    assert (refused.action, refused.target) == ("plugin.started", "subject")
    services.install(US, folder)
    eventually(lambda: running(plugin))


STATEFUL = """
def initialize(self, config):
    pathlib.Path(f"born-{os.getpid()}").write_text(str(self.state.get("first")))
    self.state.setdefault("first", os.getpid())
def load_state(self, entries):
    super().load_state(entries)
    with pathlib.Path("loaded").open("a") as file:
        file.write(f"{os.getpid()} {self.state['first']}\\n")
"""


def test_state_moves_with_the_place_and_survives_a_stop(node, tmp_path):
    plugin = installed(written(tmp_path / "a", STATEFUL))
    (first,) = before = eventually(lambda: running(plugin))
    services.restart(US, "subject")
    (second,) = replaced(plugin, before)
    moved = eventually(lambda: plugin.events.filter(type="state_moved").first())
    assert (moved.data["entries"], moved.message) == (1, f"1 entries, {len(str(first.pid))} bytes")
    kept = node.home / "state" / "subject" / "0"
    eventually(lambda: len(node.processes()) == 1)
    services.set_desired(US, "subject", "stopped")
    eventually(lambda: not node.processes())
    assert kept.stat().st_mode & 0o777 == 0o600
    services.set_desired(US, "subject", "running")
    (third,) = eventually(lambda: running(plugin))
    loaded = (node.home / "work/subject/0/loaded").read_text().split("\n")
    assert loaded == [f"{second.pid} {first.pid}", f"{third.pid} {first.pid}", ""]
    services.uninstall(US, "subject")
    eventually(lambda: not kept.parent.exists())


def test_a_release_that_dies_of_the_state_it_is_handed_replaces_nothing(node, tmp_path):
    plugin = installed(written(tmp_path / "a", STATEFUL))
    (before,) = eventually(lambda: running(plugin))
    good(plugin)
    dies = "def load_state(self, entries):\n    os._exit(7)"
    services.install(US, written(tmp_path / "b", dies, version="2.0.0"))
    (told,) = eventually(lambda: events(plugin, "rolled_back"), within=20)
    assert told.endswith("after it was handed the state.")
    (after,) = eventually(lambda: (r := running(plugin)) and r[0].generation == 3 and r)
    assert after.pid == before.pid


def test_who_needs_another_waits_for_it(node, tmp_path):
    needy = installed(written(tmp_path / "a", needs="[{name: needed}]"))
    eventually(lambda: needy.instances.filter(reason="It waits for needed.").exists())
    assert not node.processes()
    needed = installed(written(tmp_path / "b", name="needed"))
    eventually(lambda: running(needed) and running(needy))
    born = {row.plugin.slug: row.ready for row in [*instances(needed), *instances(needy)]}
    assert born["needed"] < born["subject"]


SLOW = "import time\ntime.sleep(2)\n"


def test_a_warm_standby_takes_the_place_at_once(node, tmp_path):
    plugin = installed(written(tmp_path / "a", before=SLOW))
    services.set_standby(US, "subject", 1)
    (before,) = eventually(lambda: (r := running(plugin)) and r[0].standbys and r)
    (warm,) = before.standbys
    kill(before.pid)
    (after,) = replaced(plugin, [before])
    assert (after.pid, after.restarts) == (warm, 1), "nothing was started"
    eventually(lambda: (r := running(plugin)) and r[0].standbys not in ([], [warm]))
    services.set_standby(US, "subject", 0)
    eventually(lambda: len(node.processes()) == 1 and not instances(plugin)[0].standbys)


def test_standbys_are_of_the_newest_release_and_end_with_their_slot(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    services.set_standby(US, "subject", 2)
    eventually(lambda: (r := running(plugin)) and len(r[0].standbys) == 2)
    old = {process.pid for process in node.processes()}
    services.restart(US, "subject")
    eventually(
        lambda: len(pids := {p.pid for p in node.processes()}) == 3 and not pids & old, within=20
    )
    services.set_desired(US, "subject", "stopped")
    eventually(lambda: not node.processes() and not node.sockets())


def by_hand(node, plugin, tmp_path):
    """A process that its author started, and what it is attached by."""
    from agentx_sdk.testing import Process

    async def start():
        return await Process(tmp_path / "a", lease_seconds=60, plugin="subject").__aenter__()

    import asyncio

    process = asyncio.run(start())
    return process, {
        "agentx": 1,
        "plugin": "subject",
        "pid": process.pid,
        "address": process.address,
        "launch_id": process.launch["launch_id"],
        "token": process.token,
        "contract": 1,
    }


def test_a_process_started_by_hand_takes_the_place(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    (before,) = eventually(lambda: running(plugin))
    process, line = by_hand(node, plugin, tmp_path)
    services.attach(US, "subject", line)
    (row,) = eventually(lambda: (r := running(plugin)) and r[0].pid == process.pid and r)
    assert row.token_sealed and line["token"] not in row.token_sealed
    plugin.refresh_from_db()
    assert line["token"] not in json.dumps(plugin.attachment)
    eventually(lambda: not [p for p in node.processes() if p.pid == before.pid])
    services.detach(US, "subject")
    (after,) = replaced(plugin, [row])
    assert after.token_sealed == ""
    assert process.returncode is None, "it is its author's"
    services.attach(US, "subject", line)
    eventually(lambda: (r := running(plugin)) and r[0].pid == process.pid)
    process.signal(9)
    process._popen.wait()
    eventually(lambda: (r := running(plugin)) and r[0].pid != process.pid)
    plugin.refresh_from_db()
    assert plugin.attachment is None
    assert events(plugin, "detached") == ["It ended."]


def test_a_process_started_by_hand_takes_the_place_of_what_was_given_up(node, tmp_path):
    """When a debugger is needed most."""
    plugin = installed(written(tmp_path / "a", before="raise SystemExit('no')\n"))
    eventually(lambda: plugin.instances.filter(state="fatal"), within=30)
    written(tmp_path / "a")
    process, line = by_hand(node, plugin, tmp_path)
    try:
        services.attach(US, "subject", line)
        eventually(lambda: (r := running(plugin)) and r[0].pid == process.pid)
    finally:
        process.signal(9)
        process._popen.wait()


@pytest.mark.parametrize("lie", ["pid", "socket", "link", "token"])
def test_what_is_not_what_its_line_says_is_not_attached(node, tmp_path, lie):
    plugin = installed(written(tmp_path / "a"))
    (before,) = eventually(lambda: running(plugin))
    process, line = by_hand(node, plugin, tmp_path)
    try:
        if lie == "pid":
            line["pid"] = os.getpid()
        elif lie == "socket":
            line["address"] = f"unix:{tmp_path / 'a' / 'main.py'}"
        elif lie == "link":
            (tmp_path / "l").symlink_to(process.address.removeprefix("unix:"))
            line["address"] = f"unix:{tmp_path / 'l'}"
        else:
            line["token"] = "x" * 64
        services.attach(US, "subject", line)
        eventually(lambda: Plugin.objects.get().attachment is None)
        assert running(plugin)[0].pid == before.pid
        kind = "detached" if lie == "token" else "refused"
        assert events(plugin, kind)
        refused = AuditEvent.objects.filter(action="plugin.attached", outcome="refused")
        assert refused.exists() is (kind == "refused")
    finally:
        process.signal(9)
        process._popen.wait()


def test_a_reattached_process_stays_after_the_supervisor(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    eventually(lambda: running(plugin))
    process, line = by_hand(node, plugin, tmp_path)
    try:
        services.attach(US, "subject", line)
        eventually(lambda: (r := running(plugin)) and r[0].pid == process.pid)
        assert node.stop() == 0
        assert process.returncode is None
        node.start()
        eventually(lambda: (r := running(plugin)) and r[0].pid == process.pid)
        assert len(events(plugin, "attached")) == 2
    finally:
        process.signal(9)
        process._popen.wait()


def test_what_befell_the_release_before_is_not_held_against_the_new_one(node, tmp_path):
    plugin = installed(written(tmp_path / "a"))
    (first,) = eventually(lambda: running(plugin))
    good(plugin)
    kill(first.pid)
    replaced(plugin, [first])
    services.install(US, written(tmp_path / "b", version="2.0.0"))
    (new,) = eventually(lambda: (r := running(plugin)) and r[0].release.version == "2.0.0" and r)
    kill(new.pid)
    (again,) = replaced(plugin, [new])
    assert again.release.version == "2.0.0"
    good(plugin)
    assert not events(plugin, "rolled_back")
