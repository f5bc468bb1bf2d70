"""The generated code: the same in both places, fresh, and loadable where frameworks pin protobuf."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from agentx_sdk._wire import agentx_plugin_pb2 as sdk_pb2
from google.protobuf.descriptor import FieldDescriptor

from proto import agentx_plugin_pb2 as pb

ROOT = Path(__file__).parents[2]
SDK = ROOT / "sdk" / "python"
UV = Path(sys.executable).with_name("uv")
METHODS = [
    "Initialize", "Shutdown", "GetInfo", "HealthCheck",
    "CreateAgent", "DeleteAgent", "ListAgents", "GetAgentInfo",
    "ProcessMessage", "ProcessMessageStream",
    "GetCapabilities", "GetSupportedModels",
    "ListTools", "ExecuteTool",
    "UpdateConfig", "GetConfig",
    "ValidateConfig", "SaveState", "LoadState",
]  # fmt: skip
# The numbers of the first sketch of the contract. A number that changes breaks every plugin out there.
NUMBERS = {
    "AgentInfo": {"id": 1, "name": 2, "framework": 3, "capabilities": 4, "metadata": 5, "status": 6},
    "A2AMessage": {
        "id": 1, "from_agent_id": 2, "to_agent_id": 3, "type": 4, "payload": 5, "metadata": 6,
        "timestamp": 7, "conversation_id": 8,
    },
    "MessagePayload": {
        "text": 1, "tool_call": 2, "tool_result": 3, "system": 4, "error": 5, "workflow": 6,
    },
    "TextMessage": {"content": 1, "role": 2},
    "ToolCallMessage": {"tool_name": 1, "tool_id": 2, "parameters": 3},
    "ToolResultMessage": {"tool_id": 1, "result": 2, "success": 3, "error": 4},
    "SystemMessage": {"command": 1, "parameters": 2},
    "ErrorMessage": {"code": 1, "message": 2, "details": 3},
    "WorkflowMessage": {"workflow_id": 1, "step_id": 2, "data": 3},
    "InitializeRequest": {"config": 1, "plugin_id": 2},
    "InitializeResponse": {"success": 1, "error": 2},
    "HandleMessageRequest": {"message": 1},
    "HandleMessageResponse": {"response": 1, "success": 2, "error": 3},
    "GetInfoResponse": {"name": 1, "version": 2, "capabilities": 3, "framework": 4, "metadata": 5},
    "HealthCheckResponse": {"status": 1},
}  # fmt: skip


def test_the_service_has_the_sixteen_calls_and_the_three_added_ones():
    service = pb.DESCRIPTOR.services_by_name["AgentXPluginService"]
    assert service.full_name == "agentx.plugin.AgentXPluginService"
    assert [method.name for method in service.methods] == METHODS
    streaming = [m.name for m in service.methods if m.client_streaming or m.server_streaming]
    assert streaming == ["ProcessMessageStream", "SaveState", "LoadState"]


@pytest.mark.parametrize("message", NUMBERS)
def test_field_numbers_are_kept(message):
    fields = pb.DESCRIPTOR.message_types_by_name[message].fields_by_name
    assert {name: fields[name].number for name in NUMBERS[message]} == NUMBERS[message]


def names(enum, prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name, _ in enum.items()]


def test_enum_numbers_are_kept():
    assert names(pb.AgentStatus, "AGENT_STATUS_") == [
        "UNKNOWN",
        "INITIALIZING",
        "READY",
        "BUSY",
        "ERROR",
        "SHUTDOWN",
    ]
    kinds = names(pb.MessageType, "MESSAGE_TYPE_")
    assert kinds == ["TEXT", "TOOL_CALL", "TOOL_RESULT", "SYSTEM", "ERROR", "WORKFLOW"]
    assert list(pb.TaskState.values()) == list(range(9))
    assert (pb.TASK_STATE_COMPLETED, pb.TASK_STATE_AUTH_REQUIRED) == (3, 8)


def test_no_field_is_a_struct():
    for message in pb.DESCRIPTOR.message_types_by_name.values():
        for field in message.fields:
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                assert not field.message_type.full_name.startswith("google.protobuf"), (
                    field.full_name
                )


def test_both_copies_are_the_same_file_and_meet_in_one_process():
    assert pb.DESCRIPTOR.serialized_pb == sdk_pb2.DESCRIPTOR.serialized_pb
    for name in ("agentx_plugin_pb2.py", "agentx_plugin_pb2.pyi", "agentx_plugin_pb2_grpc.py"):
        ours = (ROOT / "proto" / name).read_text()
        copy = (SDK / "agentx_sdk" / "_wire" / name).read_text()
        assert ours.replace("from proto import", "from agentx_sdk._wire import") == copy


def run(command: list[str], **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False, **options
    )


def in_environment(
    requirements: list[str], *command: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run python in a throw-away environment; skips loudly when the packages cannot be had."""
    uv = str(UV) if UV.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not here, so no second environment can be made")
    withs = [word for each in requirements for word in ("--with", each)]
    base = [uv, "run", "--quiet", "--isolated", "--no-project", "--python", python, *withs]
    if run([*base, "python", "-c", ""], cwd=SDK).returncode != 0:
        pytest.skip(f"there is no {python}, or the package index did not give {requirements}")
    environment = {**os.environ, "PYTHONPATH": str(SDK)}
    return run([*base, "python", *command], cwd=SDK, env=environment)


