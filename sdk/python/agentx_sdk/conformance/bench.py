"""What a check works with: the plugin, its cases, processes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.cases import Case, read_cases
from agentx_sdk.conformance.check import Failed, Skipped, expect
from agentx_sdk.server import OPTIONS
from agentx_sdk.testing import Answer, PluginProcess, Process
from agentx_sdk.testing.program import NoPlugin, program

SERVICE = "/agentx.plugin.AgentXPluginService/"
METHODS = pb.DESCRIPTOR.services_by_name["AgentXPluginService"].methods
TRIES = 10  # of a call whose sending failed on our own side
PATIENCE = 3.0  # seconds for what must be there in two: the machine may be busy
LAST = {"completed", "failed", "rejected", "input_required", "auth_required", "canceled"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Bench:
    """One plugin under test. `plugin` is the process that checks share."""

    def __init__(
        self,
        folder: Path,
        *,
        python: str = "",
        patience: float = 30.0,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = folder = folder.resolve()
        self.python = python
        self.patience = patience
        started = program(folder, python)
        self.manifest = started.manifest
        if not self.manifest:
            raise NoPlugin(f"{folder / 'plugin.yaml'} is not there")
        self.config = {**(self.manifest.get("config") or {}), **(config or {})}
        self.cases = read_cases(folder, self.manifest)
        self.plugin: PluginProcess

    def process(self, **options: Any) -> Process:
        """A process that is started and not initialized."""
        return Process(self.folder, python=self.python, timeout=self.patience, **options)

    def started(self, **options: Any) -> PluginProcess:
        """A process that is initialized and hosts its agents."""
        options.setdefault("config", self.config)
        return PluginProcess(self.folder, python=self.python, timeout=self.patience, **options)

    async def send(self, case: Case, on: PluginProcess | None = None, **fields: Any) -> Answer:
        """A message of a case, and its whole turn."""
        plugin = on or self.plugin
        fields.setdefault("timeout", self.patience)
        return await plugin.send(*case.content, metadata=case.metadata, **fields)

    async def stream(
        self, case: Case, on: PluginProcess | None = None, **fields: Any
    ) -> list[pb.ProcessMessageResponse]:
        """Every response to it, over the streaming call."""
        plugin = on or self.plugin
        fields.setdefault("timeout", self.patience)
        answers = plugin.stream(*case.content, metadata=case.metadata, **fields)
        return [response async for response in answers]

    @contextlib.asynccontextmanager
    async def running(self, plugin: PluginProcess, seconds: float) -> AsyncIterator[Any]:
        """A slow turn that is in flight, as a task. Raises `Skipped` without the case."""
        case = self.cases.case("slow", seconds)
        task = asyncio.create_task(self.send(case, plugin, timeout=seconds + self.patience))
        try:
            await until(lambda: _busy(plugin), "a slow message is not in flight: in_flight is 0")
            expect(not task.done(), "the slow message was answered at once")
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def created(self, slug: str, config: Mapping[str, Any]) -> pb.CreateAgentRequest:
        """One more agent, with this configuration."""
        return pb.CreateAgentRequest(id=slug, name="One more", config_json=words(config))

    async def info(self, plugin: PluginProcess | None = None) -> pb.GetInfoResponse:
        """What GetInfo says."""
        info = await (plugin or self.plugin).call("GetInfo")
        assert isinstance(info, pb.GetInfoResponse)
        return info

    async def config_schema(self) -> dict[str, Any]:
        """The schema that the process tells. Raises `Skipped` when it tells none."""
        text = (await self.info()).config_schema_json
        if not text:
            raise Skipped("GetInfo tells no config_schema_json")
        return json_object(text, "config_schema_json")


async def _busy(plugin: PluginProcess) -> bool:
    return (await plugin.health()).in_flight > 0


async def status_of(call: Awaitable[Any]) -> str:
    """The name of the status a call ended with, "OK" when it was answered."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


async def turned_away(plugin: PluginProcess, method: Any, metadata: Any) -> str:
    """The name of the status that a call ends with which is refused before its message is read.

    grpc.aio says INTERNAL for a stream that ended while it was still sending, in one call of a hundred
    or so: then it is asked again.
    """
    for _ in range(TRIES):
        status = await status_of(start_call(plugin, method, metadata))
        if status != "INTERNAL" or not method.client_streaming:
            break
    return status


async def refused(call: Awaitable[Any], wanted: str, what: str) -> str:
    """The call must end with this status; its text."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        expect(error.code().name == wanted, f"{what}: {error.code().name}, not {wanted}")
        return error.details() or ""
    raise Failed(f"{what}: it was answered, not {wanted}")


async def until(
    true: Callable[[], Awaitable[bool]], otherwise: str, seconds: float = PATIENCE
) -> None:
    """Raises `Failed` when it is not so within this time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not await true():
        if loop.time() > end:
            raise Failed(otherwise)
        await asyncio.sleep(0.02)


def raw_call(channel: grpc.aio.Channel, method: str) -> Any:
    """A unary call of bytes."""
    return channel.unary_unary(SERVICE + method)


def start_call(plugin: PluginProcess, method: Any, metadata: Any) -> Awaitable[Any]:
    """Begin any method of the contract with empty messages; awaits its end or first answer."""
    request = getattr(pb, method.input_type.name)()
    call = getattr(plugin.stub, method.name)(
        iter([request]) if method.client_streaming else request, metadata=metadata, timeout=10
    )
    answer: Awaitable[Any] = call.read() if method.server_streaming else call
    return answer


def generous_channel(address: str) -> grpc.aio.Channel:
    """One that sends messages of any size."""
    options = (*OPTIONS[:1], ("grpc.max_send_message_length", -1))
    return grpc.aio.insecure_channel(address, options=options)


def json_object(text: str, what: str) -> dict[str, Any]:
    """Raises `Failed` when it is none."""
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise Failed(f"{what} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Failed(f"{what} is a JSON {type(value).__name__}, not an object")
    return value


def words(config: Mapping[str, Any]) -> str:
    """A configuration as the wire has it."""
    return json.dumps(dict(config))
