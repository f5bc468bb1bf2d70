"""A wrong SDK for each rule: what the conformance suite must find. `apply` takes the name of a check."""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from agentx_sdk import (
    adapter,
    configuring,
    events,
    handshake,
    health,
    hosting,
    lease,
    logs,
    memory,
    runner,
    server,
    service,
    state,
    tls,
    tool,
    turns,
)
from agentx_sdk._wire import agentx_plugin_pb2 as pb

FAULTS: dict[str, Callable[[], None]] = {}


def fault(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def enter(function: Callable[[], None]) -> Callable[[], None]:
        FAULTS[name] = function
        return function

    return enter


def apply(name: str) -> None:
    FAULTS[name]()


@fault("start.handshake")
def another_launch() -> None:
    good = handshake.accept_line
    handshake.accept_line = lambda contract, address, framework, launch, **more: good(
        contract, address, framework, "another", **more
    )


@fault("start.socket")
def open_socket() -> None:
    os.umask = lambda mask: 0


@fault("start.names")
def same_name() -> None:
    good = server.PluginServer.__init__

    def init(self: Any, adapter: Any, launch: Any, contract: int) -> None:
        good(self, adapter, launch, contract)
        self.address = f"{launch.socket_dir}/p.sock"
        Path(self.address).unlink(missing_ok=True)

    server.PluginServer.__init__ = init


@fault("start.by_hand")
def silent_by_hand() -> None:
    handshake.STARTED_BY_HAND = "Traceback"


@fault("start.launch_line")
def unread_launch_line() -> None:
    handshake.read_launch = lambda stream: json.loads(stream.readline())


@fault("start.contract")
def blames_nobody() -> None:
    handshake.refuse_line = lambda theirs: b"AGENTX1|0|error|no|||{}\n"


@fault("start.newest")
def no_choice() -> None:
    handshake.choose_contract = lambda theirs: theirs[0] if theirs == (1,) else None


@fault("start.one_line")
def keeps_the_descriptor() -> None:
    handshake.send_line = os.write


@fault("start.stdout")
def only_descriptor_3() -> None:
    handshake.take_handshake_fd = lambda: 3


@fault("start.secrets")
def talks_of_its_token() -> None:
    good = runner._read_launch

    def read() -> Any:
        launch = good()
        sys.stderr.write(f"my token is {launch.token}\n")
        return launch

    runner._read_launch = read


@fault("start.manifest")
def another_version() -> None:
    sys.modules["__main__"].VERSION = "9"


@fault("calls.token")
def no_doorman() -> None:
    server.Doorman.service = lambda self, call: self._handlers.get(call.method)


@fault("calls.before_initialize")
def always_ready() -> None:
    hosting.Hosting.ready = True


@fault("calls.too_large")
def no_limit() -> None:
    server.OPTIONS = (("grpc.max_receive_message_length", -1),)


@fault("calls.large")
def usual_limit() -> None:
    server.OPTIONS = ()


@fault("calls.large_answer")
def dies_of_large_answers() -> None:
    turns._check_room = lambda room: os._exit(9) if room < 0 else None


@fault("calls.empty")
def wants_an_agent() -> None:
    async def list_tools(self: Any, request: Any, context: Any) -> Any:
        return self._hosting.agents[request.agent_id]

    service.PluginService.ListTools = list_tools


@fault("calls.unknown_agent")
def takes_any_agent() -> None:
    hosting.Hosting.agent = lambda self, slug: next(iter(self.agents.values()))


@fault("calls.bad_json")
def guesses_json() -> None:
    configuring.codec = type(
        "Codec", (), {"json_object": staticmethod(lambda text, also=(): {"greeting": "x"})}
    )


@fault("calls.health")
def always_healthy() -> None:
    async def status(self: Any, name: str) -> int:
        return health.SERVING

    health.HealthService._status = status


@fault("calls.counts")
def does_not_count() -> None:
    service.Health = lambda **fields: pb.HealthCheckResponse(**{**fields, "messages_total": 0})


@fault("calls.side_by_side")
def one_request_id() -> None:
    turns.Turn.request_id = "the same"


@fault("calls.not_waiting")
def one_at_a_time() -> None:
    asyncio.sleep = _blocking_sleep


async def _blocking_sleep(seconds: float) -> None:
    time.sleep(seconds) if seconds > 0.1 else None  # noqa: ASYNC251 - the fault


@fault("agents.listed")
def has_no_agents() -> None:
    async def listed(self: Any, request: Any, context: Any) -> Any:
        return pb.ListAgentsResponse()

    service.PluginService.ListAgents = listed


@fault("agents.lifecycle")
def keeps_deleted_agents() -> None:
    async def delete(self: Any, request: Any, context: Any) -> Any:
        return pb.DeleteAgentResponse(success=True)

    service.PluginService.DeleteAgent = delete


@fault("tools.arguments")
def takes_any_arguments() -> None:
    async def call(self: Any, arguments: Any, agent: Any) -> Any:
        return 0

    tool.TypedTool.call = call


@fault("tools.unknown")
def has_every_tool() -> None:
    async def execute(self: Any, name: str, arguments: Any, agent: Any) -> Any:
        return 0

    adapter.Adapter.execute_tool = execute


@fault("config.refused")
def takes_any_config() -> None:
    configuring.read = lambda kind, raw: type("Config", (), {"greeting": "x"})


@fault("config.validate")
def takes_what_it_looks_at() -> None:
    async def validate(self: Any, text: str, agent: Any) -> None:
        self._hosting.config = {"changed": True}

    configuring.Configuring.validate = validate


@fault("config.secrets")
def shows_secrets() -> None:
    configuring.redact = lambda value, also=(): value


@fault("turns.unary")
def goes_on_after_its_end() -> None:
    working = pb.Event(status=pb.StatusChange(state=pb.TASK_STATE_WORKING))
    good = events.EventWriter.finish
    events.EventWriter.finish = lambda self: [*good(self), working]


@fault("turns.pieces")
def streams_in_one_piece() -> None:
    good = events.EventWriter.__init__
    events.EventWriter.__init__ = lambda self, turn, live: good(self, turn, live=False)


@fault("turns.same_ids")
def other_ids_each_time() -> None:
    events._key = lambda turn: str(uuid.uuid4())


@fault("turns.fail")
def tells_tracebacks() -> None:
    good = turns._failure
    turns._failure = lambda turn, error, code: good(
        turn, f"Traceback (most recent call last): {error}", code
    )


@fault("turns.cancel")
def cannot_be_cancelled() -> None:
    good = turns.Turns._drive

    async def drive(self: Any, *args: Any, **kwargs: Any) -> None:
        task = asyncio.ensure_future(good(self, *args, **kwargs))
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(task)

    turns.Turns._drive = drive


@fault("turns.deadline")
def calls_deadlines_otherwise() -> None:
    turns.DEADLINE = "late"


@fault("turns.delivered")
def late_headers() -> None:
    turns.Turns._stream_one = _stream_without_headers


async def _stream_without_headers(self: Any, request: Any, context: Any) -> None:
    await context.write(await self.unary(request, context))


@fault("lease.orphan")
def ends_as_if_all_were_well() -> None:
    runner.EXIT_ORPHAN = 0


@fault("lease.renewed")
def never_renews() -> None:
    lease.Lease.renew = lambda self, seconds: None


@fault("end.shutdown")
def ends_as_if_it_had_failed() -> None:
    logging.shutdown = lambda: os._exit(1)


@fault("end.drain")
def drops_what_runs() -> None:
    good = server.PluginServer.drain
    server.PluginServer.drain = lambda self, seconds, reason: good(self, 0.0, reason)


@fault("end.bounded")
def drops_dead_when_drained() -> None:
    async def drained(self: Any) -> None:
        os._exit(1)

    server.PluginServer._drained = drained


@fault("end.sigterm")
def dies_of_sigterm() -> None:
    runner._on_signal = lambda server, number: os._exit(15)


@fault("end.nothing_left")
def leaves_a_child() -> None:
    good = runner._listen_to_signals

    def listen(given: Any) -> None:
        good(given)
        subprocess.Popen(["sleep", "60"])

    runner._listen_to_signals = listen


@fault("state.save")
def saves_everything_again() -> None:
    good = state.State.changes
    state.State.changes = lambda self, since=0: good(self, 0)


@fault("state.moves")
def forgets_what_it_loads() -> None:
    state.State.load = lambda self, entries: None


@fault("state.limits")
def takes_any_amount() -> None:
    from agentx_sdk import state_calls

    state_calls.MAX_ENTRY = state.MAX_ENTRY = 1 << 30


@fault("log.trace")
def forgets_the_trace() -> None:
    good = logs._ids
    logs._ids = lambda turn: {**good(turn), "trace_id": ""}


@fault("log.json")
def logs_without_words() -> None:
    logs.JsonFormatter.format = lambda self, record: '{"level": "info"}'


@fault("calls.empty_stream")
def knows_no_empty_stream() -> None:
    async def stream(self: Any, requests: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.INTERNAL, "")

    turns.Turns.stream = stream


@fault("tcp.handshake")
def shows_no_certificate() -> None:
    good = handshake.accept_line
    handshake.accept_line = lambda *told, certificate=b"", **more: good(
        *told, certificate=b"-----BEGIN-----\nAAAA\n-----END-----\n" if certificate else b"", **more
    )


@fault("tcp.demands")
def hears_anybody() -> None:
    def for_server(self: Any) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials([(self._now.key, self._now.certificate)])

    tls.Credentials.for_server = for_server


@fault("tcp.renew")
def keeps_its_certificate() -> None:
    tls.Credentials.renew = lambda self, certificate, key, root: None


@fault("memory.returned")
def forgets_to_send_memory() -> None:
    turns.Turn.memory_to_keep = lambda self: None


@fault("memory.failed")
def keeps_what_failed() -> None:
    good = turns._failure

    def failure(turn: Any, *told: Any) -> Any:
        response = good(turn, *told)
        response.memory = b"{}"
        return response

    turns._failure = failure


@fault("memory.new_process")
def remembers_by_itself() -> None:
    shared = memory.Memory()
    turns.Turn.memory = property(lambda self: shared)
    turns.Turn.memory_to_keep = lambda self: b'{"see": "here"}'
