"""Agents elsewhere, as the delivery sees them: the same shape as plugin processes."""

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final, NamedTuple

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import BadAnswer, Broken, TurnFailed, Undelivered
from plugins_app.client.target import Target
from registry.connections import Connection, connection_of
from registry.errors import AgentNotFound
from registry.interfaces import Interface
from routing.limits import MAX_HOPS
from routing.record import Json
from routing.remote.conversations import conversation_of
from routing.remote.exchange import Exchange
from routing.remote.grpc_wire import GrpcUpstream
from routing.remote.http import Http
from routing.remote.jsonrpc import JsonRpcUpstream
from routing.remote.rest import RestUpstream
from routing.remote.upstream import Headers, Upstream
from security import context
from security.crypto import SealBroken
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
SCHEME: Final = "a2a:"
# An extension as it may stand in a list in a header; what is none is not told on.
URI: Final = re.compile(r"[!-+\--~]{1,512}")
CANCEL: Final = "could not cancel a task at the agent %s: %s"


class Line(NamedTuple):
    """What is known of an agent, and the connections to it."""

    connection: Connection
    upstream: Upstream


def target_of(upstream_id: str, revision: int) -> Target:
    """A revision is to a remote agent what a launch is to a process: its change means new connections."""
    return Target("", SCHEME + upstream_id, f"{upstream_id}:{revision}")


def is_remote(target: Target) -> bool:
    return target.address.startswith(SCHEME)


class RemoteAgents:
    """Use from one event loop: its connections belong to it. Kept per agent until `forget`."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    async def stream(self, target: Target, turn: Turn) -> AsyncGenerator[list[Happening], None]:
        """The turn as it happens. Raises `Undelivered`, `Broken`, `TurnFailed` or `BadAnswer`.

        Whoever stops listening closes the stream only: `cancel` is what ends the work.
        """
        line = await self._line(target)
        if turn.upstream is None:
            turn = replace(turn, upstream=await _conversation(turn.task_id))
        headers = headers_for(line.connection, turn.request_id, turn.message, turn.traceparent)
        streams = line.connection.streaming
        exchange = Exchange(line.upstream, turn, headers, streams=streams)
        async with aclosing(exchange.happenings()) as happenings:
            async for told in happenings:
                yield told

    async def cancel(self, target: Target, upstream: Json, request_id: str = "") -> None:
        """CancelTask, as far as it goes: the task is ended here, whatever the agent's service says."""
        if not (task_id := upstream.get("taskId")):
            return
        try:
            line = await self._line(target)
            headers = headers_for(line.connection, request_id, {})
            await line.upstream.cancel(task_id, headers)
        except (Undelivered, Broken, TurnFailed, BadAnswer) as error:
            log.info(CANCEL, target.address, error)

    def known(self) -> set[str]:
        """The launches with open connections."""
        return set(self._lines)

    async def forget(self, launch_id: str) -> None:
        """Close the connections to an agent that is gone or has changed."""
        if (line := self._lines.pop(launch_id, None)) is not None:
            await line.upstream.close()

    async def close(self) -> None:
        for launch_id in list(self._lines):
            await self.forget(launch_id)

    async def _line(self, target: Target) -> Line:
        line = self._lines.get(target.launch_id)
        if line is None:
            connection = await _connection(target.address.removeprefix(SCHEME))
            # Whoever asked at the same time may have been quicker.
            line = self._lines.get(target.launch_id) or Line(
                connection, upstream_of(connection.interface)
            )
            self._lines[target.launch_id] = line
        return line


async def _conversation(task_id: str) -> Json | None:
    try:
        return await ask(conversation_of, task_id)
    except Unavailable as error:
        raise Undelivered(error.message) from None


async def _connection(upstream_id: str) -> Connection:
    try:
        return await ask(connection_of, upstream_id)
    except SealBroken as error:
        raise TurnFailed(str(error), "credentials_sealed") from None
    except (AgentNotFound, Unavailable) as error:
        raise Undelivered(error.message) from None


def upstream_of(interface: Interface) -> Upstream:
    """The wire for an interface. Raises `TurnFailed` for one that AgentX does not speak."""
    match interface.binding:
        case "JSONRPC":
            return JsonRpcUpstream(interface, Http())
        case "HTTP+JSON":
            return RestUpstream(interface, Http())
        case "GRPC":
            return GrpcUpstream(interface)
        case other:
            raise TurnFailed(f"AgentX does not speak {other}.", "binding_not_supported")


def headers_for(
    connection: Connection, request_id: str, message: Json, traceparent: str = ""
) -> Headers:
    """Of one call: our credential, never the caller's. Raises `TurnFailed` for a message that goes in circles."""
    hops = context.hops.get()
    if hops >= MAX_HOPS:
        raise TurnFailed(
            f"The message has passed through {hops} AgentX servers: it goes in circles.", "loop"
        )
    headers = dict(connection.headers) | {context.HOPS_HEADER: str(hops + 1)}
    if request_id:
        headers[context.HEADER] = request_id
    if traceparent:
        headers[context.TRACE_HEADER] = traceparent
    named = [*connection.extensions, *message.get("extensions", ())]
    if extensions := list(filter(URI.fullmatch, named)):
        name = "X-A2A-Extensions" if connection.interface.version == "0.3" else "A2A-Extensions"
        headers[name] = ", ".join(dict.fromkeys(extensions))
    return headers
