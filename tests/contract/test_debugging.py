"""A plugin that its author started by hand, and the line by which it is found."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk._wire.agentx_plugin_pb2_grpc import AgentXPluginServiceStub

ROOT = Path(__file__).parents[2]
ECHO = ROOT / "plugins" / "echo" / "main.py"


@pytest.fixture(params=["variable", "argument"])
def started(request, tmp_path) -> Iterator[subprocess.Popen[str]]:
    by_variable = request.param == "variable"
    environment = {"PYTHONPATH": str(ROOT / "sdk" / "python"), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, str(ECHO), *([] if by_variable else ["--debug"])],
        env=environment | ({"AGENTX_PLUGIN_DEBUG": "1"} if by_variable else {}),
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


def test_it_prints_a_line_serves_whoever_knows_its_token_and_ends_with_its_terminal(started):
    told = json.loads(started.stderr.readline())
    path = Path(told["address"].removeprefix("unix:"))
    assert (told["agentx"], told["plugin"], told["pid"], told["contract"]) == (
        1,
        "echo",
        started.pid,
        1,
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with grpc.insecure_channel(told["address"]) as channel:
        stub = AgentXPluginServiceStub(channel)
        metadata = (("agentx-token", told["token"]),)
        assert stub.Initialize(pb.InitializeRequest(), metadata=metadata).success
        assert stub.Initialize(pb.InitializeRequest(), metadata=metadata).success  # attached again
        stub.HealthCheck(pb.HealthCheckRequest(lease_seconds=1), metadata=metadata)
        with pytest.raises(grpc.RpcError) as refused:
            stub.GetInfo(pb.GetInfoRequest(), metadata=(("agentx-token", "guess"),))
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(subprocess.TimeoutExpired):
        started.wait(1.5)  # no lease ends it
    os.kill(started.pid, signal.SIGINT)
    assert started.wait(10) == 0
    assert not path.parent.exists()
