"""What every plugin must do, whatever it is for: run over each folder of plugins/ that can start."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
import pytest_asyncio
import yaml
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.server import MAX_MESSAGE, TOKEN_KEY
from agentx_sdk.testing import LaunchFailed, PluginProcess, Process

PLUGINS = Path(__file__).parents[2] / "plugins"
BUNDLED = sorted(path.parent for path in PLUGINS.glob("*/plugin.yaml"))
# These need nothing but the SDK, so they may not be skipped.
ALWAYS = {"echo", "slow_echo", "conformance"}
EMPTY_CALLS = ["GetInfo", "HealthCheck", "ListAgents", "GetCapabilities"]
EMPTY_CALLS += ["GetSupportedModels", "ListTools", "GetConfig", "Initialize", "UpdateConfig"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


def is_python(folder: Path) -> bool:
    manifest = yaml.safe_load((folder / "plugin.yaml").read_text())
    return manifest["runtime"]["language"] == "python"


@pytest.fixture(
    scope="module",
    params=[path for path in BUNDLED if is_python(path)],
    ids=lambda path: path.name,
)
def folder(request) -> Path:
    done = by_hand(request.param)
    if request.param.name not in ALWAYS and "ModuleNotFoundError" in done.stderr:
        pytest.skip(f"{request.param.name} needs its own environment: {done.stderr[-200:]}")
    return request.param


def by_hand(folder: Path) -> subprocess.CompletedProcess[str]:
    """Start the program as somebody would who does not know that it is a plugin."""
    return subprocess.run(
        [sys.executable, str(folder / "main.py")],
        env={"PYTHONPATH": str(PLUGINS.parent / "sdk" / "python"), "PATH": os.environ["PATH"]},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=20,
        check=False,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plugin(folder) -> AsyncIterator[PluginProcess]:
    """One process for all tests that leave it as it was."""
    async with PluginProcess(folder) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="module")
async def own_plugin(folder) -> AsyncIterator[PluginProcess]:
    """A process to end."""
    async with PluginProcess(folder) as process:
        yield process


def socket_mode(path: str) -> int | None:
    """The permissions of a socket, None when there is none."""
    try:
        return stat.S_IMODE(Path(path).stat().st_mode)
    except FileNotFoundError:
        return None


async def refused(call) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code()


async def test_the_manifest_and_the_process_agree(plugin, folder):
    manifest = yaml.safe_load((folder / "plugin.yaml").read_text())
    info = await plugin.call("GetInfo")
    assert info.version == manifest["metadata"]["version"]
    assert info.framework == manifest["framework"]
    assert list(info.capabilities) == manifest["capabilities"]
    agents = (await plugin.call("ListAgents")).agents
    assert [agent.id for agent in agents] == [agent["slug"] for agent in manifest["agents"]]


async def test_the_handshake_names_a_private_socket(plugin):
    core, contract, network, path, protocol, certificate, about = plugin.handshake
    assert (core, contract, network, protocol, certificate) == ("AGENTX1", "1", "unix", "grpc", "")
    assert socket_mode(path) == 0o600
    about = json.loads(about)
    assert about["pid"] == plugin.pid
    assert about["launch_id"] == plugin.launch["launch_id"]


async def test_the_socket_path_fits(plugin):
    assert len(plugin.handshake[3]) - len(plugin.launch["socket_dir"]) < 30


@pytest.mark.parametrize("method", EMPTY_CALLS)
async def test_calls_answer_an_empty_request(plugin, method):
    response = await plugin.call(method)
    assert getattr(response, "success", True)


async def test_agents_can_be_made_and_deleted(plugin):
    request = pb.CreateAgentRequest(id="one-more", name="One more")
    created = await plugin.call("CreateAgent", request)
    assert (created.success, created.agent.status) == (True, pb.AGENT_STATUS_READY)
    info = await plugin.call("GetAgentInfo", pb.GetAgentInfoRequest(agent_id="one-more"))
    assert info.agent.name == "One more"
    deleted = await plugin.call("DeleteAgent", pb.DeleteAgentRequest(agent_id="one-more"))
    assert deleted.success


async def test_a_message_is_answered_over_both_calls(plugin):
    unary = await plugin.send("hello")
    streamed = await plugin.stream_all("hello")
    assert unary.success
    assert (unary.state, unary.text) == (streamed.state, streamed.text)
    last = unary[-1]
    assert last.HasField("status")


@pytest.mark.parametrize("method", ["ProcessMessage", "GetAgentInfo", "DeleteAgent"])
async def test_an_unknown_agent_is_not_found(plugin, method):
    request = getattr(pb, f"{method}Request")(agent_id="nobody")
    assert await refused(plugin.call(method, request)) == grpc.StatusCode.NOT_FOUND


async def test_an_unknown_tool_is_not_found(plugin):
    request = pb.ExecuteToolRequest(tool_name="nothing")
    assert await refused(plugin.call("ExecuteTool", request)) == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("metadata", [(), ((TOKEN_KEY, "0" * 64),), ((TOKEN_KEY, ""),)])
async def test_no_call_without_the_token(plugin, metadata):
    for method in pb.DESCRIPTOR.services_by_name["AgentXPluginService"].methods:
        call = getattr(plugin.stub, method.name)
        request = getattr(pb, method.input_type.name)()
        request = iter([request]) if method.client_streaming else request
        calling = call(request, metadata=metadata, timeout=5)
        calling = calling.read() if method.server_streaming else calling
        assert await refused(calling) == grpc.StatusCode.UNAUTHENTICATED, method.name


async def test_an_unknown_method_is_unimplemented(plugin):
    call = plugin.channel.unary_unary("/agentx.plugin.AgentXPluginService/Nothing")
    calling = call(b"", metadata=plugin.credentials)
    assert await refused(calling) == grpc.StatusCode.UNIMPLEMENTED


async def test_a_message_over_the_limit_is_refused_and_the_next_one_answered(plugin):
    channel = grpc.aio.insecure_channel(
        plugin.address, options=(("grpc.max_send_message_length", -1),)
    )
    async with channel:
        call = channel.unary_unary("/agentx.plugin.AgentXPluginService/ProcessMessage")
        calling = call(b"\0" * (MAX_MESSAGE + 1), metadata=plugin.credentials, timeout=10)
        assert await refused(calling) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await plugin.health()).status == pb.HealthCheckResponse.SERVING


async def test_bytes_that_are_no_message_are_refused(plugin):
    call = plugin.channel.unary_unary("/agentx.plugin.AgentXPluginService/ProcessMessage")
    await refused(call(b"\xff\xff\xff", metadata=plugin.credentials, timeout=5))
    assert (await plugin.health()).status == pb.HealthCheckResponse.SERVING


async def test_grpc_health_is_served(plugin):
    health_pb2 = pytest.importorskip("grpc_health.v1.health_pb2")
    health_pb2_grpc = pytest.importorskip("grpc_health.v1.health_pb2_grpc")
    stub = health_pb2_grpc.HealthStub(plugin.channel)

    async def status(service):
        request = health_pb2.HealthCheckRequest(service=service)
        return (await stub.Check(request, metadata=plugin.credentials)).status

    for service in ("", "live", "ready", "agentx.plugin.AgentXPluginService"):
        assert await status(service) == health_pb2.HealthCheckResponse.SERVING
    assert await refused(status("other")) == grpc.StatusCode.NOT_FOUND
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="ready"), metadata=plugin.credentials)
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


async def test_no_message_before_initialize(folder):
    async with Process(folder) as process, grpc.aio.insecure_channel(process.address) as channel:
        call = channel.unary_unary("/agentx.plugin.AgentXPluginService/ProcessMessage")
        calling = call(b"", metadata=((TOKEN_KEY, process.token),), timeout=5)
        assert await refused(calling) == grpc.StatusCode.UNAVAILABLE


async def test_shutdown_ends_it_with_status_0_and_takes_the_socket_away(own_plugin):
    assert await own_plugin.shutdown(1) == 0
    assert socket_mode(own_plugin.handshake[3]) is None


async def test_sigterm_ends_it_with_status_0(own_plugin):
    own_plugin.signal(signal.SIGTERM)
    assert await own_plugin.wait(5) == 0


async def test_it_starts_quickly_enough(folder):
    begun = time.monotonic()
    async with Process(folder):
        assert time.monotonic() - begun < 5


async def test_an_orphan_ends_by_itself(folder):
    async with PluginProcess(folder, renew=False, lease_seconds=1) as plugin:
        assert await plugin.wait(6) == 4
        assert "lease" in plugin.log


async def test_a_renewed_lease_keeps_it(folder):
    async with PluginProcess(folder, renew=False, lease_seconds=1) as plugin:
        await plugin.health(lease_seconds=30)
        await asyncio.sleep(1.5)
        assert plugin.returncode is None


@pytest.mark.parametrize(
    ("contracts", "advice"), [([2, 3], "the plugin's agentx-sdk"), ([0], "AgentX")]
)
async def test_a_wrong_contract_says_what_to_upgrade(folder, contracts, advice):
    with pytest.raises(LaunchFailed, match=f"refused: upgrade {advice}: "):
        async with Process(folder, contracts=contracts):
            pass


async def test_started_by_hand_it_explains_itself(folder):
    done = await asyncio.to_thread(by_hand, folder)
    assert done.returncode == 2
    assert "agentx plugin install" in done.stderr
    assert done.stdout == ""


async def test_a_launch_line_that_is_none_is_an_error_and_no_traceback(folder):
    with pytest.raises(LaunchFailed, match="no usable launch line") as failed:
        async with Process(folder, contracts="what"):
            pass
    assert "Traceback" not in str(failed.value)