@pytest.mark.network
@pytest.mark.parametrize(
    "requirements",
    [
        ["protobuf==5.29.6", "grpcio==1.71.2"],
        ["protobuf>=6,<7", "grpcio>=1.76,<2"],
        ["protobuf>=7,<8", "grpcio>=1.76,<2"],
    ],
    ids=["protobuf 5", "protobuf 6", "protobuf 7"],
)
def test_the_sdk_works_under(requirements):
    """Loads the code with warnings as errors, and sends a message to echo in that environment."""
    program = (
        "import asyncio\n"
        "from agentx_sdk.testing import PluginProcess\n"
        "async def check():\n"
        f"    async with PluginProcess({str(ROOT / 'plugins' / 'echo')!r}) as plugin:\n"
        "        print((await plugin.send('hello')).text)\n"
        "asyncio.run(check())\n"
    )
    done = in_environment([*requirements, "pyyaml"], "-W", "error", "-c", program)
    assert (done.stdout, done.stderr) == ("hello\n", "")


def oldest_python() -> str:
    """One of version 3.10: in the PATH, or beside the one that runs this; else uv may fetch it."""
    beside = Path(sys.base_prefix).parent.glob("3.10*/bin/python")
    for found in (shutil.which("python3.10"), *map(str, beside)):
        if found and run([found, "--version"]).stdout.startswith("Python 3.10"):
            return found
    return "3.10"


@pytest.mark.network
def test_the_whole_contract_is_kept_on_the_oldest_python_and_protobuf():
    done = in_environment(
        ["protobuf==5.29.6", "grpcio==1.71.2", "pyyaml"],
        *("-m", "agentx_sdk.conformance", str(ROOT / "tests/contract/plugins/complete"), "--json"),
        python=oldest_python(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["counts"]["failed"] == 0


@pytest.mark.network
def test_the_generated_code_is_fresh(tmp_path):
    for folder in ("proto", "sdk/python/agentx_sdk/_wire"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*_pb2*"))
    done = in_environment(
        ["grpcio-tools==1.71.2", "setuptools<81"],
        str(tmp_path / "proto" / "generate.py"),
        "agentx_plugin",
    )
    assert done.returncode == 0, done.stderr
    for folder in ("proto", "sdk/python/agentx_sdk/_wire"):
        for made in (tmp_path / folder).glob("agentx_plugin_pb2*"):
            assert made.read_text() == (ROOT / folder / made.name).read_text(), made.name


def test_the_contract_says_nothing_of_this_machine():
    text = (ROOT / "proto" / "agentx_plugin_pb2.py").read_text()
    assert not re.search(r"/(home|root|work|tmp)/", text)
