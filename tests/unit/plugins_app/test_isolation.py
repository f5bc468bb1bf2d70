"""What is put around a plugin: by the trust in it, as far as the machine goes, and told as it is."""

from dataclasses import replace

import pytest

from plugins_app import isolation
from plugins_app import manifest as manifests
from plugins_app.isolation import Machine, confinement
from plugins_app.isolation.profiles import resources_of
from plugins_app.manifest import Resources

ABLE = Machine(
    kernel="6.18",
    architecture="x86_64",
    is_root=False,
    no_new_privs=True,
    landlock=7,
    seccomp=True,
    namespaces=("user", "mount", "net"),
    cgroups={"memory": "v2", "cpu": "v2", "pids": "v2"},
    folders={"memory": "/g", "cpu": "/g", "pids": "/g"},
)
BARE = Machine(
    kernel="4.4",
    architecture="x86_64",
    is_root=False,
    no_new_privs=True,
    missing=dict.fromkeys(("mount", "landlock", "seccomp", "net", "memory", "cpu", "pids"), "old"),
)
ASKED = {"none": (), "loopback": (), "all": (), "hosts": ("api.example.com:443",)}


def manifest(policy="all", hosts=()):
    raw = {
        "metadata": {"name": "one", "version": "1.0"},
        "runtime": {"language": "python", "entrypoint": "main.py"},
        "agents": [{"slug": "one"}],
        "resources": {"memory_limit": "64MB", "cpu_limit": "0.5", "disk_limit": "10MB"},
        "network": {"policy": policy, "hosts": list(hosts)},
    }
    return manifests.parse(raw)


def told(confined, name):
    return next(each for each in confined.measures if each.name == name)


@pytest.mark.parametrize(
    ("trust", "files", "seccomp", "landlock"),
    [
        ("internal", "", False, 7),
        ("trusted", "namespace", False, 7),
        ("verified", "namespace", True, 7),
        ("public", "namespace", True, 7),
    ],
)
def test_each_level_of_trust_has_its_walls(trust, files, seccomp, landlock):
    found = confinement(manifest(), trust, ABLE)
    assert (found.files, found.seccomp, found.landlock) == (files, seccomp, landlock)
    assert found.processes == 1024 and found.memory_bytes == 64_000_000


@pytest.mark.parametrize(
    ("trust", "modest", "greedy", "silent"),
    [
        ("internal", 64_000_000, 64 << 30, None),
        ("trusted", 64_000_000, 64 << 30, None),
        ("verified", 64_000_000, 4 << 30, 4 << 30),
        ("public", 64_000_000, 1 << 30, 1 << 30),
    ],
)
def test_who_is_not_trusted_does_not_decide_how_much_it_takes(trust, modest, greedy, silent):
    for asked, given in ((64_000_000, modest), (64 << 30, greedy), (None, silent)):
        found = resources_of(Resources(asked, 1.0, asked), trust)
        assert (found.memory_bytes, found.disk_bytes, found.cpus) == (given, given, 1.0)


@pytest.mark.parametrize(
    ("trust", "given"),
    [
        ("internal", {"none": "none", "loopback": "loopback", "hosts": "hosts", "all": "all"}),
        ("trusted", {"none": "none", "loopback": "loopback", "hosts": "hosts", "all": "all"}),
        ("verified", {"none": "none", "loopback": "none", "hosts": "hosts", "all": "none"}),
        ("public", {"none": "none", "loopback": "none", "hosts": "none", "all": "none"}),
    ],
)
def test_the_network_is_at_most_what_its_trust_gives(trust, given):
    for policy, expected in given.items():
        found = confinement(manifest(policy, ASKED[policy]), trust, ABLE)
        assert found.network == expected
        assert found.network_how == ("" if expected == "all" else "namespace")


def test_hosts_that_an_admin_let_a_public_plugin_have():
    asking = manifest("hosts", ASKED["hosts"])
    listed = asking.network.hosts
    found = confinement(asking, "public", ABLE, [*listed, "never.listed"])
    assert (found.network, found.network_how, found.hosts) == ("hosts", "namespace", listed)
    assert confinement(asking, "public", ABLE, ["never.listed"]).network == "none"
    loopback = manifest("loopback", ASKED["loopback"])
    assert confinement(loopback, "public", ABLE, ["127.0.0.1"]).network == "none"


def test_what_the_machine_cannot_is_said_and_not_claimed():
    found = confinement(manifest("none"), "public", BARE)
    assert not (found.files or found.seccomp or found.landlock or found.network_how)
    for name in ("files", "other_processes", "signals", "syscalls", "network", "processes"):
        assert (told(found, name).how, told(found, name).missing) == ("", "old")
    assert told(found, "memory").how == "sampled every second"
    assert (told(found, "cpu").how, told(found, "cpu").missing) == ("", "old")


def test_landlock_takes_the_place_of_namespaces_as_far_as_it_goes():
    found = confinement(manifest("none"), "trusted", replace(ABLE, namespaces=()))
    assert (found.files, found.network_how) == ("Landlock", "Landlock")
    some = confinement(manifest("hosts", ASKED["hosts"]), "trusted", replace(ABLE, namespaces=()))
    assert some.network_how == ""  # it knows ports and no hosts


def test_an_old_landlock_keeps_no_signals_in():
    found = confinement(manifest(), "trusted", replace(ABLE, landlock=3))
    assert told(found, "other_processes").how
    assert not told(found, "signals").how and "6.12" in told(found, "signals").missing


def test_processes_are_counted_by_an_rlimit_where_no_group_does():
    found = confinement(manifest(), "trusted", replace(ABLE, cgroups={}, folders={}))
    assert found.counts_processes and told(found, "processes").how == "rlimit"
    root = replace(ABLE, cgroups={}, folders={}, is_root=True)
    assert not confinement(manifest(), "trusted", root).counts_processes


def test_this_machine_is_tried_and_not_guessed():
    found = isolation.machine()
    assert found.kernel and found.no_new_privs
    assert set(found.cgroups) == set(found.folders)
    unable = {"user", "mount", "net"} - set(found.namespaces)
    assert unable <= set(found.missing)
