"""What a hostile plugin tries from inside, at each level of trust, on this machine's real kernel."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
from django.conf import settings

from plugins_app import isolation
from plugins_app.client.channels import Channels
from plugins_app.client.errors import TurnFailed, Undelivered
from plugins_app.egress import Allowed, Relay
from plugins_app.process import around, cgroups, places
from plugins_app.process.identity import started_ticks
from tests.attacks import Attacker, said
from tests.nodes import eventually

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(
        not isolation.machine().has_namespace("user", "mount", "net"),
        reason="this machine lets nobody make namespaces",
    ),
]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """With what is worth stealing in it."""
    runtime = tmp_path / "r"
    monkeypatch.setattr(settings, "AGENTX_HOME", tmp_path / "home")
    monkeypatch.setattr(settings, "RUNTIME_DIR", runtime)
    other = places.work_dir("another", 0)
    (other / "diary").write_text("a secret of another plugin")
    (tmp_path / "home" / "credentials.json").write_text("the administrator's key")
    return tmp_path / "home"


@pytest.fixture
def database(tmp_path):
    """A unix socket beside the home, as Postgres has one."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.PGSQL"))
        listening.listen()
        yield tmp_path / "s.PGSQL"


@pytest.fixture
def victim():
    """A process of the same user with a secret in its environment."""
    code = "import time; print('ready', flush=True); time.sleep(600)"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env={"AGENTX_SECRET": "in the environment"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None and child.stdout.readline()
    yield child.pid
    child.kill()
    child.communicate()


async def test_files_of_agentx_and_of_others_are_out_of_sight(home, database):
    """The same deeds go well for one with nothing around it: it is the walls that refuse."""
    deeds = [
        ("read", {"path": str(home / "credentials.json")}),
        ("read", {"path": str(home / "work/another/0/diary")}),
        ("call", {"path": str(database)}),
    ]
    async with Attacker("trusted") as attacker:
        for deed, how in deeds:
            outcome = await attacker.does(deed, **how)
            assert not outcome.went, (deed, outcome)
        # Below /tmp it may write: into a file system that is its own and ends with it.
        await attacker.does("write", path=str(home / "mine"))
        assert not (home / "mine").exists()
        assert (await attacker.does("look", path=str(home))).told == "mine,work"
        assert (await attacker.does("look", path=str(home / "work"))).told == "attacker"
    async with Attacker(None) as free:
        for deed, how in deeds:
            assert (await free.does(deed, **how)).went, deed


async def test_the_system_can_be_read_and_not_written(home):
    async with Attacker("trusted") as attacker:
        assert (await attacker.does("read", path="/etc/os-release")).went
        for path in ("/etc/shadow", "/root/.bashrc", f"{settings.BASE_DIR}/pyproject.toml"):
            assert not (await attacker.does("read", path=path)).went, path
        for path in ("/usr/mine", "/etc/mine", "/mine", "/proc/sys/kernel/core_pattern"):
            assert not (await attacker.does("write", path=path)).went, path
        folder = places.work_dir("attacker", 0)
        for path in (f"{folder}/mine", f"{folder}/tmp/mine", "/tmp/mine", "/dev/shm/mine"):
            assert (await attacker.does("write", path=path)).went, path


@pytest.mark.parametrize("trust", ["internal", "trusted"])
async def test_other_processes_keep_their_secrets(victim, trust):
    deeds = [
        ("read", {"path": f"/proc/{victim}/environ"}),
        ("look", {"path": f"/proc/{victim}/cwd/"}),
        ("signal", {"pid": victim}),
    ]
    async with Attacker(trust) as attacker:
        for deed, how in [
            *deeds,
            ("trace", {"pid": victim}),
            ("read", {"path": "/proc/1/environ"}),
        ]:
            outcome = await attacker.does(deed, **how)
            assert not outcome.went, (deed, outcome)
        own = await attacker.does("read", path="/proc/self/environ")
        assert own.went
        for secret in ("AGENTX_SECRET", "DATABASE_URL", "REDIS_URL", "DJANGO"):
            assert secret not in own.told
    async with Attacker(None) as free:
        for deed, how in deeds:
            assert (await free.does(deed, **how)).went, deed


async def test_its_variables_do_nothing_before_its_walls_stand(tmp_path):
    """The linker obeys some of them, LD_PRELOAD too, in whatever program has them: not in the launcher, then."""
    spying = {"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(tmp_path / "spy")}
    attacker = Attacker("public")
    attacker.manifest = replace(attacker.manifest, environment=spying)
    async with attacker:
        own = await attacker.does("read", path="/proc/self/environ")
        assert str(tmp_path / "spy") in own.told
    assert not list(tmp_path.glob("spy*"))


@pytest.mark.parametrize("trust", ["internal", "trusted", "verified", "public"])
async def test_limits_of_other_processes_stay_as_they_are(victim, trust):
    """The kernel asks for no more than the same user, whatever namespace he is in."""
    before = resource.prlimit(victim, resource.RLIMIT_NOFILE)
    async with Attacker(trust) as attacker:
        assert not (await attacker.does("ration", pid=victim)).went
        if trust in ("verified", "public"):
            assert not (await attacker.does("slow_down", pid=victim)).went
            own = attacker.process.pid
            assert (await attacker.does("slow_down", pid=own)).went
    assert resource.prlimit(victim, resource.RLIMIT_NOFILE) == before


async def test_calls_it_has_no_business_with_are_refused(victim):
    for trust in ("verified", "public"):
        async with Attacker(trust) as attacker:
            for deed in ("own_user", "mount", "raw_socket"):
                outcome = await attacker.does(deed)
                assert not outcome.went and "Operation not permitted" in outcome.told
            assert not (await attacker.does("trace", pid=victim)).went


@pytest.mark.parametrize("network", ["none", "hosts", "loopback"])
async def test_a_network_of_its_own_reaches_nobody(network):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        async with Attacker("trusted", network, ("example.com",)) as attacker:
            told = await attacker.does("connect", host="127.0.0.1", port=port)
            assert not told.went
            assert not (await attacker.does("connect", host="192.0.2.1", port=443)).went
            assert (attacker.process.around.door is None) is (network == "none")
        async with Attacker("trusted", "all") as free:
            assert (await free.does("connect", host="127.0.0.1", port=port)).went


async def test_the_way_out_leads_to_whom_it_may_and_each_refusal_is_told():
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    refused = []
    async with Attacker("trusted", "loopback") as attacker:
        held = attacker.process.around.door
        assert held is not None
        relay = Relay(held, Allowed(local=True), refused.append)
        assert (await attacker.does("fetch", url=f"http://127.0.0.1:{port}/")).told == "hello"
        told = await attacker.does("fetch", url="http://example.com/")
        assert "403" in told.told and "example.com:80" in refused[0]
        # The supervisor dies, and the next one takes the door over.
        relay.close()
        again = around.taken_door(attacker.process.pid)
        assert again is not None
        relay = Relay(again, Allowed(local=True), refused.append)
        assert (await attacker.does("fetch", url=f"http://127.0.0.1:{port}/")).told == "hello"
        relay.close()
    server.close()


async def test_its_limits_hold():
    async with Attacker("internal") as attacker:
        assert '"RLIMIT_CORE": 0' in (await attacker.does("limits")).told
        assert (await attacker.does("fill", megabytes=19)).went
        told = await attacker.does("fill", megabytes=21)
        assert not told.went and "File too large" in told.told


needs_groups = pytest.mark.skipif(
    {"memory", "pids"} - set(isolation.machine().cgroups) != set(),
    reason="this machine gives us no cgroups",
)


@needs_groups
async def test_it_cannot_multiply_without_end():
    async with Attacker("trusted", processes=100) as attacker:
        told = (await attacker.does("multiply", count=150)).told
        assert "then Resource temporarily unavailable" in told
        assert 20 < int(told.split()[0]) < 100


@needs_groups
async def test_the_kernel_ends_what_takes_too_much_memory_and_nothing_else():
    async with Attacker("trusted") as other, Attacker("trusted") as attacker:
        with pytest.raises(Exception, match=r"unavailable|closed|reset|cancel"):
            await attacker.does("grow", megabytes=400)
        await attacker.process.exited.wait()
        expected = "It used more memory than the 200 MB that its manifest allows, and was ended."
        assert attacker.process.end == expected
        assert (await other.does("grow", megabytes=20)).went


@needs_groups
async def test_a_child_that_left_its_group_ends_with_it():
    async with Attacker("trusted") as attacker:
        child = int((await attacker.does("leave_child")).told)
        os.kill(child, 0)
        group = attacker.process.around.group
        attacker.process.signal_group(signal.SIGKILL)
        await attacker.process.exited.wait()
    await asyncio.to_thread(eventually, lambda: not started_ticks(child))
    cgroups.sweep(isolation.machine().folders)
    assert group is not None
    assert not any(folder.exists() for folder in group.folders.values())


async def test_nobody_speaks_to_another_plugin_or_in_its_name():
    """Its socket is out of sight; who finds it all the same has no token, and neither has who knows the launch."""
    async with Attacker("trusted") as victim, Attacker("trusted") as attacker:
        path = victim.target.address.removeprefix("unix:")
        told = await attacker.does("call", path=path)
        assert not told.went and "No such file" in told.told
        # As if it listened in the victim's place: AgentX's calls carry another launch's token there.
        claimed = replace(attacker.target, launch_id=victim.target.launch_id)
        with pytest.raises(Undelivered, match="no valid agentx-token"):
            await said(Channels(), claimed, "limits", {})
        assert (await victim.does("limits")).went


async def test_an_answer_over_16_mb_fails_clearly_and_the_process_goes_on():
    async with Attacker("trusted") as attacker:
        with pytest.raises(TurnFailed, match="larger than 16 MiB"):
            await attacker.says("large_answer", {"megabytes": 17})
        assert (await attacker.does("limits")).went
