"""A plugin that listens on TCP, under a real supervisor: its certificate is of its launch, and is renewed."""

import shutil
import ssl

import psutil
import pytest
import yaml

from plugins_app import services
from plugins_app.models import PluginInstance
from security.rows import ask
from tests.nodes import ROOT, US, SupervisedNode, eventually, installed, running
from tests.web import Web

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def on_tcp(tmp_path):
    """plugins/echo, which asks for any free port."""
    folder = tmp_path / "echo"
    shutil.copytree(ROOT / "plugins" / "echo", folder)
    manifest = yaml.safe_load((folder / "plugin.yaml").read_text())
    manifest["runtime"]["grpc_port"] = -1
    (folder / "plugin.yaml").write_text(yaml.safe_dump(manifest))
    return folder


@pytest.fixture
def node(monkeypatch, request):
    """Whose certificates are good for so many seconds."""
    monkeypatch.setenv("AGENTX_CERTIFICATE_SECONDS", request.param)
    node = SupervisedNode()
    node.start()
    yield node
    node.close()


def now(row: PluginInstance) -> PluginInstance:
    return PluginInstance.objects.get(id=row.id)


@pytest.mark.parametrize("node", ["12"], indirect=True)
@pytest.mark.asyncio
async def test_messages_go_on_while_its_certificate_is_renewed(node, on_tcp, key):
    plugin = await ask(installed, on_tcp)
    (row,) = await ask(eventually, lambda: running(plugin))
    assert row.address.startswith("dns:///127.0.0.1:") and row.certificate_expires
    async with Web(key) as web:
        answers = 0
        while (await ask(now, row)).certificate_expires == row.certificate_expires:
            assert "hello" in str(await web.send("hello"))
            answers += 1
        assert answers
        assert "hello" in str(await web.send("hello"))
    after = await ask(now, row)
    assert (after.pid, after.launch_id, after.state) == (row.pid, row.launch_id, "running")


@pytest.mark.parametrize("node", ["60"], indirect=True)
def test_it_is_taken_back_by_the_next_supervisor_and_gets_a_new_certificate(node, on_tcp):
    plugin = installed(on_tcp)
    (row,) = eventually(lambda: running(plugin))
    node.kill()
    node.start()
    eventually(lambda: plugin.events.filter(type="adopted").exists())
    eventually(
        lambda: (now(row).certificate_expires or row.certificate_expires) > row.certificate_expires
    )
    assert now(row).pid == row.pid


@pytest.mark.parametrize("node", ["9"], indirect=True)
def test_a_warm_standby_gets_new_certificates_too(node, on_tcp):
    plugin = installed(on_tcp)
    services.set_standby(US, plugin.slug, 1)
    eventually(lambda: running(plugin))
    (pid,) = eventually(lambda: now(running(plugin)[0]).standbys if running(plugin) else None)
    before = shown_by(pid)
    eventually(lambda: shown_by(pid) != before)
    assert now(running(plugin)[0]).standbys == [pid]


def shown_by(pid: int) -> str:
    """The certificate that a process on TCP shows."""
    (port,) = {
        each.laddr.port for each in psutil.Process(pid).net_connections() if each.status == "LISTEN"
    }
    return ssl.get_server_certificate(("127.0.0.1", port))
